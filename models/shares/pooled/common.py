"""What all countries of a panel have in common, and forecasts made with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.shares.pooled.covariate_step import CovariateSettings
from models.shares.pooled.direct import (
    FIRST_ORIGIN,
    DirectCoefficients,
    DirectSettings,
    fit_direct,
    learn_direct,
)
from models.shares.pooled.distribution import DistributionSettings
from models.shares.pooled.history import History
from models.shares.pooled.noise_scale import NoisePrior, learn_noise_prior, noise_scale
from models.shares.pooled.trend import (
    PointForecast,
    TrendPrior,
    TrendSettings,
    fit_trend,
    learn_trend_prior,
    member_likelihood,
    member_weights,
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PooledSettings:
    """Parts of the model; None switches a part off.

    Attributes:
        trend: The damped trends.
        direct: The direct regressions, averaged with the trend.
        covariates: What covariates explain of the errors; needs covariates to do anything.
        distribution: Width and shape.
    """

    trend: TrendSettings = field(default_factory=TrendSettings)
    direct: DirectSettings | None = field(default_factory=DirectSettings)
    covariates: CovariateSettings | None = field(default_factory=CovariateSettings)
    distribution: DistributionSettings = field(default_factory=DistributionSettings)


@dataclass(frozen=True, eq=False)
class CommonParameters:
    """What many countries agree on, and another panel can borrow."""

    noise: NoisePrior
    trend: TrendPrior
    direct: DirectCoefficients | None

    def until(self, years_before_end: int) -> CommonParameters:
        """Return the parameters for a panel that ends so many years before this one did."""
        if years_before_end == 0 or self.direct is None:
            return self
        return replace(self, direct=self.direct.until(years_before_end))


def learn_common(
    history: History, settings: PooledSettings, *, n_horizons: int
) -> tuple[CommonParameters, PointForecast]:
    """Learn from all countries of a panel, and forecast them with it."""
    common, scale, likelihood = _learn(history, settings, n_horizons)
    weights = member_weights(common.trend.at(scale), likelihood)
    return common, _forecast(common, history, weights, settings, n_horizons)


def learn_parameters(
    history: History,
    settings: PooledSettings,
    *,
    n_horizons: int,
    noise: NoisePrior | None = None,
) -> CommonParameters:
    """Learn from all countries of a panel; their noise prior may be known already."""
    return _learn(history, settings, n_horizons, noise)[0]


def forecast_with(
    common: CommonParameters, history: History, settings: PooledSettings, *, n_horizons: int
) -> PointForecast:
    """Forecast a panel with what another one has taught."""
    scale = noise_scale(history, common.noise)
    likelihood = member_likelihood(history, scale, settings.trend)
    weights = member_weights(common.trend.at(scale), likelihood)
    return _forecast(common, history, weights, settings, n_horizons)


def _learn(
    history: History,
    settings: PooledSettings,
    n_horizons: int,
    noise: NoisePrior | None = None,
) -> tuple[CommonParameters, FloatArray, FloatArray]:
    """Return what is common, noise scales, and likelihoods of the members of the trend."""
    noise = noise or learn_noise_prior(history)
    scale = noise_scale(history, noise)
    likelihood = member_likelihood(history, scale, settings.trend)
    trend = learn_trend_prior(likelihood, scale, settings.trend)
    direct = None
    if settings.direct is not None:
        direct = learn_direct(history, scale, n_horizons=n_horizons, settings=settings.direct)
    return CommonParameters(noise, trend, direct), scale, likelihood


def _forecast(
    common: CommonParameters,
    history: History,
    weights: FloatArray,
    settings: PooledSettings,
    n_horizons: int,
) -> PointForecast:
    trend = fit_trend(history, weights, n_horizons=n_horizons, settings=settings.trend)
    if settings.direct is None or common.direct is None or history.n_years <= FIRST_ORIGIN:
        return trend
    return _average(trend, fit_direct(history, common.direct), weight=settings.direct.weight)


def _average(first: PointForecast, second: PointForecast, *, weight: float) -> PointForecast:
    """Average two forecasts and, where both made one, their errors."""
    return PointForecast(
        (1 - weight) * first.mean + weight * second.mean,
        (1 - weight) * first.errors + weight * second.errors,
    )
