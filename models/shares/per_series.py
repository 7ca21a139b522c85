"""Models that look at one country at a time, and fall back to drift where they cannot."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from statsmodels.tsa.statespace.mlemodel import MLEResults

from features.panel import Panel
from models.shares.baselines import SPREAD_FLOOR, fit_drift
from models.shares.protocol import Draws
from models.shares.sampling import gaussian_draws

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
    walk with drift; `fallbacks` says which and why. Subclasses give `name` and `fit_series`.
    """

    name: str

    def __init__(self) -> None:
        self.fallbacks: Mapping[str, str] = {}

    def fit_series(self, series: FloatArray) -> FittedSeries:
        """Fit a series that starts at 0 and has unit standard deviation; NaN where missing.

        Raises:
            CannotFitError: If there is no usable fit.
        """
        raise NotImplementedError

    def fit(self, panel: Panel) -> Self:
        """Fit every country."""
        self._panel = panel
        self._drift = fit_drift(panel)
        self._fitted: dict[int, tuple[FittedSeries, float, float]] = {}
        reasons: dict[str, str] = {}
        logs = np.log(panel.shares().to_numpy(dtype=np.float64))
        for position, country in enumerate(panel.countries):
            try:
                self._fitted[position] = self._fit_standardised(logs[:, position])
            except CannotFitError as reason:
                reasons[country] = str(reason)
        self.fallbacks = reasons
        if reasons:
            logger.info("%d of %d series use drift instead", len(reasons), len(panel.countries))
        return self

    def sample(self, horizons: Sequence[int], n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures, independent over countries but for closure."""
        mean = self._drift.mean(horizons)
        spread = self._drift.standard_deviation(horizons)
        at = np.asarray(horizons) - 1
        for position, (fitted, start, unit) in self._fitted.items():
            ahead, deviation = fitted.forecast(max(horizons))
            mean[:, position] = ahead[at] * unit + start
            spread[:, position] = deviation[at] * unit
        floor = SPREAD_FLOOR * np.sqrt(np.asarray(horizons, dtype=np.float64))[:, None]
        return gaussian_draws(
            self._panel,
            horizons,
            mean=mean,
            standard_deviation=np.clip(spread, floor, WIDEST),
            n_draws=n_draws,
            rng=rng,
        )

    def _fit_standardised(self, log_share: FloatArray) -> tuple[FittedSeries, float, float]:
        seen = log_share[np.isfinite(log_share)]
        if len(seen) < MIN_OBSERVATIONS:
            raise CannotFitError(f"{len(seen)} years, needs {MIN_OBSERVATIONS}")
        start, unit = float(seen[0]), float(seen.std())
        if unit < 1e-9:
            raise CannotFitError("constant")
        return self.fit_series((log_share - start) / unit), start, unit
