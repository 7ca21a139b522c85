"""Statistical disclosure control: what of a table of people may be shown.

Everything that protects people in what is published stands here, and nothing else does. Three
attacks are met:

- A small cell points at people: it is withheld (primary suppression), or, among counts by country,
  pooled with other small ones. What is shown is rounded.
- A withheld cell is its total minus the cells shown: further cells are withheld until that leaves
  enough people together (complementary suppression).
- The same cell in two releases can be subtracted: a cell that changed by a few people only is shown
  as it was shown before. For this the counts behind a release are kept in the restricted store.

`protected_counts` is used by counts by country, `protected_cells` by return cohorts,
`pooled_origins` by return flows, and `withheld` by all tables of cells, the cohort report included.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.series import SERIES_COLUMNS
from talentcast.domain.types import REST_OF_WORLD

#: Steps to which rates may be rounded, the finest first.
_RATE_STEPS: Final = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5)

#: Moves of a year; who was seen first and last in it, where that was counted.
_MOVES: Final = ("arrivals", "departures")
_ENDS: Final = ("entries", "exits")

#: What is said of every cell that is withheld. A reason of its own would tell which of them is
#: the small one, and which only stands beside it.
WITHHELD: Final = "withheld to protect people"


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


# Rounding


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


def coarse_rate(
    rate: float, interval: tuple[float, float], step: float
) -> tuple[float, float, float]:
    """Return a rate and the ends of its interval in whole steps; the interval only gets wider.

    Example:
        >>> coarse_rate(0.31, (0.21, 0.43), 0.05)
        (0.3, 0.2, 0.45)
    """
    low, high = interval
    return (
        round(round(rate / step) * step, 4),
        round(float(np.floor(low / step)) * step, 4),
        round(min(float(np.ceil(high / step)) * step, 1.0), 4),
    )


# Primary and complementary suppression


def withheld(
    cells: pd.DataFrame,
    totals: Sequence[Sequence[str]],
    *,
    people: str = "people",
    protection: Protection = DEFAULT,
) -> pd.Series:
    """Return which cells must be withheld.

    Args:
        cells: The finest cells, one row each; `people` counts those behind it.
        totals: Column lists: for each of them, the sum over every group of equal values is known
            to readers. `[["year"]]` says that yearly totals are.
        people: Name of the counting column.
        protection: Limits.
    """
    counts = cells[people].to_numpy(dtype=float)
    is_small = _is_small(counts, protection)
    groups = [rows for columns in totals for rows in rows_by(cells, columns)]
    is_hidden = with_complements(counts, is_small, groups, protection)
    return pd.Series(is_hidden, index=cells.index)


def rows_by(table: pd.DataFrame, columns: Iterable[str]) -> list[NDArray[np.int64]]:
    """Return the positions of the rows of each group of equal values."""
    indices = table.reset_index(drop=True).groupby(list(columns)).indices
    return [np.asarray(rows, dtype=np.int64) for rows in indices.values()]


def with_complements(
    counts: NDArray[np.float64],
    is_hidden: NDArray[np.bool_],
    groups: Sequence[NDArray[np.int64]],
    protection: Protection = DEFAULT,
) -> NDArray[np.bool_]:
    """Return which cells to withhold, so that no withheld one is a known total minus the others.

    Args:
        counts: People behind each cell.
        is_hidden: Cells withheld for what they are.
        groups: Positions of the cells of each known total.
        protection: Limits.
    """
    hidden = is_hidden.copy()
    changed = True
    while changed:  # hiding a cell for one total may expose another: repeat until nothing changes
        changed = False
        for rows in groups:
            more = _complement(counts[rows], hidden[rows], protection)
            if more is not None:
                hidden[rows[more]] = True
                changed = True
    return hidden


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


def _is_small(counts: NDArray[np.float64], protection: Protection) -> NDArray[np.bool_]:
    return np.asarray((counts > 0) & (counts < protection.min_people))


# Cells of people, with their totals, release after release


def protected_cells(
    cells: pd.DataFrame,
    before: pd.DataFrame,
    *,
    key: Sequence[str],
    over: str,
    all_of: str,
    protection: Protection = DEFAULT,
) -> pd.DataFrame:
    """Return cells and their totals over one column, with what of them is withheld.

    Readers see the totals and can subtract.

    Args:
        cells: `key` and the true number of `people`, one row per cell.
        before: What this function returned for the last release; empty without one.
        key: Columns that name a cell.
        over: The one of them that totals sum over.
        all_of: Its value in the rows of totals.
        protection: Limits.

    Returns:
        `key`, `people` (to be rounded) and `is_withheld`.
    """
    group = [name for name in key if name != over]
    sums = cells.groupby(group, as_index=False)["people"].sum()
    both = pd.concat([cells, sums.assign(**{over: all_of})], ignore_index=True)
    kept = keep_previous_cells(both, before, key, protection=protection)
    is_total, is_near = kept[over] == all_of, kept["is_near_withheld"]
    # What the last release withheld counts as small, so that it gets a complement as well.
    counts = kept["people"].where(~is_near, protection.min_people - 1)
    parts = kept[~is_total].assign(people=counts[~is_total])
    hidden = withheld(parts, [group], protection=protection).reindex(kept.index, fill_value=False)
    is_small_total = is_total & (counts < protection.min_people)
    return kept.assign(is_withheld=hidden | is_small_total | is_near)


def keep_previous_cells(
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
        `now` with `people` replaced where the earlier count is kept, and `is_near_withheld`: too
        close to a count that was withheld.
    """
    if before.empty:
        return now.assign(is_near_withheld=False)
    names = [*key, people, "is_withheld"]
    joined = now.merge(before[names], on=list(key), how="left", suffixes=("", "_before"))
    earlier = joined[f"{people}_before"].to_numpy(dtype=float)
    current = now[people].to_numpy(dtype=float)
    was_withheld = joined["is_withheld"].eq(True).to_numpy()
    is_close = np.abs(current - earlier) < protection.min_people
    # Withheld for being small means fewer than the minimum, as readers know: twice that is far.
    was_small = earlier < protection.min_people
    is_near = was_withheld & (is_close | (was_small & (current < 2 * protection.min_people)))
    keeps = is_close & ~was_withheld & (current >= protection.min_people)
    return now.assign(**{people: np.where(keeps, earlier, current)}, is_near_withheld=is_near)


