"""Which series had something to say on a past day."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.panel import build_panels
from features.series import rows_of, series_keys
from features.vintages import known_at
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import SeriesKey, Vintage, VintageKind


@dataclass(frozen=True, eq=False)
class Forecastable:
    """What can be forecast as of a day.

    Attributes:
        counts: `researcher_counts` known on that day, of the series that can be.
        left_out: Why the others cannot, by series.
    """

    counts: pd.DataFrame
    left_out: dict[SeriesKey, str]


def forecastable_series(counts: pd.DataFrame, as_of: Vintage) -> Forecastable:
    """Keep what was known on a day of the series that are long enough and not over.

    A series without an archived vintage is over when the year before the day is no longer in it:
    its last forecast would be made again and again under later dates.
    """
    known = known_at(counts, as_of)
    left_out = {}
    for key in series_keys(counts):
        rows = rows_of(known.counts, key)
        is_pseudo = known.kinds[key] is VintageKind.PSEUDO
        if reason := _obstacle(rows, key, as_of.as_of.year, is_pseudo=is_pseudo):
            left_out[key] = reason
    kept = [rows_of(known.counts, key) for key in series_keys(known.counts) if key not in left_out]
    return Forecastable(pd.concat(kept) if kept else known.counts.iloc[:0], left_out)


def _obstacle(rows: pd.DataFrame, key: SeriesKey, year: int, *, is_pseudo: bool) -> str | None:
    if rows.empty:
        return f"nothing was counted before {year}"
    last = int(rows["year"].max())
    if is_pseudo and last < year - 1:
        return f"the counts end in {last}"
    try:
        build_panels(rows)
    except InputRejectedError as error:
        return str(error)
    return None
