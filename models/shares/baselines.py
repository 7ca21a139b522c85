"""Baselines that every model must beat: the last value, and the last value with drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel
from models.shares.protocol import FittedForecaster
from models.shares.sampling import GaussianForecast

FloatArray = NDArray[np.float64]

#: Yearly standard deviation of log share below which no interval is believed.
SPREAD_FLOOR: Final = 0.002
#: With fewer yearly changes than this, the panel's typical spread counts beside the country's own.
ENOUGH_CHANGES: Final = 6
#: ... for as many changes as this.
BORROWED_CHANGES: Final = 3.0


@dataclass(frozen=True, eq=False)
class RandomWalk:
    """Random walks of log share, one per country; arrays of shape (n_countries,).

    Attributes:
        last: Last log share seen.
        drift: Mean yearly growth of log share.
        spread: Standard deviation of yearly growth.
        n_changes: Yearly changes that `drift` is the mean of; infinite if drift is assumed.
    """

    last: FloatArray
    drift: FloatArray
    spread: FloatArray
    n_changes: FloatArray

    def mean(self, horizons: Sequence[int]) -> FloatArray:
        """Return mean log shares, shape (n_horizons, n_countries)."""
        return np.asarray(self.last + _column(horizons) * self.drift)

    def standard_deviation(self, horizons: Sequence[int]) -> FloatArray:
        """Return standard deviations of log share, shape (n_horizons, n_countries).

        Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, table 5.2.
        """
        years = _column(horizons)
        return np.asarray(self.spread * np.sqrt(years * (1 + years / self.n_changes)))

    def forecast(
        self, panel: Panel, horizons: Sequence[int], *, fallbacks: Mapping[str, str] | None = None
    ) -> GaussianForecast:
        """Return the walk as a fitted forecaster of the panel it was estimated from."""
        mean, deviation = self.mean(horizons), self.standard_deviation(horizons)
        return GaussianForecast(panel, horizons, mean, deviation, fallbacks)


def fit_drift(panel: Panel) -> RandomWalk:
    """Estimate a random walk with each country's own mean growth."""
    last, changes = _last_and_changes(panel)
    drift = np.nanmean(changes, axis=0)
    n_changes = np.isfinite(changes).sum(axis=0).astype(np.float64)
    squares = np.nansum((changes - drift) ** 2, axis=0) / np.maximum(n_changes - 1, 1)
    return RandomWalk(last, drift, _moderated(squares, n_changes), n_changes)


def fit_naive(panel: Panel) -> RandomWalk:
    """Estimate a random walk without drift."""
    last, changes = _last_and_changes(panel)
    n_changes = np.isfinite(changes).sum(axis=0).astype(np.float64)
    squares = np.nanmean(changes**2, axis=0)
    return RandomWalk(
        last,
        np.zeros_like(last),
        _moderated(squares, n_changes),
        np.full_like(last, np.inf),
    )


class Naive:
    """Next year's log share is this year's, give or take."""

    name = "naive"

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Learn the last log share and the size of yearly changes."""
        return fit_naive(panel).forecast(panel, horizons)


class Drift:
    """Log share keeps each country's mean growth, give or take."""

    name = "drift"

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Learn the last log share, mean growth and its spread."""
        return fit_drift(panel).forecast(panel, horizons)


def _last_and_changes(panel: Panel) -> tuple[FloatArray, FloatArray]:
    """Return last log shares, and yearly changes with NaN beside every missing year.

    A change over a gap of k years stands once, divided by k, so that no year is lost and no
    change counts as if it had happened in one year.
    """
    logs = np.log(panel.shares().to_numpy(dtype=np.float64))
    n_years, n_countries = logs.shape
    changes = np.full((n_years - 1, n_countries), np.nan)
    for country in range(n_countries):
        seen = np.flatnonzero(np.isfinite(logs[:, country]))
        steps = np.diff(seen)
        changes[seen[1:] - 1, country] = np.diff(logs[seen, country]) / steps
    last = np.log(panel.carried_forward().iloc[-1].to_numpy(dtype=np.float64))
    return np.asarray(last - np.log(np.exp(last).sum())), changes


def _moderated(variances: FloatArray, n_changes: FloatArray) -> FloatArray:
    """Return standard deviations; few own changes are averaged with the panel's median."""
    borrowed = np.where(n_changes < ENOUGH_CHANGES, BORROWED_CHANGES, 0.0)
    own = np.nan_to_num(variances)
    typical = float(np.median(own))
    pooled = (n_changes * own + borrowed * typical) / np.maximum(n_changes + borrowed, 1)
    return np.asarray(np.maximum(np.sqrt(pooled), SPREAD_FLOOR))


def _column(horizons: Sequence[int]) -> FloatArray:
    return np.asarray(horizons, dtype=np.float64)[:, None]
