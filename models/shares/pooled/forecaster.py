"""The pooled model put together: what is learned from many countries, then applied to each."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.composition import close_logs
from features.covariates import covariate_scores
from features.panel import Panel
from models.shares.baselines import Drift
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
    Forecast,
    TrendPrior,
    TrendSettings,
    fit_trend,
    learn_trend_prior,
    member_likelihood,
    member_weights,
)
from models.shares.protocol import Draws
from models.shares.sampling import stratified_orders

FloatArray = NDArray[np.float64]

#: With fewer years there is no error to learn a scale from.
MIN_YEARS: Final = 7
#: With fewer parts, countries cannot tell each other much; a larger panel is asked instead.
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
    from the larger panel it is given. Without one, a short panel falls back to drift with a
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
        self.fallbacks: Mapping[str, str] = {}

    def fit(self, panel: Panel) -> Self:
        """Read the panel; the work is done once the horizons are known."""
        self._panel = panel
        self.fallbacks = {}
        return self

    def sample(self, horizons: Sequence[int], n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures: independent deviations of log share, then closure."""
        panel, settings = self._panel, self._settings.distribution
        reference = self._usable_reference()
        if reference is None and panel.counts.shape[0] < MIN_YEARS:
            return self._drift(horizons, n_draws, rng)
        n_horizons = max(horizons)
        learned, forecast = self._learn_from(reference or panel, n_horizons)
        if not learned.errors:
            return self._drift(horizons, n_draws, rng)
        if reference is not None:
            forecast = self._forecast_with(learned, n_horizons)
        features = volatility_features(History.of(panel))
        scale = spreads(learned.errors, forecast.errors, features, settings)
        levels = (np.arange(n_draws) + 0.5) / n_draws
        order = stratified_orders(n_draws, len(panel.countries), rng)
        shares = np.empty((len(horizons), n_draws, len(panel.countries)))
        for at, horizon in enumerate(horizons):
            shape = learned.errors[min(horizon, len(learned.errors)) - 1]
            deviations = shape.deviations(levels)[order] * scale[horizon - 1]
            shares[at] = close_logs(forecast.mean[horizon - 1] + deviations)
        return Draws(panel.countries, panel.origin, tuple(horizons), shares)

    def _drift(self, horizons: Sequence[int], n_draws: int, rng: np.random.Generator) -> Draws:
        n_years = self._panel.counts.shape[0]
        self.fallbacks = dict.fromkeys(self._panel.countries, f"{n_years} years, needs {MIN_YEARS}")
        warnings.warn(
            f"{self._panel.key.population}: {n_years} years leave no past error to learn from. "
            f"The pooled model needs {MIN_YEARS}, or a larger panel to borrow from; "
            "drift is used instead.",
            ShortPanelWarning,
            stacklevel=3,
        )
        return Drift().fit(self._panel).sample(horizons, n_draws, rng)

    def _usable_reference(self) -> Panel | None:
        """Return the larger panel if this one is small and the larger one is not."""
        n_years, n_parts = self._panel.counts.shape
        larger = self._reference_panel
        is_small = n_years < MIN_YEARS or n_parts < MIN_COUNTRIES
        if larger is None or not is_small:
            return None
        enough = larger.counts.shape[0] >= MIN_YEARS and larger.counts.shape[1] > n_parts
        return larger if enough else None

    def _learn_from(self, panel: Panel, n_horizons: int) -> tuple[Learned, Forecast]:
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
        forecast = self._forecast(panel, history, scale, weights, direct, n_horizons)
        errors = learn_error_models(
            forecast.errors, volatility_features(history), settings.distribution
        )
        return Learned(noise, trend, direct, errors), forecast

    def _forecast_with(self, learned: Learned, n_horizons: int) -> Forecast:
        """Forecast the panel with what a larger one has taught."""
        history = History.of(self._panel)
        scale = noise_scale(history, learned.noise)
        likelihood = member_likelihood(history, scale, self._settings.trend)
        weights = member_weights(learned.trend.at(scale), likelihood)
        return self._forecast(self._panel, history, scale, weights, learned.direct, n_horizons)

    def _forecast(
        self,
        panel: Panel,
        history: History,
        scale: FloatArray,
        weights: FloatArray,
        direct: DirectCoefficients | None,
        n_horizons: int,
    ) -> Forecast:
        settings = self._settings
        forecast = fit_trend(history, weights, n_horizons=n_horizons, settings=settings.trend)
        has_growths = history.n_years > FIRST_ORIGIN
        if settings.direct is not None and direct is not None and has_growths:
            forecast = _average(
                forecast, fit_direct(history, direct), weight=settings.direct.weight
            )
        # A handful of countries cannot tell what a covariate does from what happened to them; a
        # panel that lends them its errors lends those that it makes without covariates too.
        has_countries = len(self._panel.countries) >= MIN_COUNTRIES
        if settings.covariates is not None and self._covariates is not None and has_countries:
            scores = covariate_scores(self._covariates, panel)
            forecast = add_covariates(forecast, scale, scores, settings.covariates)
        return forecast


def _average(first: Forecast, second: Forecast, *, weight: float) -> Forecast:
    """Average two forecasts and, where both made one, their errors."""
    return Forecast(
        (1 - weight) * first.mean + weight * second.mean,
        (1 - weight) * first.errors + weight * second.errors,
    )
