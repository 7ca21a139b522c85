"""Models that look at one country at a time, and fall back to drift where they cannot."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from statsmodels.tsa.statespace.mlemodel import MLEResults

from features.panel import Panel
from models.shares.baselines import SPREAD_FLOOR, fit_drift
from models.shares.protocol import FittedForecaster
from models.shares.sampling import GaussianForecast

logger = logging.getLogger(__name__)

FloatArray = NDArray[np.float64]

#: A few more years than the parameters of a series.
MIN_OBSERVATIONS: Final = 6
#: Beyond this the share is as good as unknown, and a draw should not reach exp(30).
WIDEST: Final = 3.0


class CannotFitError(Exception):
    """Why a series has no fit."""


class FittedSeries(Protocol):
    """A model of one series, fitted."""

    def forecast(self, n_horizons: int) -> tuple[FloatArray, FloatArray]:
        """Return means and standard deviations 1, 2 ... n_horizons years ahead."""
        ...


class StateSpaceFit:
    """A fitted `statsmodels` state space model."""

    def __init__(self, result: MLEResults) -> None:
        self._result = result

    def forecast(self, n_horizons: int) -> tuple[FloatArray, FloatArray]:
        """Return means and standard deviations 1, 2 ... n_horizons years ahead."""
        ahead = self._result.get_forecast(n_horizons)
        return np.asarray(ahead.predicted_mean), np.sqrt(np.asarray(ahead.var_pred_mean))


class PerSeries:
    """Fits a model to each country's log share, with missing years allowed.

    Where a series is too short or constant, or its fit fails, the country falls back to a random
    walk with drift, and the fitted model says which and why. Subclasses give `name` and
    `fit_series`.
    """

    name: str

    def fit_series(self, series: FloatArray) -> FittedSeries:
        """Fit a series that starts at 0 and has unit standard deviation; NaN where missing.

        Raises:
            CannotFitError: If there is no usable fit.
        """
        raise NotImplementedError

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Fit every country; draws are independent over countries but for closure."""
        drift = fit_drift(panel)
        mean, spread = drift.mean(horizons), drift.standard_deviation(horizons)
        at = np.asarray(horizons) - 1
        reasons: dict[str, str] = {}
        logs = np.log(panel.shares().to_numpy(dtype=np.float64))
        for position, country in enumerate(panel.countries):
            try:
                fitted, start, unit = self._fit_standardised(logs[:, position])
            except CannotFitError as reason:
                reasons[country] = str(reason)
                continue
            ahead, deviation = fitted.forecast(max(horizons))
            mean[:, position] = ahead[at] * unit + start
            spread[:, position] = deviation[at] * unit
        if reasons:
            logger.info("%d of %d series use drift instead", len(reasons), len(panel.countries))
        floor = SPREAD_FLOOR * np.sqrt(np.asarray(horizons, dtype=np.float64))[:, None]
        return GaussianForecast(panel, horizons, mean, np.clip(spread, floor, WIDEST), reasons)

    def _fit_standardised(self, log_share: FloatArray) -> tuple[FittedSeries, float, float]:
        seen = log_share[np.isfinite(log_share)]
        if len(seen) < MIN_OBSERVATIONS:
            raise CannotFitError(f"{len(seen)} years, needs {MIN_OBSERVATIONS}")
        start, unit = float(seen[0]), float(seen.std())
        if unit < 1e-9:
            raise CannotFitError("constant")
        return self.fit_series((log_share - start) / unit), start, unit
