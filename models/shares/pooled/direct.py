"""Direct regressions: growth over h years on recent growth, one regression for all countries.

Where the trend iterates one-year steps, this looks straight at the horizon (Marcellino, Stock and
Watson 2006). The two err in different ways, so their average is better than either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.shares.pooled.history import History, recency
from models.shares.pooled.trend import PointForecast

FloatArray = NDArray[np.float64]

#: Years of growth that the features look back on at least.
FIRST_ORIGIN = 4
_N_GROWTHS = 5


@dataclass(frozen=True, slots=True)
class DirectSettings:
    """How growth over several years is regressed.

    Attributes:
        weight: Part of this forecast in the average with the trend.
        half_life_years: Of the weights of past years.
        ridge: Strength of the pull towards plain damped growth, per thousand weighted rows.
        huber: Residuals beyond this many robust standard deviations lose weight.
        damping: Damped growth to which the coefficients are pulled: .85 + .85^2 + ...
        steps: Of reweighted least squares.
    """

    weight: float = 0.25
    half_life_years: float = 6.0
    ridge: float = 1.0
    huber: float = 2.0
    damping: float = 0.85
    steps: int = 6


@dataclass(frozen=True, eq=False)
class DirectCoefficients:
    """What all countries agree on.

    Attributes:
        by_horizon: Shape (n_horizons, n_features).
        median_log_count: Middle of the size score.
        spread_log_count: Its unit.
    """

    by_horizon: FloatArray
    median_log_count: FloatArray
    spread_log_count: FloatArray

    def until(self, years_before_end: int) -> DirectCoefficients:
        """Return them for a panel that ends so many years earlier."""
        n_kept = max(len(self.median_log_count) - years_before_end, 1)
        return replace(
            self,
            median_log_count=self.median_log_count[:n_kept],
            spread_log_count=self.spread_log_count[:n_kept],
        )


def learn_direct(
    history: History, scale: FloatArray, *, n_horizons: int, settings: DirectSettings
) -> DirectCoefficients:
    """Fit one robust ridge regression per horizon to all countries and origins.

    Growth and features are divided by each country's noise scale. At a horizon that no origin can
    see yet, the coefficients are those to which the ridge pulls.
    """
    logs = np.log(history.counts)
    # Sizes are scored against the other countries of the same year.
    middle, unit = np.median(logs, axis=1), np.maximum(logs.std(axis=1), 1e-6)
    coefficients = DirectCoefficients(np.empty((0, 0)), middle, unit)
    features = _features(history, coefficients) / scale[None, :, None]
    by_horizon = []
    for horizon in range(1, n_horizons + 1):
        prior = np.zeros(2 * _N_GROWTHS)
        prior[0] = (settings.damping ** np.arange(1, horizon + 1)).sum()
        rows, growth, weights = _training_rows(history, features, scale, horizon, settings)
        by_horizon.append(
            huber_ridge(rows, growth, weights, prior=prior, settings=settings)
            if len(rows)
            else prior
        )
    return DirectCoefficients(np.array(by_horizon), middle, unit)


def fit_direct(history: History, coefficients: DirectCoefficients) -> PointForecast:
    """Forecast with coefficients from this panel, or from a reference panel."""
    n_horizons = len(coefficients.by_horizon)
    n_years, n_countries = history.log_shares.shape
    errors = np.full((n_horizons, n_years, n_countries), np.nan)
    growth = direct_growth(history, coefficients)
    for horizon in range(1, n_horizons + 1):
        origins = slice(FIRST_ORIGIN, max(n_years - horizon, FIRST_ORIGIN))
        actual = _growth_after(history, horizon)[origins]
        errors[horizon - 1, origins] = actual - growth[horizon - 1, origins]
    return PointForecast(history.log_shares[-1] + growth[:, -1], errors)


def direct_growth(history: History, coefficients: DirectCoefficients) -> FloatArray:
    """Return growth expected after each year, shape (n_horizons, n_years, n_countries).

    NaN before `FIRST_ORIGIN`.
    """
    features = _features(history, coefficients)
    return np.asarray(np.einsum("tdk,hk->htd", features, coefficients.by_horizon))


def huber_ridge(
    rows: FloatArray,
    target: FloatArray,
    weights: FloatArray,
    *,
    prior: FloatArray,
    settings: DirectSettings,
) -> FloatArray:
    """Return regression coefficients, robust to outliers and pulled to a prior (Huber 1964).

    Without the pull this is `statsmodels` RLM with HuberT, which has no ridge.

    Args:
        rows: Shape (n_rows, n_features); growth features first, then their products with size.
        target: Shape (n_rows,).
        weights: Shape (n_rows,).
        prior: Shape (n_features,).
        settings: Ridge, Huber constant and number of steps.
    """
    # A constant panel has no growth to regress on, and keeps the prior.
    squares = (rows**2).mean(axis=0) + 1e-12
    # One pull for all growth features: they share a unit, and differ in how often they are large.
    squares[:_N_GROWTHS] = squares[:_N_GROWTHS].mean()
    pull = np.diag(settings.ridge * weights.sum() / 1000 * squares)
    beyond_prior = target - rows @ prior
    coefficients = prior
    row_weights = weights
    for _ in range(settings.steps):
        weighted = rows.T * row_weights
        coefficients = prior + np.linalg.solve(weighted @ rows + pull, weighted @ beyond_prior)
        residuals = np.abs(target - rows @ coefficients)
        limit = settings.huber * np.median(residuals) * 1.4826
        row_weights = weights * np.minimum(1, limit / np.maximum(residuals, 1e-12))
    return np.asarray(coefficients)


def _features(history: History, coefficients: DirectCoefficients) -> FloatArray:
    """Return growth features and their products with size, shape (n_years, n_countries, 10).

    Growths: the last three, the mean of the last five, the mean of all. NaN before `FIRST_ORIGIN`.
    """
    growths = np.diff(history.log_shares, axis=0)
    features = np.full((*history.log_shares.shape, 2 * _N_GROWTHS), np.nan)
    # A reference panel may cover other years than this one: the years are matched from the end.
    n_years = history.n_years
    middle = _last(coefficients.median_log_count, n_years)
    unit = _last(coefficients.spread_log_count, n_years)
    for year in range(FIRST_ORIGIN, n_years):
        past = growths[:year]
        recent = np.column_stack(
            [past[-1], past[-2], past[-3], past[-5:].mean(axis=0), past.mean(axis=0)]
        )
        size = np.tanh((np.log(history.counts[year]) - middle[year]) / unit[year] / 1.5)
        features[year] = np.concatenate([recent, recent * size[:, None]], axis=1)
    return features


def _training_rows(
    history: History,
    features: FloatArray,
    scale: FloatArray,
    horizon: int,
    settings: DirectSettings,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    origins = slice(FIRST_ORIGIN, max(history.n_years - horizon, FIRST_ORIGIN))
    growth = (_growth_after(history, horizon) / scale)[origins]
    n_origins = len(growth)
    by_year = recency(n_origins, half_life=settings.half_life_years)[:, None]
    usable = np.isfinite(growth)
    weights = np.broadcast_to(by_year, growth.shape)
    return features[origins][usable], growth[usable], weights[usable]


def _growth_after(history: History, horizon: int) -> FloatArray:
    """Return growth of log share in the years after each year; NaN where an end is not seen."""
    growth = np.full_like(history.log_shares, np.nan)
    if horizon < history.n_years:
        both = history.is_seen[horizon:] & history.is_seen[:-horizon]
        difference = history.log_shares[horizon:] - history.log_shares[:-horizon]
        growth[:-horizon] = np.where(both, difference, np.nan)
    return growth


def _last(values: FloatArray, n_years: int) -> FloatArray:
    """Return the last n_years of a yearly series, its first value repeated where it is short."""
    missing = max(n_years - len(values), 0)
    return np.concatenate([np.repeat(values[:1], missing), values])[-n_years:]
