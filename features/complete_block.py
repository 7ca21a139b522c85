"""The years and countries of a table of counts that hang together without gaps."""

from __future__ import annotations

from typing import Final

import pandas as pd

from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY

_SUMMED: Final = ("researchers", "arrivals", "departures")


def largest_complete_block(counts: pd.DataFrame) -> pd.DataFrame:
    """Return one series from the year on that leaves most country-years without a gap.

    Withholding small cells tears holes: a country is there in one year and part of `ROW` in the
    next. A forecaster needs a count in every year, so countries that lack one are summed to `ROW`
    in all years. Starting later keeps more countries, starting earlier more years; the start is
    where years times countries is largest.

    Args:
        counts: `researcher_counts` rows of one series and vintage.

    Returns:
        The same columns, ordered by year and country.
    """
    named = counts[~counts["country"].isin([REST_OF_WORLD, UNKNOWN_COUNTRY])]
    shown = named.pivot_table(index="year", columns="country", values="researchers")
    shown = shown.reindex(sorted(counts["year"].unique())).notna()
    complete_from = shown[::-1].cummin()[::-1]
    years_left = pd.Series(range(len(shown), 0, -1), index=shown.index)
    size = complete_from.sum(axis=1) * years_left
    start = size.index[int(size.to_numpy().argmax())]
    kept = complete_from.columns[complete_from.loc[start]]
    rows = counts[counts["year"] >= start]
    country = rows["country"].where(rows["country"].isin(kept), REST_OF_WORLD)
    key = [name for name in counts.columns if name not in (*_SUMMED, "is_provisional")]
    grouped = rows.assign(country=country).groupby(key, sort=False)
    summed = grouped[list(_SUMMED)].sum(min_count=1)
    pooled = summed.assign(is_provisional=grouped["is_provisional"].any()).reset_index()
    ordered: pd.DataFrame = pooled[list(counts.columns)].sort_values(["year", "country"])
    return ordered.reset_index(drop=True)
