"""Observations: what was counted, in the parts that are forecast."""

from __future__ import annotations

import pandas as pd

from features.panel import Panel
from talentcast.domain.tables import OBSERVATIONS
from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY


def observation_rows(counts: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return the `observations` rows of one panel, provisional years included and marked.

    Countries that the panel does not forecast apart are summed to `ROW`, so that history and
    forecast of a part mean the same. Moves into and out of `ROW` are missing: its countries also
    exchange researchers with each other.

    Args:
        counts: `researcher_counts` rows of the panel's series, one vintage.
        panel: The panel built from them.

    Returns:
        The contract's columns except `release_id`. Shares of a year sum to 1.
    """
    own = set(panel.countries) - {REST_OF_WORLD}
    parts = counts.assign(part=counts["country"].where(counts["country"].isin(own), REST_OF_WORLD))
    rows = (
        parts.groupby(["year", "part"])
        .agg(
            researchers=("researchers", "sum"),
            arrivals=("arrivals", "sum"),
            departures=("departures", "sum"),
            arrivals_known=("arrivals", "count"),
            departures_known=("departures", "count"),
            vintage=("vintage", "max"),
        )
        .reset_index()
        .rename(columns={"part": "country"})
    )
    for flow in ("arrivals", "departures"):
        is_known = (rows[f"{flow}_known"] > 0) & (rows["country"] != REST_OF_WORLD)
        rows[flow] = rows[flow].where(is_known)
    by_year = counts.groupby("year")
    totals = by_year["researchers"].sum()
    return rows.assign(
        population=panel.key.population,
        counting_rule=str(panel.key.counting_rule),
        source=panel.key.source,
        share=rows["researchers"] / rows["year"].map(totals),
        unknown_share=rows["year"].map(_unknown(counts) / totals),
        is_provisional=rows["year"].map(by_year["is_provisional"].any()),
    )[list(OBSERVATIONS.unpublished_columns)]


def _unknown(counts: pd.DataFrame) -> pd.Series:
    """Return researchers without a country per year; missing if the source never names them."""
    unknown = counts[counts["country"] == UNKNOWN_COUNTRY]
    if unknown.empty:
        return pd.Series(dtype="float64")
    years = counts["year"].drop_duplicates()
    return unknown.groupby("year")["researchers"].sum().reindex(years, fill_value=0.0)
