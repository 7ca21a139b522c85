"""Researcher counts by country and year, derived from careers: the same table as any source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import ibis
import ibis.expr.types as ir
import pandas as pd

from features.career_records import CareerParts, IdSpan, Mapper
from features.careers import (
    fill_gaps,
    first_and_last_seen,
    flows,
    moves,
    observation_gaps,
    stocks,
)
from features.edge_years import years_until_seen_again
from features.engine import in_locked_duckdb
from talentcast.domain.types import CountingRule, SeriesKey, Vintage


@dataclass(frozen=True, eq=False)
class CareerTally:
    """What is counted of some people; tallies of others are added to it.

    Attributes:
        by_country: `year`, `country`, `researchers`, `arrivals`, `departures`, `entries`, `exits`.
            Some rows have exits alone: of a country that had nobody any more.
        gaps: From `observation_gaps`.
    """

    by_country: pd.DataFrame
    gaps: pd.DataFrame

    @classmethod
    def of(cls, careers: ir.Table) -> CareerTally:
        """Count careers in the engine that holds them.

        Args:
            careers: One row per researcher and year, from `features.careers.person_years`.
        """
        return cls(_counts_by_country(careers).to_pandas(), observation_gaps(careers).to_pandas())

    @classmethod
    def of_parts(cls, parts: CareerParts, mapper: Mapper = map) -> CareerTally:
        """Count the people of every part."""
        return cls.sum(mapper(partial(_tally, parts), parts.spans))

    @classmethod
    def sum(cls, tallies: Iterable[CareerTally]) -> CareerTally:
        """Add up tallies of different people."""
        found = list(tallies)
        counted = pd.concat([one.by_country for one in found])
        gaps = pd.concat([one.gaps for one in found])
        return cls(
            counted.groupby(["year", "country"], as_index=False).sum(),
            gaps.groupby("gap_years", as_index=False).sum(),
        )


def researcher_counts(tally: CareerTally, key: SeriesKey, *, vintage: Vintage) -> pd.DataFrame:
    """Return the canonical `researcher_counts` table of a set of careers.

    These are true counts and may hold a single person: apply disclosure control before anything
    leaves the machine.

    Args:
        tally: Of the careers.
        key: Population and source; the counting rule is always the modal country.
        vintage: Day on which the records stood as they are here.

    Returns:
        Columns of the contract, ordered by year and country. Arrivals and departures of the first
        year are missing: nobody was seen before.
    """
    counted = _with_people(tally)
    last_year = int(counted["year"].max())
    wait = years_until_seen_again(tally.gaps)
    return pd.DataFrame(
        {
            "population": key.population,
            "counting_rule": str(CountingRule.MODAL_COUNTRY),
            "source": key.source,
            "vintage": vintage.as_of,
            "year": counted["year"].astype("int64"),
            "country": counted["country"].astype("str"),
            "researchers": counted["researchers"].astype(float),
            **_after_the_first_year(counted, ["arrivals", "departures"]),
            "is_provisional": counted["year"] > last_year - wait,
        }
    )


def entries_and_exits(tally: CareerTally) -> pd.DataFrame:
    """Return who was seen first and last, beside `researcher_counts` of the same tally.

    Returns:
        `year`, `country`, `entries`, `exits`: true counts, as there. Those of the first year are
        missing.
    """
    counted = _with_people(tally)
    return counted[["year", "country"]].assign(
        **_after_the_first_year(counted, ["entries", "exits"])
    )


def _with_people(tally: CareerTally) -> pd.DataFrame:
    counted = tally.by_country
    people = counted[["researchers", "arrivals", "departures"]].sum(axis=1)
    return counted[people > 0]


def _after_the_first_year(counted: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return numbers that compare with the year before; in the first year they are missing."""
    numbers = counted[names].astype(float)
    return numbers.where(counted["year"] > counted["year"].min())


def _tally(parts: CareerParts, span: IdSpan) -> CareerTally:
    careers = parts.between(span).numbered()[0].careers
    with in_locked_duckdb(careers[["researcher_id", "year", "country"]]) as table:
        return CareerTally.of(table)


def _counts_by_country(careers: ir.Table) -> ir.Table:
    """Stocks with the flows of the same year; a country everybody left keeps its row."""
    present, moved = stocks(fill_gaps(careers)), flows(moves(careers))
    joined = _joined(_joined(present, moved), first_and_last_seen(careers))
    return joined.order_by("year", "country")


def _joined(one: ir.Table, other: ir.Table) -> ir.Table:
    """Return the numbers of two tables by year and country; where one has no row, 0."""
    key = ["year", "country"]
    both = one.outer_join(other, key)
    places = {name: ibis.coalesce(both[name], both[f"{name}_right"]) for name in key}
    numbers = [name for name in (*one.columns, *other.columns) if name not in key]
    counted = both.select(**places, **{name: both[name] for name in numbers})
    return counted.mutate(**{name: counted[name].fill_null(0) for name in numbers})
