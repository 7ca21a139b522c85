"""As-of selection: what was known on a date, and nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from talentcast.domain.types import CountingRule, SeriesKey, Vintage, VintageKind

#: Years whose growth an edge year is compared with.
_COMPARED_YEARS: Final = 5
#: Growth that may be missing in a finished year, as a difference of logarithms.
_UNFINISHED_GROWTH_GAP: Final = 0.02
#: An edge is not longer than this.
_LONGEST_EDGE: Final = 4

SERIES_COLUMNS: Final = ("population", "counting_rule", "source")


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
        kinds[_series_key(rows)] = kind
    if not chosen:
        return KnownCounts(counts.iloc[:0], {})
    return KnownCounts(pd.concat(chosen).sort_index(), kinds)


def last_finished_year(totals: pd.Series) -> int:
    """Return the last year that the source had finished counting, judged by the totals alone.

    Late years of a vintage lack people whose work is not indexed yet, or who have to be seen again
    before they count. Such a year grows less than the years before it did: by more than two
    percentage points, and by more than three times their usual scatter. The first such year at the
    end and all after it are unfinished. A true slump looks the same, and is left out too.

    Args:
        totals: Persons per year, indexed by year.

    Example:
        >>> by_year = pd.Series([100, 105, 110, 116, 122, 128, 129], index=range(2010, 2017))
        >>> last_finished_year(by_year)
        2015
    """
    known = totals.dropna()
    growth = np.log(known).diff().dropna()
    last = int(known.index[-1])
    for year in reversed(growth.index[_COMPARED_YEARS:]):
        usual = growth[growth.index < year].iloc[-_COMPARED_YEARS:]
        scatter = float((usual - usual.median()).abs().median()) * 1.4826
        allowed = max(_UNFINISHED_GROWTH_GAP, 3 * scatter)
        if growth[year] < usual.median() - allowed:
            last = int(year) - 1
        elif year <= last - _LONGEST_EDGE:
            break
    return last


def _known_rows(rows: pd.DataFrame, vintage: Vintage) -> tuple[pd.DataFrame, VintageKind]:
    archived = rows[rows["vintage"] <= pd.Timestamp(vintage.as_of)]
    if len(archived):
        return archived[archived["vintage"] == archived["vintage"].max()], VintageKind.TRUE
    oldest = rows[rows["vintage"] == rows["vintage"].min()]
    return oldest[oldest["year"] < vintage.as_of.year], VintageKind.PSEUDO


def _series_key(rows: pd.DataFrame) -> SeriesKey:
    population, counting_rule, source = (str(rows[name].iloc[0]) for name in SERIES_COLUMNS)
    return SeriesKey(population, CountingRule(counting_rule), source)
