"""A reporting triangle: how full years were at each age, as stated and as own vintages tell.

The age of a year is in months since it began. A source states how much it has counted by some
ages; a vintage of the same population that was read earlier tells how much was really there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.nowcast.completeness import Completeness, learn_completeness, stated_completeness

FloatArray = NDArray[np.float64]

#: A source that has counted next to nothing says next to nothing.
_LEAST: Final = 0.005
#: Standard deviation from year to year, of what a statement may be off.
_WITHIN: Final = 0.25
#: A statement about a year of less than this much growth has nothing to be corrected by.
_ENOUGH_GROWTH: Final = 0.01
#: So much of the growth must be seen for a year to count as seen from one end to the other.
_WHOLE: Final = 0.9


@dataclass(frozen=True, slots=True)
class StatedDelay:
    """What is known of a source's delay before any of its years was watched.

    Attributes:
        counted_by_month: Counted so far over counted in the end, by months since the year began.
            Rising; the last one is 1. Nothing is counted at the beginning.
        spread: Standard deviation of log completeness, over countries and of the statement itself,
            of a year of which nothing is counted. It shrinks as the year fills up.
    """

    counted_by_month: Mapping[int, float]
    spread: float

    def completeness(self, age_months: float) -> float:
        """Return how much of a year of an age is counted, linear between what is stated.

        Example:
            >>> round(StatedDelay({12: 0.8, 18: 1.0}, 0.5).completeness(15), 3)
            0.9
        """
        months = [0, *sorted(self.counted_by_month)]
        parts = [0.0, *(self.counted_by_month[month] for month in months[1:])]
        return max(float(np.interp(age_months, months, parts)), _LEAST)

    def growth(self, first_age: float, last_age: float) -> float:
        """Return by how much the logarithm of what is counted grows from one age to another."""
        return float(np.log(self.completeness(last_age) / self.completeness(first_age)))


@dataclass(frozen=True, eq=False)
class WatchedYear:
    """One earlier year, in two vintages.

    Attributes:
        first_age: In months, when `partial` was read.
        last_age: When `later` was read.
        partial: Shape (n_countries,), positive; NaN where a vintage lacks the country.
        later: Same shape.
    """

    first_age: float
    last_age: float
    partial: FloatArray = field(repr=False)
    later: FloatArray = field(repr=False)


def completeness_at(
    age_months: float, n_countries: int, delay: StatedDelay, watched: Sequence[WatchedYear]
) -> Completeness:
    """Return the completeness of a year of some age: stated, and corrected by years watched.

    Every year watched from about that age on is a measurement of the growth to come, as exact as
    the part of it that was seen. With two or more years seen to their end, the ratios of countries
    are those of `learn_completeness`, whose variances are theirs too.

    Args:
        age_months: Of the year to estimate.
        n_countries: How many.
        delay: Stated.
        watched: Earlier years; empty for what is stated.
    """
    stated = delay.completeness(age_months)
    prior = stated_completeness(stated, delay.spread * (1 - stated), n_countries)
    growth = -np.log(stated)
    if growth < _ENOUGH_GROWTH or not watched:
        return prior
    seen = np.array([min(delay.growth(one.first_age, one.last_age) / growth, 1) for one in watched])
    useful = seen > 0
    partial, later = (
        np.array([getattr(one, name) for one in watched])[useful] for name in ("partial", "later")
    )
    seen = seen[useful]
    if not len(seen):
        return prior
    overall = _combined(
        prior.overall_variance,
        np.log(stated),
        _overall_growth(partial, later)[:, None] - (1 - seen[:, None]) * growth,
        seen[:, None],
    )
    whole = (seen >= _WHOLE) & np.isfinite(partial + later).all(axis=1)
    if whole.sum() > 1:
        learned = learn_completeness(partial[whole], later[whole])
        ratio, variance = learned.log_ratio, learned.variance
    else:
        ratio, variance = _ratios(prior, partial, later, seen)
    mean, overall_variance = (float(value[0]) for value in overall)
    n_years = len(seen)
    return Completeness(min(float(np.exp(mean)), 1.0), ratio, variance, overall_variance, n_years)


def _overall_growth(partial: FloatArray, later: FloatArray) -> FloatArray:
    """Return the logarithm of partial over later, all countries together, by year."""
    known = np.isfinite(partial + later)
    sums = [np.where(known, table, 0.0).sum(axis=1) for table in (partial, later)]
    return np.asarray(np.log(np.maximum(sums[0], 0.5) / np.maximum(sums[1], 0.5)))


def _ratios(
    prior: Completeness, partial: FloatArray, later: FloatArray, seen: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return log ratios of countries to all, and their variances, few years being known."""
    ratio = np.log(partial / later) - _overall_growth(partial, later)[:, None]
    noise = np.maximum(1 - partial / later, 0.0) / np.maximum(partial, 0.5)
    return _combined(prior.variance, prior.log_ratio, ratio, seen[:, None], noise)


def _combined(
    variance: FloatArray | float,
    mean: FloatArray | float,
    measured: FloatArray,
    seen: FloatArray,
    noise: FloatArray | float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Combine a statement with measurements by their precisions; years are rows.

    A measured year differs from the next one, and what was not seen of it may be off as the
    statement may be.

    Returns:
        Mean and variance for a new year.
    """
    within = _WITHIN**2 * np.asarray(variance)
    unseen = (1 - seen) ** 2 * np.asarray(variance)
    precision = np.where(np.isfinite(measured), 1 / (within + unseen + noise), 0.0)
    total = 1 / np.asarray(variance) + precision.sum(axis=0)
    combined = (
        np.asarray(mean) / np.asarray(variance) + (precision * np.nan_to_num(measured)).sum(axis=0)
    ) / total
    return combined, 1 / total + within
