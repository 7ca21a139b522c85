"""Researcher counts by country and year, derived from careers: the same table as any source."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from features.careers import fill_gaps, flows, moves, observation_gaps, stocks
from features.edge_years import years_until_seen_again
from talentcast.domain.types import CountingRule, SeriesKey, Vintage


def researcher_counts(
    careers: ir.Table,
    key: SeriesKey,
    *,
    vintage: Vintage,
) -> pd.DataFrame:
    """Return the canonical `researcher_counts` table of a set of careers.

    These are true counts and may hold a single person: apply disclosure control before anything
    leaves the machine.

    Args:
        careers: One row per researcher and year, from `features.careers.person_years`; computed in
            the engine that holds it.
        key: Population and source; the counting rule is always the modal country.
        vintage: Day on which the records stood as they are here.

    Returns:
        Columns of the contract, ordered by year and country. Arrivals and departures of the first
        year are missing: nobody was seen before.
    """
    counted = _counts_by_country(careers).to_pandas()
    last_year = int(counted["year"].max())
    wait = years_until_seen_again(observation_gaps(careers).to_pandas())
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
