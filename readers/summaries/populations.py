"""Who is counted, by which rule and in what unit, in a reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from talentcast.domain.types import CountingRule, SeriesKey
from talentcast.populations.catalogue import known_populations


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


#: Counts of people who do not exist.
_SIMULATED: Final = "simulator"

_RULES: Final = {
    CountingRule.MODAL_COUNTRY: "each person once, in one country a year",
    CountingRule.FRACTIONAL: "each person once, split between countries",
    CountingRule.WHOLE: "each person once in every country they were in",
    CountingRule.WHOLE_WORKS: "each work once in every country on it",
    CountingRule.AUTHORSHIPS: "each author of each paper once",
    CountingRule.LEAD_AUTHOR: "each paper once, in the country of its first author",
    CountingRule.FRACTIONAL_WORKS: "each paper once, divided over its authors and their countries",
    CountingRule.UNSPECIFIED: "as the source counts",
}


def population_words(population: str) -> PopulationWords:
    """Return how to speak of a population; one that is not known goes by its own name.

    Example:
        >>> population_words("field_survey").name
        'Field survey'
    """
    known = known_populations().get(population)
    if known is None:
        plain = population.replace("_", " ")
        name = plain[:1].upper() + plain[1:]
        return PopulationWords(name, f"all in {plain}", "researchers", f"{plain}, as supplied")
    if known.words is None:
        return PopulationWords(known.title, f"all {known.unit}", known.unit, known.title)
    return PopulationWords(known.words.name, known.words.whole, known.unit, known.words.counted)


def rule_words(rule: str) -> str:
    """Return how a counting rule counts.

    Example:
        >>> rule_words("modal_country")
        'each person once, in one country a year'
    """
    return _RULES[CountingRule(rule)]


def is_about_ai(population: str) -> bool:
    """Return whether a population that is known counts research on artificial intelligence.

    Example:
        >>> is_about_ai("neurips_authorships"), is_about_ai("scholars_scopus")
        (True, False)
    """
    known = known_populations().get(population)
    return known is not None and known.about == "ai"


def are_of_one_family(one: str, other: str) -> bool:
    """Return whether two populations count the same works or people by different rules.

    Example:
        >>> are_of_one_family("robotics_authors", "robotics_papers")
        True
        >>> are_of_one_family("robotics_authors", "scholars_scopus")
        False
    """
    known = known_populations()
    families = [known[name].family if name in known else None for name in (one, other)]
    return families[0] is not None and families[0] == families[1]


def reading_order(key: SeriesKey, last_counted: int) -> tuple[object, ...]:
    """Return what sorts series for a reader.

    Research on artificial intelligence first, simulated people last; within each the most
    recently counted first, then primary rules, long series, and names.
    """
    known = known_populations().get(key.population)
    is_science = known is not None and known.about != "ai"
    kind = 3 if key.source == _SIMULATED else 2 if is_science else 0 if known is not None else 1
    is_further = known is not None and not known.is_primary
    since = 0 if known is None else known.first_year
    return (kind, -last_counted, is_further, since, key.population, str(key.counting_rule))
