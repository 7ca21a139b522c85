"""Statistical disclosure control: what of a table of people may be shown.

Three attacks are met. A small cell points at people: it is withheld. A withheld cell can be had as
total minus the cells shown: further cells are withheld until that leaves enough people together.
And the same cell in two releases can be subtracted: a cell that changed by a few people only is
shown as it was shown before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talentcast.domain.types import REST_OF_WORLD

#: Steps to which rates may be rounded, the finest first.
_RATE_STEPS: Final = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5)

TOO_FEW: Final = "fewer than 10 people"
COMPLEMENT: Final = "would reveal another cell"
#: What is said of a cell that was withheld in the release before and has grown a little since.
STILL_TOO_FEW: Final = "too close to a withheld count"


@dataclass(frozen=True, slots=True)
class Protection:
    """Limits of disclosure control.

    Attributes:
        min_people: Smallest number of people that may stand behind a figure.
        base: Counts are rounded to multiples of this.
    """

    min_people: int = 10
    base: int = 5


DEFAULT: Final = Protection()


def rounded(counts: NDArray[np.float64], protection: Protection = DEFAULT) -> NDArray[np.float64]:
    """Return counts rounded to the base, halves upwards.

    Example:
        >>> rounded(np.array([12.0, 13.0])).tolist()
        [10.0, 15.0]
    """
    return np.asarray(np.floor(counts / protection.base + 0.5) * protection.base)


def rate_step(rounded_people: float, protection: Protection = DEFAULT) -> float:
    """Return the step to which a rate may be shown: no finer than the rounding of its count.

    Example:
        >>> rate_step(10), rate_step(50), rate_step(1000)
        (0.25, 0.05, 0.01)
    """
    error = protection.base / 2 / max(rounded_people, 1)
    return next((step for step in _RATE_STEPS if step >= error), _RATE_STEPS[-1])


def withheld(
    cells: pd.DataFrame,
    totals: Sequence[Sequence[str]],
    *,
    people: str = "people",
    protection: Protection = DEFAULT,
) -> pd.Series:
    """Return why each cell must be withheld; empty text where it may be shown.

    Args:
        cells: The finest cells, one row each; `people` counts those behind it.
        totals: Column lists: for each of them, the sum over every group of equal values is known
            to readers. `[["year"]]` says that yearly totals are.
        people: Name of the counting column.
        protection: Limits.
    """
    counts = cells[people].to_numpy(dtype=float)
    is_hidden = (counts > 0) & (counts < protection.min_people)
    is_small = is_hidden.copy()
    groups = [
        rows
        for columns in totals
        for rows in cells.reset_index(drop=True).groupby(list(columns)).indices.values()
    ]
    changed = True
    while changed:  # hiding a cell for one total may expose another: repeat until nothing changes
        changed = False
        for rows in groups:
            more = _complement(counts[rows], is_hidden[rows], protection)
            if more is not None:
                is_hidden[rows[more]] = True
                changed = True
    reason = np.where(is_small, TOO_FEW, np.where(is_hidden, COMPLEMENT, ""))
    return pd.Series(reason, index=cells.index, dtype="str")


def steady(
    now: pd.DataFrame,
    before: pd.DataFrame,
    key: Sequence[str],
    *,
    people: str = "people",
    protection: Protection = DEFAULT,
) -> pd.DataFrame:
    """Return the counts to show, given those that the last release was made from.

    A cell shown before and changed by fewer than `min_people` people keeps its earlier count: the
    difference of two releases then never counts a handful. A cell withheld before stays withheld
    until it has grown by as much, for the same reason.

    Args:
        now: Cells with true counts.
        before: The same columns as `now`, as returned for the release before, with `is_withheld`;
            it is kept in the restricted store. May be empty.
        key: Columns that name a cell.
        people: Name of the counting column.
        protection: Limits.

    Returns:
        `now` with `people` replaced where it is held, and `is_held_back`: too close to a count that
        was withheld.
    """
    if before.empty:
        return now.assign(is_held_back=False)
    names = [*key, people, "is_withheld"]
    joined = now.merge(before[names], on=list(key), how="left", suffixes=("", "_before"))
    earlier = joined[f"{people}_before"].to_numpy(dtype=float)
    current = now[people].to_numpy(dtype=float)
    was_withheld = joined["is_withheld"].eq(True).to_numpy()
    is_close = np.abs(current - earlier) < protection.min_people
    # Withheld for being small means fewer than the minimum, as readers know: twice that is far.
    was_small = earlier < protection.min_people
    is_held_back = was_withheld & (is_close | (was_small & (current < 2 * protection.min_people)))
    keeps = is_close & ~was_withheld & (current >= protection.min_people)
    return now.assign(**{people: np.where(keeps, earlier, current)}, is_held_back=is_held_back)


def held_counts(
    counts: pd.DataFrame, before: pd.DataFrame, protection: Protection = DEFAULT
) -> pd.DataFrame:
    """Return true counts with those of the last release where too few people came or went.

    Pass the result to `protected_counts`, and keep it in the restricted store as `before` of the
    next release: two releases then differ by nobody, or by many. A count that fell below the
    minimum is not held: it has to go. People in a country and year that had none before wait until
    there are enough of them.

    Args:
        counts: True `researcher_counts` of person records.
        before: What this function returned for the last release; empty without one.
        protection: Limits.
    """
    if before.empty:
        return counts
    key = ["population", "counting_rule", "source", "year", "country"]
    measures = ["researchers", "arrivals", "departures"]
    joined = counts.merge(before[[*key, *measures]], on=key, how="left", suffixes=("", "_before"))
    is_new_year = ~counts["year"].isin(set(before["year"])).to_numpy()
    shown = {}
    for name in measures:
        now = counts[name].to_numpy(dtype=float)
        earlier = joined[f"{name}_before"].to_numpy(dtype=float)
        earlier = np.where(np.isnan(earlier) & ~np.isnan(now), 0.0, earlier)
        is_close = np.abs(now - earlier) < protection.min_people
        has_fallen = (now < protection.min_people) & (earlier >= protection.min_people)
        shown[name] = np.where(is_close & ~has_fallen & ~is_new_year, earlier, now)
    held = counts.assign(**shown)
    return held[held["researchers"] > 0].reset_index(drop=True)


def protected_counts(counts: pd.DataFrame, protection: Protection = DEFAULT) -> pd.DataFrame:
    """Return `researcher_counts` of person records as they may be published.

    Countries of a year with too few researchers go into `ROW`, together with the next smallest
    ones where `ROW` itself would be too small; a year with too few in all is left out. Counts are
    rounded, so that shares made from them hold no more than they do. Flows of too few people are
    missing.
    """
    flows = ["arrivals", "departures"]
    parts = []
    for _, year in counts.groupby(["population", "counting_rule", "source", "vintage", "year"]):
        if year["researchers"].sum() < protection.min_people:
            continue
        country = year["country"].where(~_pooled(year, protection), REST_OF_WORLD)
        sums = {"researchers": "sum"} | dict.fromkeys(flows, "sum")
        pooled = year.assign(country=country).groupby("country", as_index=False).agg(sums)
        fixed = year.iloc[[0] * len(pooled)].drop(columns=["country", "researchers", *flows])
        is_first = year[flows].isna().all(axis=None)
        shown = {
            name: np.where(
                is_first | _is_small(pooled[name], protection),
                np.nan,
                rounded(pooled[name].to_numpy(dtype=float), protection),
            )
            for name in flows
        }
        people = rounded(pooled["researchers"].to_numpy(dtype=float), protection)
        parts.append(
            fixed.reset_index(drop=True).assign(
                country=pooled["country"].to_numpy(), researchers=people, **shown
            )
        )
    if not parts:
        return counts.head(0)
    return pd.concat(parts, ignore_index=True)[list(counts.columns)]


def _complement(
    counts: NDArray[np.float64], is_hidden: NDArray[np.bool_], protection: Protection
) -> int | None:
    """Which cell of a group to withhold as well, if any: the smallest shown one."""
    hidden = counts[is_hidden & (counts > 0)]
    is_safe = len(hidden) == 0 or (len(hidden) > 1 and hidden.sum() >= protection.min_people)
    candidates = np.flatnonzero(~is_hidden & (counts > 0))
    if is_safe or len(candidates) == 0:
        return None
    return int(candidates[np.argmin(counts[candidates])])


def _pooled(year: pd.DataFrame, protection: Protection) -> pd.Series:
    """Which countries of one year go into the rest of the world."""
    people = year["researchers"]
    is_rest = year["country"] == REST_OF_WORLD
    chosen = (people < protection.min_people) | is_rest
    for row in people[~chosen].sort_values(kind="stable").index:
        hidden = people[chosen & (people > 0)]
        is_single = len(hidden) == 1 and not bool(is_rest[hidden.index[0]])
        if len(hidden) == 0 or (hidden.sum() >= protection.min_people and not is_single):
            break
        chosen = chosen | (chosen.index == row)
    return chosen


def _is_small(people: pd.Series, protection: Protection) -> NDArray[np.bool_]:
    counts = people.to_numpy(dtype=float)
    return np.asarray((counts > 0) & (counts < protection.min_people))