# Counts by country, where small ones are pooled


def keep_previous_counts(
    counts: pd.DataFrame, before: pd.DataFrame, protection: Protection = DEFAULT
) -> pd.DataFrame:
    """Return true counts with those of the last release where too few people came or went.

    Pass the result to `protected_counts`, and keep it in the restricted store as `before` of the
    next release: two releases then differ by nobody, or by many. A count that fell below the
    minimum is not kept: it has to go. People in a country and year that had none before wait until
    there are enough of them.

    Args:
        counts: True `researcher_counts` of person records, with `entries` and `exits` if counted.
        before: What this function returned for the last release; empty without one.
        protection: Limits.
    """
    if before.empty:
        return counts
    key = [*SERIES_COLUMNS, "year", "country"]
    measures = [n for n in ("researchers", *_MOVES, *_ENDS) if n in counts and n in before]
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
    kept = counts.assign(**shown)
    return kept[kept["researchers"] > 0].reset_index(drop=True)


def protected_counts(counts: pd.DataFrame, protection: Protection = DEFAULT) -> pd.DataFrame:
    """Return `researcher_counts` of person records as they may be published.

    Countries of a year with too few researchers go into the rest of the world (`ROW`), together
    with the next smallest ones where that would itself be too small; a year with too few in all is
    left out. Counts are rounded, so that shares made from them hold no more than they do. Flows of
    too few people are missing. `entries` and `exits` are there together or not at all, and only
    beside both flows: each of the four is what the others leave of the change of a count.
    """
    years = counts.groupby([*SERIES_COLUMNS, "vintage", "year"])
    parts = [
        _protected_year(year, protection)
        for _, year in years
        if year["researchers"].sum() >= protection.min_people
    ]
    if not parts:
        return counts.head(0)
    return pd.concat(parts, ignore_index=True)[list(counts.columns)]


def pooled_origins(
    origin_country: pd.Series, protection: Protection = DEFAULT
) -> dict[str, NDArray[np.int64]]:
    """Return the rows of each origin; those of too few people go into the rest of the world.

    Args:
        origin_country: One row per person.
        protection: Limits.
    """
    indices = origin_country.reset_index(drop=True).groupby(origin_country.to_numpy()).indices
    rows = {str(name): np.asarray(found, dtype=np.int64) for name, found in indices.items()}
    people = pd.Series({name: float(len(found)) for name, found in rows.items()}, dtype=float)
    pooled = [str(name) for name in _pooled_with_rest(people, protection)]
    shown = {name: found for name, found in rows.items() if name not in pooled}
    if people[pooled].sum() < max(protection.min_people, 1):
        return shown
    return shown | {REST_OF_WORLD: np.concatenate([rows[name] for name in pooled])}


def _protected_year(year: pd.DataFrame, protection: Protection) -> pd.DataFrame:
    flows = [name for name in (*_MOVES, *_ENDS) if name in year]
    pooled = _pooled_with_rest(year.set_index("country")["researchers"], protection)
    country = year["country"].where(~year["country"].isin(pooled), REST_OF_WORLD)
    sums = {"researchers": "sum"} | dict.fromkeys(flows, "sum")
    summed = year.assign(country=country).groupby("country", as_index=False).agg(sums)
    is_first = year[flows].isna().all(axis=None)
    shown = {"researchers": rounded(summed["researchers"].to_numpy(dtype=float), protection)}
    for name in flows:
        people = summed[name].to_numpy(dtype=float)
        is_missing = is_first | _is_small(people, protection)
        shown[name] = np.where(is_missing, np.nan, rounded(people, protection))
    is_whole = np.all([np.isfinite(shown[name]) for name in flows], axis=0)
    for name in set(_ENDS) & set(flows):
        shown[name] = np.where(is_whole, shown[name], np.nan)
    same = year.iloc[[0] * len(summed)].drop(columns=["country", "researchers", *flows])
    return same.reset_index(drop=True).assign(country=summed["country"].to_numpy(), **shown)


def _pooled_with_rest(people: pd.Series, protection: Protection) -> list[Hashable]:
    """Which countries go into the rest of the world: the small ones, and enough others.

    Args:
        people: Number by country. A rest of the world that is there already stays one.
        protection: Limits.
    """
    is_rest = people.index == REST_OF_WORLD
    is_chosen = (people < protection.min_people).to_numpy() | is_rest
    chosen = list(people.index[is_chosen])
    for country in people[~is_chosen].sort_values(kind="stable").index:
        hidden = [name for name in chosen if people[name] > 0]
        is_single = len(hidden) == 1 and hidden[0] != REST_OF_WORLD
        if not hidden or (people[hidden].sum() >= protection.min_people and not is_single):
            break
        chosen.append(country)
    return chosen
