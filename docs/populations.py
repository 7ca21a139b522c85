"""The page of all populations, from their files and the figures that come with the package."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from readers.summaries.populations import rule_words
from sources.bundled import Bundled
from talentcast.domain.types import UNKNOWN_COUNTRY
from talentcast.populations.catalogue import bundled_populations
from talentcast.populations.definition import Population


def population_list() -> str:
    """Return docs/populations.md."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    source = Bundled()
    counts = source.parse(source.download()).counts
    yield "# Populations"
    yield ""
    yield "Generated from the files in `talentcast/populations/` by `make docs`; change it there."
    yield "The rule can decide who leads: a number is quoted with its population; a family shows"
    yield "the same works or people by several rules. *On request* means:"
    yield "`talentcast refresh --population NAME`."
    for population in bundled_populations().values():
        yield from _section(population, counts[counts["population"] == population.id])
    yield ""


def _section(population: Population, counts: pd.DataFrame) -> Iterator[str]:
    yield ""
    yield f"## {population.id}"
    yield ""
    yield f"{population.question} *{population.title}*."
    yield ""
    yield "| | |"
    yield "|---|---|"
    for label, value in _facts(population, counts):
        yield f"| {label} | {value} |"
    yield ""
    yield "What it is not:"
    yield ""
    for line in population.not_for:
        yield f"- {' '.join(line.split())}"


def _facts(population: Population, counts: pd.DataFrame) -> Iterator[tuple[str, str]]:
    rank = " (primary of its family)" if population.is_primary else ""
    yield "unit", population.unit
    yield "rule", f"`{population.counting_rule}`: {rule_words(population.counting_rule)}"
    yield "family", f"`{population.family}`{rank}" if population.family else "none"
    yield "source", f"`{population.source}`{'' if population.is_default else ', on request'}"
    yield "years", _years(population, counts)
    yield "without a country", _unknown(population, counts)
    if population.query is not None:
        yield "being counted", _delay(population)
    if population.models:
        yield "models", ", ".join(f"`{name}`" for name in population.models)
    yield "licence", population.licence
    yield "from", f"{population.attribution}. {' '.join(population.citation.split())}"


def _delay(population: Population) -> str:
    stated = ", ".join(
        f"{part:.0%} after {month}" for month, part in sorted(population.counted_by_month.items())
    )
    return (
        f"finished {population.finished_after_months} months after a year ended; until then "
        f"estimated, with {stated} months taken to be counted unless own vintages say otherwise"
    )


def _years(population: Population, counts: pd.DataFrame) -> str:
    if counts.empty:
        return f"{population.first_year} up to the year before a run"
    read = pd.Timestamp(counts["vintage"].max()).date()
    countries = counts.loc[counts["researchers"] > 0, "country"].nunique()
    return (
        f"{counts['year'].min()} to {counts['year'].max()}, read {read.isoformat()}, "
        f"{countries} codes"
    )


def _unknown(population: Population, counts: pd.DataFrame) -> str:
    if counts.empty:
        return "stated by every release"
    unknown = counts[counts["country"] == UNKNOWN_COUNTRY].groupby("year")["researchers"].sum()
    if unknown.empty:
        return "inside `ROW`, not stated"
    share = (unknown / counts.groupby("year")["researchers"].sum()).fillna(0.0)
    return f"{share.min():.0%} to {share.max():.0%} of a year"
