"""Researcher counts by country and year, derived from careers: the same table as any source."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from features.careers import fill_gaps, flows, moves, observation_gaps, stocks
from features.engine import computed
from talentcast.domain.types import CountingRule, SeriesKey, Vintage

_SEEN_AGAIN_SHARE = 0.95


def researcher_counts(
    careers: ir.Table,
    key: SeriesKey,
    *,
    vintage: Vintage,
    seen_again_share: float = _SEEN_AGAIN_SHARE,
) -> pd.DataFrame:
    """Return the canonical `researcher_counts` table of a set of careers.

    These are true counts and may hold a single person: apply disclosure control before anything
    leaves the machine.

    Args:
        careers: One row per researcher and year, from `features.careers.person_years`.
        key: Population and source; the counting rule is always the modal country.
        vintage: Day on which the records stood as they are here.
        seen_again_share: A year is provisional until this share of the researchers active in it
            who are ever seen again would have been.

    Returns:
        Columns of the contract, ordered by year and country. Arrivals and departures of the first
        year are missing: nobody was seen before.
    """
    counted = computed(_counts_by_country(careers))
    last_year, wait = int(counted["year"].max()), years_until_seen_again(careers, seen_again_share)
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


def years_until_seen_again(careers: ir.Table, share: float = _SEEN_AGAIN_SHARE) -> int:
    """Return within how many years this share of all gaps between observations has closed."""
    gaps = computed(observation_gaps(careers))
    if gaps.empty:
        return 0
    closed = gaps["n"].cumsum() / gaps["n"].sum()
    return int(gaps.loc[closed >= share, "gap_years"].iloc[0])


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
