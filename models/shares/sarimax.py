"""SARIMAX(1,1,0) on each country's log share: the transparent model beside the pooled one."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from statsmodels.tsa.statespace.kalman_filter import KalmanFilter
from statsmodels.tsa.statespace.sarimax import SARIMAX

from models.shares.per_series import CannotFitError, FittedSeries, PerSeries

FloatArray = NDArray[np.float64]

#: The autoregression is sought within this distance of zero.
STATIONARY: Final = 0.999


class Sarimax110(PerSeries):
    """Growth of log share is an AR(1), country by country."""

    name = "sarimax110"

    def fit_series(self, series: FloatArray) -> FittedSeries:
        """Maximise the likelihood."""
        # With the variance concentrated out one parameter is left; a bounded search of it takes a
        # third of the time of the general optimiser and cannot stop half-way.
        model = SARIMAX(series, order=(1, 1, 0), concentrate_scale=True)
        found = minimize_scalar(
            lambda autoregression: -model.loglike(np.array([autoregression])),
            bounds=(-STATIONARY, STATIONARY),
            method="bounded",
            options={"xatol": 1e-4},
        )
        if not (found.success and np.isfinite(found.fun)):
            raise CannotFitError("did not converge")
        model.update(np.array([found.x]), transformed=True)
        return _Filtered(model.ssm)


class _Filtered:
    """A state space model at its parameters.

    Forecasts follow from the last predicted state; the results object of `statsmodels` would first
    take longer than the search to compute what is not asked for.
    """

    def __init__(self, representation: KalmanFilter) -> None:
        self._filtered = representation.filter()

    def forecast(self, n_horizons: int) -> tuple[FloatArray, FloatArray]:
        """Return means and standard deviations 1, 2 ... n_horizons years ahead."""
        design, transition = (self._filtered.design[:, :, 0], self._filtered.transition[:, :, 0])
        selection = self._filtered.selection[:, :, 0]
        noise = selection @ self._filtered.state_cov[:, :, 0] @ selection.T
        state = self._filtered.predicted_state[:, -1]
        spread = self._filtered.predicted_state_cov[:, :, -1]
        mean, variance = np.empty(n_horizons), np.empty(n_horizons)
        for ahead in range(n_horizons):
            mean[ahead] = (design @ state)[0]
            variance[ahead] = (design @ spread @ design.T)[0, 0]
            state, spread = transition @ state, transition @ spread @ transition.T + noise
        return mean, np.sqrt(variance)
