"""Edge years: the last years of a table of counts, which the source has not finished.

Three signs give them away, each for the figures that a source has: fewer moves per researcher,
less growth of the total, or people who have to be seen again before they count.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

#: Fall of moves per researcher from one year to the next that marks an unfinished year.
MAX_FLOW_DROP: Final = 0.40
#: Years whose growth an edge year is compared with.
_COMPARED_YEARS: Final = 5
#: Growth that may be missing in a finished year, as a difference of logarithms.
_UNFINISHED_GROWTH_GAP: Final = 0.02
#: An edge is not longer than this.
_LONGEST_EDGE: Final = 4
_SEEN_AGAIN_SHARE: Final = 0.95


def first_edge_year(counts: pd.DataFrame, max_drop: float = MAX_FLOW_DROP) -> int | None:
    """Return the first of the last years whose moves per researcher collapse, if there is one.

    A year is at the edge when its ratio of arrivals to researchers is more than `max_drop` below
    that of the year before; so are all years after it.

    Args:
        counts: One series and vintage: `year`, `researchers` and `arrivals` of all countries.
        max_drop: As part of the year before.
    """
    totals = counts.groupby("year")[["researchers", "arrivals"]].sum()
    ratio = totals["arrivals"] / totals["researchers"]
    drop = 1 - ratio / ratio.shift(1)
    # Only the newer half: early years swing because little was indexed then.
    newer = drop.iloc[len(drop) // 2 :]
    at_edge = newer.index[newer > max_drop]
    return int(at_edge[0]) if len(at_edge) else None


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


def years_until_seen_again(gaps: pd.DataFrame, share: float = _SEEN_AGAIN_SHARE) -> int:
    """Return within how many years this share of all gaps between observations has closed.

    So many of the last years are provisional: people active in them will yet be seen again.

    Args:
        gaps: `gap_years` and `n`, one row per length in rising order, as from
            `features.careers.observation_gaps`.
        share: Of the people who are ever seen again.
    """
    if gaps.empty:
        return 0
    closed = gaps["n"].cumsum() / gaps["n"].sum()
    return int(gaps.loc[closed >= share, "gap_years"].iloc[0])
