"""SARIMAX(1,1,0) on each country's log share: the transparent model beside the pooled one."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from statsmodels.tsa.statespace.sarimax import SARIMAX

from models.shares.per_series import CannotFitError, FittedSeries, PerSeries, StateSpaceFit

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
        return StateSpaceFit(model.filter(np.array([found.x])))
