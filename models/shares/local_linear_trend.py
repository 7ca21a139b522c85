"""Local linear trend of each country's log share (Harvey 1989, section 2.3.2)."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.statespace.structural import UnobservedComponents

from models.shares.per_series import CannotFitError, FittedSeries, PerSeries, StateSpaceFit

FloatArray = NDArray[np.float64]


class LocalLinearTrend(PerSeries):
    """Level and growth both wander, country by country."""

    name = "local_linear_trend"

    def fit_series(self, series: FloatArray) -> FittedSeries:
        """Maximise the likelihood of the three variances.

        One of them is often zero, where the optimiser reports trouble with its step although the
        likelihood is flat: the fit is used if its forecast is finite.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                result = UnobservedComponents(series, "lltrend").fit(
                    disp=False, maxiter=100, cov_type="none"
                )
                fitted = StateSpaceFit(result)
                mean, spread = fitted.forecast(1)
            except (LinAlgError, ValueError) as error:
                raise CannotFitError(f"no fit: {error}") from None
        if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
            raise CannotFitError("forecast is not finite")
        return fitted
