"""What covariates explain of forecast errors.

Covariates of countries move shares slowly and not every year alike. A coefficient that changes its
mind from year to year is shrunk away, so that noise does not get in: with covariates permuted
between countries the step changes next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.shares.pooled.trend import PointForecast

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CovariateSettings:
    """How errors are regressed on covariates.

    Attributes:
        half_life_years: Of the weights of past years.
        ridge: Pull of coefficients to zero, per tenth of a country.
        huber: Errors are cut off at this many robust standard deviations.
        distrust: How many instabilities a coefficient loses.
        scale_power: A covariate acts in proportion to this power of the noise scale.
    """

    half_life_years: float = 6.0
    ridge: float = 5.0
    huber: float = 2.5
    distrust: float = 2.0
    scale_power: float = 0.75


def add_covariates(
    forecast: PointForecast, scale: FloatArray, scores: FloatArray, settings: CovariateSettings
) -> PointForecast:
    """Return the forecast with what covariates known at each origin explain of its errors.

    Args:
        forecast: Mean and past errors.
        scale: Shape (n_countries,), noise scales.
        scores: Shape (n_years, n_countries, n_covariates), from `covariate_scores`.
        settings: Weights and shrinkage.
    """
    effect = scale**settings.scale_power * np.median(scale) ** (1 - settings.scale_power)
    mean, errors = forecast.mean.copy(), forecast.errors.copy()
    for position, past in enumerate(forecast.errors):
        origins = np.flatnonzero(np.isfinite(past).any(axis=1))
        if len(origins) < 2:
            continue
        coefficients = _stable_coefficients(
            past[origins] / scale,
            scores[origins] * (effect / scale)[None, :, None],
            years_back=origins[-1] - origins,
            horizon=position + 1,
            settings=settings,
        )
        errors[position] -= scores @ coefficients * effect
        mean[position] += scores[-1] @ coefficients * effect
    return PointForecast(mean, errors)


def _stable_coefficients(
    errors: FloatArray,
    scores: FloatArray,
    *,
    years_back: NDArray[np.int64],
    horizon: int,
    settings: CovariateSettings,
) -> FloatArray:
    """Return ridge coefficients, each shrunk by b max(0, 1 - c V / b^2).

    V is the variance of the coefficient as the years vote on it: the sum of squares of the years'
    pulls on it, with the covariance of years whose horizons overlap (Newey and West 1987).

    Args:
        errors: Shape (n_origins, n_countries), in noise scales; NaN where there is none.
        scores: Shape (n_origins, n_countries, n_covariates).
        years_back: Shape (n_origins,), years before the last origin.
        horizon: Years by which errors of neighbouring origins overlap, plus one.
        settings: Weights and shrinkage.
    """
    usable = np.isfinite(errors)
    limit = settings.huber * np.median(np.abs(errors[usable])) * 1.4826
    cut = np.where(usable, np.clip(errors, -limit, limit), 0.0)
    seen = scores * usable[:, :, None]
    weights = 0.5 ** (years_back / settings.half_life_years)
    products = np.einsum("tdi,tdj->tij", seen, seen)
    with_errors = np.einsum("tdi,td->ti", seen, cut)
    n_origins, n_countries = errors.shape
    typical = np.einsum("tii->i", products) / (n_origins * n_countries)
    pull = np.diag(typical + 1e-6) * settings.ridge * n_countries / 10
    normal = np.tensordot(weights, products, 1) + pull
    coefficients = np.linalg.solve(normal, weights @ with_errors)
    votes = weights[:, None] * (with_errors - products @ coefficients)
    influence = np.linalg.solve(normal, votes.T).T
    variance = _variance_over_years(influence, horizon=horizon)
    kept = 1 - settings.distrust * variance / (coefficients**2 + 1e-12)
    return np.asarray(coefficients * np.clip(kept, 0, 1))


def _variance_over_years(influence: FloatArray, *, horizon: int) -> FloatArray:
    """Return the variance of summed yearly influences, shape (n_covariates,)."""
    n_origins = len(influence)
    squares = (influence**2).sum(axis=0)
    variance = squares.copy()
    for lag in range(1, horizon):
        if lag < n_origins:
            overlap = 1 - lag / horizon
            variance += 2 * overlap * (influence[lag:] * influence[:-lag]).sum(axis=0)
    small_sample = n_origins / (n_origins - 1)
    # Long horizons rest on few independent years, which the sum above cannot see.
    enough = np.maximum(variance, squares / 2) * small_sample
    return np.asarray(enough + squares * (horizon - 1) / 2)
