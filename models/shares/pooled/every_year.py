"""Forecasts from every year of a history at once, as each of them would have been made.

Smoothers and regressions look only back. One pass over the years therefore leaves the forecasts
that a fit to the years until each one would have given; only the weights of the members of the
family are found anew in each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.shares.pooled.common import CommonParameters, PooledSettings
from models.shares.pooled.direct import FIRST_ORIGIN, direct_growth
from models.shares.pooled.history import History
from models.shares.pooled.noise_scale import NoisePrior, noise_scale
from models.shares.pooled.trend import (
    TrendPrior,
    TrendSettings,
    member_weights,
    run_members,
    squares_likelihood,
    trend_forecast,
)

FloatArray = NDArray[np.float64]


def noise_of_every_year(history: History, prior: NoisePrior) -> FloatArray:
    """Return noise scales as they stood from `FIRST_ORIGIN` on, or in the last year alone.

    Shape (n_years - FIRST_ORIGIN, n_parts), or (1, n_parts).
    """
    first = min(FIRST_ORIGIN, history.n_years - 1)
    years = range(first, history.n_years)
    return np.array([noise_scale(history.between(0, year + 1), prior) for year in years])


def forecasts_of_every_year(
    common: CommonParameters,
    history: History,
    scales: FloatArray,
    settings: PooledSettings,
    *,
    n_horizons: int,
) -> FloatArray:
    """Return expected log shares, shape (n_horizons, n_years, n_parts).

    NaN at years before `FIRST_ORIGIN`, but for the last one. Each row equals the mean that
    `forecast_with` gives for the history until that year.

    Args:
        common: What other panels have taught.
        history: Of one panel, or of several side by side.
        scales: From `noise_of_every_year`, with the noise prior of `common`.
        settings: As those of the parameters.
        n_horizons: Years ahead.
    """
    means = np.full((n_horizons, history.n_years, history.n_countries), np.nan)
    _trends(means, common.trend, history, scales, settings.trend)
    if settings.direct is not None and common.direct is not None and history.n_years > FIRST_ORIGIN:
        weight = settings.direct.weight
        direct = history.log_shares + direct_growth(history, common.direct)
        means = (1 - weight) * means + weight * direct[:n_horizons]
    return means


def _trends(
    means: FloatArray,
    prior: TrendPrior,
    history: History,
    scales: FloatArray,
    settings: TrendSettings,
) -> None:
    """Fill in the forecasts of the mixture of members. `means` is the caller's own array."""
    n_horizons, n_years, n_parts = means.shape
    members = settings.members()
    decay = 0.5 ** (1 / settings.half_life_years)
    squares, freedom = np.zeros((len(members), n_parts)), np.zeros(n_parts)
    first = n_years - len(scales)
    priors = prior.at(scales.ravel()).reshape(len(members), *scales.shape)
    for state in run_members(history.log_shares, history.is_seen, members):
        squares, freedom = decay * squares, decay * freedom
        if state.year >= settings.burn_in_years:
            squares = squares + state.error**2
            freedom = freedom + history.is_seen[state.year]
        if state.year >= first:
            at = state.year - first
            likelihood = squares_likelihood(squares, freedom, scales[at], settings)
            weights = member_weights(priors[:, at], likelihood)
            means[:, state.year] = trend_forecast(state, weights, members, n_horizons)
