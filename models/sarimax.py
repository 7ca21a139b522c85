"""SARIMAX(1,1,0) on each country's log share: the transparent model beside the pooled one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from statsmodels.tsa.statespace.sarimax import SARIMAX

from features.panel import Panel
from models.base import Draws
from models.baselines import SPREAD_FLOOR, fit_drift
from models.sampling import gaussian_draws

logger = logging.getLogger(__name__)

FloatArray = NDArray[np.float64]

#: Two parameters of one series need a few changes more than parameters.
MIN_OBSERVATIONS: Final = 6
#: The autoregression is sought within this distance of zero.
STATIONARY: Final = 0.999
#: Beyond this the share is as good as unknown, and a draw should not reach exp(30).
WIDEST: Final = 3.0


class Sarimax110:
    """Growth of log share is an AR(1), fitted country by country with missing years allowed.

    Where a series is too short or constant, or the fit does not converge, the country falls back to
    a random walk with drift; `fallbacks` says which and why.
    """

    name = "sarimax110"

    def __init__(self) -> None:
        self.fallbacks: Mapping[str, str] = {}

    def fit(self, panel: Panel) -> Self:
        """Fit every country."""
        self._panel = panel
        self._drift = fit_drift(panel)
        self._results: dict[int, _Fitted] = {}
        reasons: dict[str, str] = {}
        logs = np.log(panel.shares().to_numpy(dtype=np.float64))
        for position, country in enumerate(panel.countries):
            try:
                self._results[position] = _Fitted(logs[:, position])
            except _CannotFitError as reason:
                reasons[country] = str(reason)
        self.fallbacks = reasons
        if reasons:
            logger.info("%d of %d series use drift instead", len(reasons), len(panel.countries))
        return self

    def sample(self, horizons: Sequence[int], n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures."""
        mean = self._drift.mean(horizons)
        spread = self._drift.standard_deviation(horizons)
        for position, fitted in self._results.items():
            mean[:, position], spread[:, position] = fitted.forecast(horizons)
        floor = SPREAD_FLOOR * np.sqrt(np.asarray(horizons, dtype=np.float64))[:, None]
        return gaussian_draws(
            self._panel,
            horizons,
            mean=mean,
            standard_deviation=np.clip(spread, floor, WIDEST),
            n_draws=n_draws,
            rng=rng,
        )


class _CannotFitError(Exception):
    """Why a series has no SARIMAX fit."""


class _Fitted:
    """One fitted series, in units of its own standard deviation from its first value."""

    def __init__(self, log_share: FloatArray) -> None:
        seen = log_share[np.isfinite(log_share)]
        if len(seen) < MIN_OBSERVATIONS:
            raise _CannotFitError(f"{len(seen)} years, needs {MIN_OBSERVATIONS}")
        self._start, self._unit = float(seen[0]), float(seen.std())
        if self._unit < 1e-9:
            raise _CannotFitError("constant")
        # With the variance concentrated out one parameter is left; a bounded search of it takes a
        # third of the time of the general optimiser and cannot stop half-way.
        scaled = (log_share - self._start) / self._unit
        model = SARIMAX(scaled, order=(1, 1, 0), concentrate_scale=True)
        found = minimize_scalar(
            lambda autoregression: -model.loglike(np.array([autoregression])),
            bounds=(-STATIONARY, STATIONARY),
            method="bounded",
            options={"xatol": 1e-4},
        )
        if not (found.success and np.isfinite(found.fun)):
            raise _CannotFitError("did not converge")
        self._result = model.filter(np.array([found.x]))

    def forecast(self, horizons: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return mean and standard deviation of log share at each horizon."""
        ahead = self._result.get_forecast(max(horizons))
        at = np.asarray(horizons) - 1
        mean = np.asarray(ahead.predicted_mean)[at] * self._unit + self._start
        return mean, np.sqrt(np.asarray(ahead.var_pred_mean))[at] * self._unit
