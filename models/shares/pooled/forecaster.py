"""The pooled model put together: what is learned from many countries, then applied to each."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.composition import close_logs
from features.covariates import covariate_scores
from features.panel import Panel
from models.shares.baselines import fit_drift
from models.shares.pooled.covariate_step import CovariateSettings, add_covariates
from models.shares.pooled.direct import (
    FIRST_ORIGIN,
    DirectCoefficients,
    DirectSettings,
    fit_direct,
    learn_direct,
)
from models.shares.pooled.distribution import (
    DistributionSettings,
    ErrorModel,
    learn_error_models,
    spreads,
    volatility_features,
)
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
from models.shares.protocol import Draws, FittedForecaster
from models.shares.sampling import stratified_orders

FloatArray = NDArray[np.float64]

#: With fewer years there is no error to learn a scale from.
MIN_YEARS: Final = 7
#: With fewer parts, countries cannot tell each other much; a reference panel is asked instead.
MIN_COUNTRIES: Final = 10


class ShortPanelWarning(UserWarning):
    """The panel is too short for the pooled model, and drift was used in its place."""


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
class Learned:
    """What many countries agree on, and a small panel can borrow."""

    noise: NoisePrior
    trend: TrendPrior
    direct: DirectCoefficients | None
    errors: tuple[ErrorModel, ...]


class Pooled:
    """Damped trends, direct regressions and error scales, pooled over countries.

    A panel of fewer than 10 parts, or fewer than 7 years, takes what is common to all countries
    from the reference panel it is given. Without one, a short panel falls back to drift with a
    `ShortPanelWarning`.
    """

    name = "pooled"

    def __init__(
        self,
        *,
        settings: PooledSettings | None = None,
        covariates: pd.DataFrame | None = None,
        reference_panel: Panel | None = None,
    ) -> None:
        self._settings = settings or PooledSettings()
        self._covariates = covariates
        self._reference_panel = reference_panel

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Learn what countries have in common, and forecast each with it."""
        reference = self._usable_reference(panel)
        if reference is None and panel.counts.shape[0] < MIN_YEARS:
            return _drift(panel, horizons)
        n_horizons = max(horizons)
        # A handful of countries cannot tell what a covariate does from what happened to them; a
        # panel that lends them its errors lends those that it makes without covariates too.
        covariates = self._covariates if len(panel.countries) >= MIN_COUNTRIES else None
        learned, forecast = self._learn_from(reference or panel, covariates, n_horizons)
        if not learned.errors:
            return _drift(panel, horizons)
        if reference is not None:
            forecast = self._forecast_with(learned, panel, covariates, n_horizons)
        features = volatility_features(History.of(panel))
        scale = spreads(learned.errors, forecast.errors, features, self._settings.distribution)
        return _FittedPooled(panel, tuple(horizons), forecast.mean, scale, learned.errors)

    def _usable_reference(self, panel: Panel) -> Panel | None:
        """Return the reference panel if this one is small and the reference is not."""
        n_years, n_parts = panel.counts.shape
        reference = self._reference_panel
        is_small = n_years < MIN_YEARS or n_parts < MIN_COUNTRIES
        if reference is None or not is_small:
            return None
        enough = reference.counts.shape[0] >= MIN_YEARS and reference.counts.shape[1] > n_parts
        return reference if enough else None

    def _learn_from(
        self, panel: Panel, covariates: pd.DataFrame | None, n_horizons: int
    ) -> tuple[Learned, PointForecast]:
        """Learn from all countries of a panel, and forecast them with it."""
        settings = self._settings
        history = History.of(panel)
        noise = learn_noise_prior(history)
        scale = noise_scale(history, noise)
        likelihood = member_likelihood(history, scale, settings.trend)
        trend = learn_trend_prior(likelihood, scale, settings.trend)
        direct = None
        if settings.direct is not None:
            direct = learn_direct(history, scale, n_horizons=n_horizons, settings=settings.direct)
        weights = member_weights(trend.at(scale), likelihood)
        forecast = self._forecast(history, weights, direct, n_horizons)
        forecast = self._with_covariates(forecast, panel, scale, covariates)
        errors = learn_error_models(
            forecast.errors, volatility_features(history), settings.distribution
        )
        return Learned(noise, trend, direct, errors), forecast

    def _forecast_with(
        self, learned: Learned, panel: Panel, covariates: pd.DataFrame | None, n_horizons: int
    ) -> PointForecast:
        """Forecast a panel with what the reference panel has taught."""
        history = History.of(panel)
        scale = noise_scale(history, learned.noise)
        likelihood = member_likelihood(history, scale, self._settings.trend)
        weights = member_weights(learned.trend.at(scale), likelihood)
        forecast = self._forecast(history, weights, learned.direct, n_horizons)
        return self._with_covariates(forecast, panel, scale, covariates)

    def _forecast(
        self,
        history: History,
        weights: FloatArray,
        direct: DirectCoefficients | None,
        n_horizons: int,
    ) -> PointForecast:
        settings = self._settings
        trend = fit_trend(history, weights, n_horizons=n_horizons, settings=settings.trend)
        if settings.direct is None or direct is None or history.n_years <= FIRST_ORIGIN:
            return trend
        return _average(trend, fit_direct(history, direct), weight=settings.direct.weight)

    def _with_covariates(
        self,
        forecast: PointForecast,
        panel: Panel,
        scale: FloatArray,
        covariates: pd.DataFrame | None,
    ) -> PointForecast:
        if self._settings.covariates is None or covariates is None:
            return forecast
        scores = covariate_scores(covariates, panel)
        return add_covariates(forecast, scale, scores, self._settings.covariates)


@dataclass(frozen=True, eq=False)
class _FittedPooled:
    """Means and scales of shape (n_horizons, n_countries) for horizons 1, 2, ... and their shape.

    No series has fallen back: where the panel is too short, all do, to drift.
    """

    panel: Panel
    horizons: tuple[int, ...]
    mean: FloatArray
    scale: FloatArray
    errors: tuple[ErrorModel, ...]
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures: independent deviations of log share, then closure."""
        n_countries = len(self.panel.countries)
        levels = (np.arange(n_draws) + 0.5) / n_draws
        order = stratified_orders(n_draws, n_countries, rng)
        shares = np.empty((len(self.horizons), n_draws, n_countries))
        for at, horizon in enumerate(self.horizons):
            shape = self.errors[min(horizon, len(self.errors)) - 1]
            deviations = shape.deviations(levels)[order] * self.scale[horizon - 1]
            shares[at] = close_logs(self.mean[horizon - 1] + deviations)
        return Draws(self.panel.countries, self.panel.origin, self.horizons, shares)


def _drift(panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
    n_years = panel.counts.shape[0]
    warnings.warn(
        f"{panel.key.population}: {n_years} years leave no past error to learn from. "
        f"The pooled model needs {MIN_YEARS}, or a reference panel to borrow from; "
        "drift is used instead.",
        ShortPanelWarning,
        stacklevel=3,
    )
    reasons = dict.fromkeys(panel.countries, f"{n_years} years, needs {MIN_YEARS}")
    return fit_drift(panel).forecast(panel, horizons, fallbacks=reasons)


def _average(first: PointForecast, second: PointForecast, *, weight: float) -> PointForecast:
    """Average two forecasts and, where both made one, their errors."""
    return PointForecast(
        (1 - weight) * first.mean + weight * second.mean,
        (1 - weight) * first.errors + weight * second.errors,
    )
