"""Log shares one year on: a local level with a damped trend, and counts that are noisy.

Every country has a process variance of its own, shrunk to that of countries of its size. How much
of it is trend, how fast a trend fades, and the scale of it all are averaged over a grid, weighted
by how well each point foresaw the years known so far (Harvey, 1989, Forecasting, Structural Time
Series Models and the Kalman Filter, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

#: Years that say something about the next one.
_MEMORY: Final = 8
#: Share of the process variance that changes the trend; what a year leaves of a trend; scale.
_GRID: Final = tuple(product((0.2, 0.5, 0.8, 0.95), (0.7, 0.85, 0.95), (0.35, 0.6, 1.0, 1.6)))
#: Innovations of countries are not independent: their likelihood counts a third.
_TEMPERATURE: Final = 3.0
#: How many years of its own a country's variance is shrunk by.
_PRIOR_YEARS: Final = 3.0
_SMALLEST: Final = 1e-5
_SMALLEST_POOLED: Final = 2e-5
#: Weight of a country in the pool: noise of this variance counts as much as that of its count.
_NOISE_FLOOR: Final = 2e-3


@dataclass(frozen=True, eq=False)
class LogShares:
    """Log shares of the next year, before anything of it is counted.

    Attributes:
        mean: Shape (n_countries,).
        variance: Same shape. Of the share behind the counts, without the noise of counting.
    """

    mean: FloatArray
    variance: FloatArray = field(repr=False)


def next_log_shares(counts: FloatArray) -> LogShares:
    """Predict the log shares of the year after the last.

    Args:
        counts: Shape (n_years, n_countries), positive, of finished years.

    Raises:
        ValueError: If there are fewer than four years.
    """
    if len(counts) < 4:
        raise ValueError("Four or more finished years are needed.")
    shares = np.log(counts / counts.sum(axis=1, keepdims=True))
    sizes = _smoothed_sizes(shares, counts.sum(axis=1, keepdims=True))
    years = min(_MEMORY, len(counts) - 2)
    shares, noise = shares[-years - 1 :], 1 / sizes[-years - 1 :]
    process = _process_variance(shares, noise, sizes[-1])
    runs = [_filtered(shares, noise, scale * process, a, rho) for a, rho, scale in _GRID]
    likelihood = np.array([run[2] for run in runs])
    likelihood = likelihood + likelihood.sum(axis=1, keepdims=True) / _TEMPERATURE
    weights = np.exp(likelihood - likelihood.max(axis=0))
    weights /= weights.sum(axis=0)
    means, variances = (np.array([run[i] for run in runs]) for i in (0, 1))
    mean = (weights * means).sum(axis=0)
    return LogShares(mean, (weights * (variances + (means - mean) ** 2)).sum(axis=0))


def _smoothed_sizes(shares: FloatArray, totals: FloatArray) -> FloatArray:
    """Expected counts: the noise of a count follows from what was expected, not from the count."""
    padded = np.concatenate([shares[:1], shares, shares[-1:]])
    total = padded[:-2] + padded[1:-1] + padded[2:]
    n = np.full((len(shares), 1), 3.0)
    total[[0, -1]] -= shares[[0, -1]]
    n[[0, -1]] = 2.0
    return np.asarray(np.exp(total / n) * totals)


def _process_variance(shares: FloatArray, noise: FloatArray, sizes: FloatArray) -> FloatArray:
    """Variance of yearly growth beyond the noise of counting, by country."""
    noise = (noise[1:] + noise[:-1]).mean(axis=0)
    own = (np.diff(shares, axis=0) ** 2).mean(axis=0) - noise
    log_sizes = np.log(sizes)
    near = np.exp(-0.5 * (log_sizes[:, None] - log_sizes[None, :]) ** 2)
    near = near / (noise + _NOISE_FLOOR)[None, :] ** 2
    pooled = np.maximum((near @ own) / near.sum(axis=1), _SMALLEST_POOLED)
    informative = (len(shares) - 1) * (pooled / (pooled + noise)) ** 2
    found = (_PRIOR_YEARS * pooled + informative * np.maximum(own, 0)) / (
        _PRIOR_YEARS + informative
    )
    return np.asarray(np.maximum(found, _SMALLEST))


def _filtered(
    shares: FloatArray, noise: FloatArray, process: FloatArray, a: float, rho: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean and variance of the next log share, and the log likelihood of the last years.

    The state of a country is its log share and its trend, which keeps `rho` of itself in a year.
    """
    of_trend, of_level = a * process * (1 - rho**2), (1 - a) * process
    level, trend = shares[0], np.zeros_like(process)
    var, cov, var_trend = noise[0] + process, np.zeros_like(process), a * process
    likelihood = np.zeros_like(process)
    for at in range(1, len(shares) + 1):
        level, trend = level + rho * trend, rho * trend
        var = var + 2 * rho * cov + rho**2 * var_trend + of_level + of_trend
        cov = rho * cov + rho**2 * var_trend + of_trend
        var_trend = rho**2 * var_trend + of_trend
        if at == len(shares):
            break
        total = var + noise[at]
        error = shares[at] - level
        if at > 2:  # the first ones tell how far the filter was from where it began
            likelihood = likelihood - 0.5 * (np.log(total) + error**2 / total)
        gain, gain_trend = var / total, cov / total
        level, trend = level + gain * error, trend + gain_trend * error
        var, cov, var_trend = (
            var - gain * var,
            cov - gain * cov,
            var_trend - gain_trend * cov,
        )
    return level, var, likelihood
