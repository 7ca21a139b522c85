"""As-of selection: what was known on a date, and nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from features.series import SERIES_COLUMNS, series_keys
from talentcast.domain.types import SeriesKey, Vintage, VintageKind


@dataclass(frozen=True, eq=False)
class KnownCounts:
    """`researcher_counts` as they stood on one day.

    Attributes:
        counts: One vintage per series, in the order of the input.
        kinds: Per series, `true` if its vintage was archived by that day. Otherwise `pseudo`: the
            oldest vintage there is, cut to the years that had ended, stands in for what was known.
    """

    counts: pd.DataFrame
    kinds: Mapping[SeriesKey, VintageKind]

    @property
    def kind(self) -> VintageKind:
        """`true` only if every series was archived by that day."""
        is_true = all(kind is VintageKind.TRUE for kind in self.kinds.values())
        return VintageKind.TRUE if is_true else VintageKind.PSEUDO


def known_at(counts: pd.DataFrame, vintage: Vintage) -> KnownCounts:
    """Keep, per series, the newest whole vintage at or before the as-of date.

    A series is one population, counting rule and source. Vintages are never mixed: a country
    absent from the newest vintage is not filled in from an older one.

    Args:
        counts: Rows of `researcher_counts`; `vintage` as datetime.
        vintage: As-of date, inclusive.
    """
    chosen: list[pd.DataFrame] = []
    kinds: dict[SeriesKey, VintageKind] = {}
    for _, rows in counts.groupby(list(SERIES_COLUMNS), sort=True):
        known, kind = _known_rows(rows, vintage)
        chosen.append(known)
        (key,) = series_keys(rows)
        kinds[key] = kind
    if not chosen:
        return KnownCounts(counts.iloc[:0], {})
    return KnownCounts(pd.concat(chosen).sort_index(), kinds)


def _known_rows(rows: pd.DataFrame, vintage: Vintage) -> tuple[pd.DataFrame, VintageKind]:
    archived = rows[rows["vintage"] <= pd.Timestamp(vintage.as_of)]
    if len(archived):
        return archived[archived["vintage"] == archived["vintage"].max()], VintageKind.TRUE
    oldest = rows[rows["vintage"] == rows["vintage"].min()]
    return oldest[oldest["year"] < vintage.as_of.year], VintageKind.PSEUDO
