"""How much of a year a source has counted so far, learned from years that it has finished."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

#: Smallest variance of log completeness: a source is never known to the last paper.
_SMALLEST: Final = 4e-6
#: Where the two variances are sought from, and in how many rounds they no longer change.
_FIRST_WITHIN: Final = 1e-3
_FIRST_BETWEEN: Final = 4e-3
_ROUNDS: Final = 6
#: Keeps one country without counting noise from outweighing all others.
_WEIGHT_FLOOR: Final = 5e-4


@dataclass(frozen=True, eq=False)
class Completeness:
    """Completeness of a year of some age, by country.

    Attributes:
        overall: Counted so far over counted in the end, all countries together.
        log_ratio: Shape (n_countries,). A country's log completeness less that of all.
        variance: Shape (n_countries,). Of `log_ratio` for a new year.
        overall_variance: Of the logarithm of `overall` for a new year.
        n_years: Years that it was learned from; 0 if it is stated.
    """

    overall: float
    log_ratio: FloatArray = field(repr=False)
    variance: FloatArray = field(repr=False)
    overall_variance: float = 0.0
    n_years: int = 0


def learn_completeness(partial: FloatArray, final: FloatArray) -> Completeness:
    """Learn from earlier years, each as it stood at the same age and as it stands now.

    A country is faster or slower than the rest for good, by a little more or less each year. Both
    variances are pooled over countries, less the noise of counting; a country's own ratio is
    shrunk to that of all by as much as its few years and small counts ask for.

    Args:
        partial: Shape (n_years, n_countries), positive. Counted when the year was that old.
        final: Same shape. Counted in the end.

    Raises:
        ValueError: If there are fewer than two years, or a count is not positive.
    """
    if partial.shape != final.shape or len(partial) < 2:
        raise ValueError("Two or more years are needed, each counted early and in the end.")
    if not ((partial > 0).all() and (final > 0).all()):
        raise ValueError("Counts must be positive. Add one half to all of them.")
    overall = float(partial.sum() / final.sum())
    noise = (1 - min(overall, 1.0)) / np.maximum(final * overall, 1.0)
    ratio = np.log(partial / final)
    weights = 1 / (noise + _WEIGHT_FLOOR)
    ratio = ratio - (ratio * weights).sum(1, keepdims=True) / weights.sum(1, keepdims=True)
    within, between = _variances(ratio, noise)
    precision = 1 / (within + noise)
    mean = (ratio * precision).sum(axis=0) / precision.sum(axis=0)
    uncertain = 1 / precision.sum(axis=0)
    kept = between / (between + uncertain)
    levels = np.log(partial.sum(axis=1) / final.sum(axis=1))
    of_level = max(float(levels.var(ddof=1)), _SMALLEST)
    return Completeness(overall, kept * mean, kept * uncertain + within, of_level, len(partial))


def stated_completeness(overall: float, spread: float, n_countries: int) -> Completeness:
    """Return what a source says of itself, where no earlier year is known at the same age.

    Args:
        overall: Counted so far over what will be counted in the end.
        spread: Standard deviation of log completeness from country to country.
        n_countries: How many.
    """
    variance = spread**2
    return Completeness(
        overall, np.zeros(n_countries), np.full(n_countries, variance), float(variance)
    )


def _variances(ratio: FloatArray, noise: FloatArray) -> tuple[float, float]:
    """Return the variance of log completeness from year to year, and from country to country."""
    n_years = len(ratio)
    mean = ratio.mean(axis=0)
    own = ((ratio - mean) ** 2).sum(axis=0) / (n_years - 1)
    noise = noise.mean(axis=0)
    within, between = _FIRST_WITHIN, _FIRST_BETWEEN
    for _ in range(_ROUNDS):
        within = _weighted(own - noise, 1 / (within + noise) ** 2)
        of_mean = (within + noise) / n_years
        between = _weighted(mean**2 - of_mean, 1 / (between + of_mean) ** 2)
    return within, between


def _weighted(values: FloatArray, weights: FloatArray) -> float:
    return max(float((values * weights).sum() / weights.sum()), _SMALLEST)
