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
from models.shares.pooled.common import (
    CommonParameters,
    PooledSettings,
    forecast_with,
    learn_common,
)
from models.shares.pooled.covariate_step import add_covariates
from models.shares.pooled.distribution import (
    ErrorModel,
    learn_error_models,
    spreads,
    volatility_features,
)
from models.shares.pooled.history import History
from models.shares.pooled.noise_scale import noise_scale
from models.shares.pooled.trend import PointForecast
from models.shares.protocol import Draws, FittedForecaster
from models.shares.sampling import stratified_orders

FloatArray = NDArray[np.float64]

#: With fewer years there is no error to learn a scale from.
MIN_YEARS: Final = 7
#: With fewer parts, countries cannot tell each other much; a reference panel is asked instead.
MIN_COUNTRIES: Final = 10


class ShortPanelWarning(UserWarning):
    """The panel is too short for the pooled model, and drift was used in its place."""


class Pooled:
    """Damped trends, direct regressions and error scales, pooled over countries.

    A panel of fewer than 10 parts, or fewer than 7 years, takes what is common to all countries
    from the reference panel it is given. Without one, a short panel falls back to drift with a
    `ShortPanelWarning`.
    """

    name = "pooled_borrowing"

    def __init__(
        self,
        *,
        settings: PooledSettings | None = None,
        covariates: pd.DataFrame | None = None,
        reference_panel: Panel | None = None,
    ) -> None:
        self.settings = settings or PooledSettings()
        self._covariates = covariates
        self.reference_panel = reference_panel

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Learn what countries have in common, and forecast each with it."""
        reference = self.usable_reference(panel)
        if reference is None and panel.counts.shape[0] < MIN_YEARS:
            return _drift(panel, horizons)
        n_horizons = max(horizons)
        # A handful of countries cannot tell what a covariate does from what happened to them; a
        # panel that lends them its errors lends those that it makes without covariates too.
        covariates = self._covariates if len(panel.countries) >= MIN_COUNTRIES else None
        settings, learned_from = self.settings, reference or panel
        history = History.of(learned_from)
        common, forecast = learn_common(history, settings, n_horizons=n_horizons)
        forecast = self._with_covariates(forecast, learned_from, common, covariates)
        errors = learn_error_models(
            forecast.errors, volatility_features(history), settings.distribution
        )
        if not errors:
            return _drift(panel, horizons)
        if reference is not None:
            history = History.of(panel)
            forecast = forecast_with(common, history, settings, n_horizons=n_horizons)
            forecast = self._with_covariates(forecast, panel, common, covariates)
        features = volatility_features(history)
        scale = spreads(errors, forecast.errors, features, settings.distribution)
        return _FittedPooled(panel, tuple(horizons), forecast.mean, scale, errors)

    def usable_reference(self, panel: Panel) -> Panel | None:
        """Return the reference panel if this one is small and the reference is not."""
        n_years, n_parts = panel.counts.shape
        reference = self.reference_panel
        is_small = n_years < MIN_YEARS or n_parts < MIN_COUNTRIES
        if reference is None or not is_small:
            return None
        enough = reference.counts.shape[0] >= MIN_YEARS and reference.counts.shape[1] > n_parts
        return reference if enough else None

    def _with_covariates(
        self,
        forecast: PointForecast,
        panel: Panel,
        common: CommonParameters,
        covariates: pd.DataFrame | None,
    ) -> PointForecast:
        if self.settings.covariates is None or covariates is None:
            return forecast
        scale = noise_scale(History.of(panel), common.noise)
        scores = covariate_scores(covariates, panel)
        return add_covariates(forecast, scale, scores, self.settings.covariates)


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
