"""Researcher counts by country and year, derived from careers: the same table as any source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import ibis
import ibis.expr.types as ir
import pandas as pd

from features.career_records import CareerParts, IdSpan, Mapper
from features.careers import fill_gaps, flows, moves, observation_gaps, stocks
from features.edge_years import years_until_seen_again
from features.engine import in_locked_duckdb
from talentcast.domain.types import CountingRule, SeriesKey, Vintage


@dataclass(frozen=True, eq=False)
class CareerTally:
    """What is counted of some people; tallies of others are added to it.

    Attributes:
        by_country: `year`, `country`, `researchers`, `arrivals`, `departures`.
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
    counted = tally.by_country
    last_year = int(counted["year"].max())
    wait = years_until_seen_again(tally.gaps)
    flow_columns = ["arrivals", "departures"]
    moved = counted[flow_columns].fillna(0).astype(float)
    return pd.DataFrame(
        {
            "population": key.population,
            "counting_rule": str(CountingRule.MODAL_COUNTRY),
            "source": key.source,
            "vintage": vintage.as_of,
            "year": counted["year"].astype("int64"),
            "country": counted["country"].astype("str"),
            "researchers": counted["researchers"].astype(float),
            **moved.where(counted["year"] > counted["year"].min()),
            "is_provisional": counted["year"] > last_year - wait,
        }
    )


def _tally(parts: CareerParts, span: IdSpan) -> CareerTally:
    careers = parts.between(span).numbered()[0].careers
    with in_locked_duckdb(careers[["researcher_id", "year", "country"]]) as table:
        return CareerTally.of(table)


def _counts_by_country(careers: ir.Table) -> ir.Table:
    """Stocks with the flows of the same year; a country everybody left keeps its row."""
    present, moved = stocks(fill_gaps(careers)), flows(moves(careers))
    joined = present.outer_join(moved, ["year", "country"])
    columns = {
        "year": ibis.coalesce(joined.year, joined.year_right),
        "country": ibis.coalesce(joined.country, joined.country_right),
        "researchers": joined.researchers.fill_null(0),
        "arrivals": joined.arrivals,
        "departures": joined.departures,
    }
    return joined.select(**columns).order_by("year", "country")
