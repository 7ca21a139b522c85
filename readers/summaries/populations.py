"""Who is counted, by which rule and in what unit, in a reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from talentcast.domain.types import CountingRule


@dataclass(frozen=True, slots=True)
class PopulationWords:
    """How to speak of a population.

    Attributes:
        name: For a choice among populations.
        whole: What a share is a share of.
        unit: What is counted, in the plural.
        counted: Who or what is counted, for the source line.
    """

    name: str
    whole: str
    unit: str
    counted: str


_KNOWN: Final = {
    "scholars_scopus": PopulationWords(
        "Scholars (Scopus)",
        "the world’s researchers",
        "researchers",
        "authors with a publication in Scopus in the year",
    ),
    "robotics_authors": PopulationWords(
        "Robotics authors",
        "authors at two robotics conferences",
        "authors",
        "authors of papers at two robotics conferences in the year",
    ),
    "neurips_authorships": PopulationWords(
        "NeurIPS authorships",
        "NeurIPS authorships",
        "authorships",
        "authorships of papers accepted at NeurIPS, not unique people",
    ),
    "icml_authorships": PopulationWords(
        "ICML authorships",
        "ICML authorships",
        "authorships",
        "authorships of papers accepted at ICML, not unique people",
    ),
}

#: Counts of artificial intelligence research: what most readers come for.
AI_POPULATION: Final = "neurips_authorships"

_RULES: Final = {
    CountingRule.MODAL_COUNTRY: "each person once, in one country a year",
    CountingRule.FRACTIONAL: "each person once, split between countries",
    CountingRule.WHOLE: "each person once in every country they were in",
    CountingRule.WHOLE_WORKS: "each work once in every country on it",
    CountingRule.AUTHORSHIPS: "each author of each paper once",
    CountingRule.UNSPECIFIED: "as the source counts",
}


def population_words(population: str) -> PopulationWords:
    """Return how to speak of a population; one that is not known goes by its own name.

    Example:
        >>> population_words("field_survey").name
        'Field survey'
    """
    plain = population.replace("_", " ")
    fallback = PopulationWords(
        plain[:1].upper() + plain[1:], f"all in {plain}", "researchers", f"{plain}, as supplied"
    )
    return _KNOWN.get(population, fallback)


def rule_words(rule: str) -> str:
    """Return how a counting rule counts.

    Example:
        >>> rule_words("modal_country")
        'each person once, in one country a year'
    """
    return _RULES[CountingRule(rule)]
