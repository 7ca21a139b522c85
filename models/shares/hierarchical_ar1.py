"""Hierarchical AR(1) of growth, after the migration model of Azose and Raftery (2015).

Growth of log share returns to a country's own mean; the means come from one normal distribution,
the variances from one inverse gamma distribution. Sampled by Gibbs steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from features.composition import close_logs
from features.panel import Panel
from models.shares.baselines import SPREAD_FLOOR
from models.shares.pooled.history import History
from models.shares.protocol import Draws, FittedForecaster
from models.shares.sampling import stratified_normals

FloatArray = NDArray[np.float64]

BURN_IN: Final = 300
KEPT_STEPS: Final = 500
#: Shape of the inverse gamma distribution of variances.
VARIANCE_SHAPE: Final = 2.0
SMALLEST_VARIANCE: Final = 1e-8


@dataclass(frozen=True, eq=False)
class _Parameters:
    """One state of the sampler; arrays of shape (n_countries,)."""

    mean: FloatArray
    persistence: FloatArray
    variance: FloatArray
    common_mean: float
    common_variance: float
    variance_scale: float


class HierarchicalAR1:
    """Growth of log share is an AR(1) around a mean that countries partly share."""

    name = "hierarchical_ar1"

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Read the panel; the posterior is drawn from when it is sampled."""
        return _FittedAR1(panel, tuple(horizons), History.of(panel).log_shares)


@dataclass(frozen=True, eq=False)
class _FittedAR1:
    panel: Panel
    horizons: tuple[int, ...]
    log_shares: FloatArray
    fallbacks: None = None

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw parameters from the posterior, and one future from each."""
        growth = np.diff(self.log_shares, axis=0)
        states = _posterior(growth, rng)
        chosen = [states[index] for index in np.linspace(0, KEPT_STEPS - 1, n_draws).astype(int)]
        mean = np.array([state.mean for state in chosen])
        persistence = np.array([state.persistence for state in chosen])
        spread = np.sqrt([state.variance for state in chosen])
        spread = np.maximum(spread, SPREAD_FLOOR)
        level = np.repeat(self.log_shares[-1:], n_draws, axis=0)
        current = np.repeat(growth[-1:], n_draws, axis=0)
        shares = np.empty((len(self.horizons), *level.shape))
        for year in range(1, max(self.horizons) + 1):
            shocks = stratified_normals(n_draws, level.shape[1], rng) * spread
            current = mean + persistence * (current - mean) + shocks
            level = level + current
            if year in self.horizons:
                shares[self.horizons.index(year)] = close_logs(level)
        return Draws(self.panel.countries, self.panel.origin, self.horizons, shares)


def _posterior(growth: FloatArray, rng: np.random.Generator) -> list[_Parameters]:
    means = growth.mean(axis=0)
    variance = growth.var(axis=0) / 2 + SPREAD_FLOOR**2
    state = _Parameters(
        mean=means,
        persistence=np.full(len(means), 0.5),
        variance=variance,
        common_mean=0.0,
        common_variance=float(means.var()) + SPREAD_FLOOR**2,
        variance_scale=float(np.median(variance)),
    )
    kept = []
    for step in range(BURN_IN + KEPT_STEPS):
        state = _gibbs_step(state, growth[:-1], growth[1:], rng)
        if step >= BURN_IN:
            kept.append(state)
    return kept


def _gibbs_step(
    state: _Parameters, before: FloatArray, after: FloatArray, rng: np.random.Generator
) -> _Parameters:
    n_years, n_countries = before.shape
    mean = _draw_means(state, before, after, rng)
    persistence = _draw_persistence(replace(state, mean=mean), before - mean, after - mean, rng)
    residuals = after - mean - persistence * (before - mean)
    variance = (state.variance_scale + (residuals**2).sum(axis=0) / 2) / rng.gamma(
        VARIANCE_SHAPE + n_years / 2, 1, n_countries
    )
    # A series that never moves would have variance zero, and precision without end.
    variance = np.maximum(variance, SMALLEST_VARIANCE)
    scale = rng.gamma(n_countries * VARIANCE_SHAPE + 1e-3) / ((1 / variance).sum() + 1e-9)
    common_mean = mean.mean() + np.sqrt(state.common_variance / n_countries) * rng.standard_normal()
    common_variance = (1e-6 + ((mean - common_mean) ** 2).sum() / 2) / rng.gamma(
        n_countries / 2 + 1
    )
    return _Parameters(
        mean, persistence, variance, float(common_mean), float(common_variance), float(scale)
    )


def _draw_means(
    state: _Parameters, before: FloatArray, after: FloatArray, rng: np.random.Generator
) -> FloatArray:
    left = 1 - state.persistence
    precision = len(before) * left**2 / state.variance + 1 / state.common_variance
    pull = ((after - state.persistence * before).sum(axis=0) * left) / state.variance
    center = (pull + state.common_mean / state.common_variance) / precision
    return np.asarray(center + rng.standard_normal(len(center)) / np.sqrt(precision))


def _draw_persistence(
    state: _Parameters, before: FloatArray, after: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw from a normal distribution cut to (0, 1) by inverting its distribution function."""
    squares = (before**2).sum(axis=0) + 1e-12
    spread = np.sqrt(state.variance / squares)
    center = (before * after).sum(axis=0) / squares
    low, high = ndtr(-center / spread), ndtr((1 - center) / spread)
    level = low + rng.uniform(size=len(center)) * (high - low)
    drawn = center + spread * ndtri(np.clip(level, 1e-9, 1 - 1e-9))
    return np.asarray(np.clip(drawn, 0, 0.999))
