"""How wide the forecast is: a scale for every country, and a shape that all share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.shares.pooled.history import History

FloatArray = NDArray[np.float64]

#: Yearly changes below this are as good as none when volatility is described by logarithms.
SMALL_CHANGE = 1e-3
#: Features are cut off at this many standard deviations.
MOST_EXTREME = 4.0
#: The central part of the distribution that is never stretched.
TAIL_FROM = 0.8
#: A horizon has a model of its own from this many errors on; the first one always has.
ENOUGH_ERRORS = 20
#: Years ahead until which a scale without errors of its own grows in proportion to the horizon.
PROPORTIONAL_UNTIL = 5
#: Measures of the volatility of a country.
N_FEATURES = 6
#: Weight of a change against that of the year after it, in recent volatility.
RECENT_DECAY = 0.7


@dataclass(frozen=True, slots=True)
class DistributionSettings:
    """How errors become intervals.

    Attributes:
        half_life_years: Of the weights of past errors.
        ridge: Pull of the coefficients of the scale model to zero.
        steps: Of Fisher scoring.
        own_weight: Errors that the pooled scale is worth against a country's own; infinite
            switches the country's own level off.
        widening: Extra width per year of horizon after the first: errors over several years
            overlap, and look smaller in the sample than they are.
        widest: Largest such factor.
        largest_residual: In the scale model an error exceeds its scale by at most this many times.
        smallest_scale: Mean absolute error of log share over one year that is believed at least;
            it grows with the root of the horizon.
        tail_stretch: Extra width of the extremes. A dozen years of errors do not hold the worst
            year to come; the central 80 % are left as they are.
    """

    half_life_years: float = 6.0
    ridge: float = 50.0
    steps: int = 12
    own_weight: float = 10.0
    widening: float = 0.03
    widest: float = 1.3
    largest_residual: float = 5.0
    smallest_scale: float = 0.001
    tail_stretch: float = 0.15

    def width(self, horizon: int) -> float:
        """Return the factor on all deviations at a horizon."""
        return min(1 + self.widening * (horizon - 1), self.widest)


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """Size and shape of errors at one horizon, common to all countries.

    Attributes:
        center: Shape (n_features,), means of the volatility features.
        unit: Same shape, their standard deviations.
        coefficients: Shape (1 + n_features,), of log mean absolute error.
        shape_levels: Increasing probabilities.
        shape_values: Quantiles of |error| / scale at these levels.
        tail_stretch: Extra width of the extremes, from 0 at the central 80 %.
    """

    center: FloatArray
    unit: FloatArray
    coefficients: FloatArray
    shape_levels: FloatArray
    shape_values: FloatArray
    tail_stretch: float = 0.0

    def scale(self, features: FloatArray) -> FloatArray:
        """Return expected absolute errors for features of shape (..., n_features)."""
        return np.asarray(np.exp(_terms(features, self.center, self.unit) @ self.coefficients))

    def deviations(self, levels: FloatArray) -> FloatArray:
        """Return quantiles of error / scale, symmetric about zero, at probability levels."""
        inside = np.abs(2 * levels - 1)
        magnitude = np.interp(inside, self.shape_levels, self.shape_values)
        return np.asarray(np.sign(levels - 0.5) * magnitude * self.stretch(inside))

    def stretch(self, inside: FloatArray) -> FloatArray:
        """Return the factor on deviations by the probability of smaller ones."""
        beyond = np.maximum((inside - TAIL_FROM) / (1 - TAIL_FROM), 0)
        return np.asarray(1 + self.tail_stretch * beyond**2)


def volatility_features(history: History) -> FloatArray:
    """Describe how volatile every country has been up to every year.

    Log count and its square, logs of recent and long volatility, of the last growth and of its
    change.

    Returns:
        Shape (n_years, n_countries, 6); NaN in the first two years.
    """
    growth = np.diff(history.log_shares, axis=0)
    changes = np.diff(growth, axis=0)
    size = (np.log(history.counts[2:]) - 9) / 3
    measures = [
        np.sqrt(_decayed_mean(changes**2, decay=RECENT_DECAY)),
        np.sqrt(_decayed_mean(changes**2, decay=1.0)),
        np.abs(growth[1:]),
        np.abs(changes),
    ]
    described = [size, size**2, *(np.log(values + SMALL_CHANGE) for values in measures)]
    unknown = np.full((2, history.n_countries, len(described)), np.nan)
    return np.concatenate([unknown, np.stack(described, axis=-1)])


def learn_error_models(
    errors: FloatArray, features: FloatArray, settings: DistributionSettings
) -> tuple[ErrorModel, ...]:
    """Fit one model of errors for each of the horizons 1, 2 ... that have enough past errors.

    Args:
        errors: Shape (n_horizons, n_years, n_countries); NaN where there is none.
        features: Shape (n_years, n_countries, n_features).
        settings: Weights and pulls.
    """
    models = []
    for horizon, past in enumerate(errors, start=1):
        n_errors = int(np.isfinite(past).sum())
        if n_errors < (1 if horizon == 1 else ENOUGH_ERRORS):
            break
        weights = weights_by_age(past, half_life=settings.half_life_years)
        models.append(_learn(past, features, weights, horizon=horizon, settings=settings))
    return tuple(models)


def spreads(
    models: Sequence[ErrorModel],
    errors: FloatArray,
    features: FloatArray,
    settings: DistributionSettings,
) -> FloatArray:
    """Return every country's scale at every horizon.

    The pooled scale, times the country's own level as far as its own errors bear it out. Beyond
    the last horizon with errors, the scale grows in proportion to the horizon for five years; then
    by a power of it, half way between 1 and what it grew by where there are errors.

    Args:
        models: From this panel or a reference panel, for horizons 1, 2, ...
        errors: Shape (n_horizons, n_years, n_countries), of this panel.
        features: Shape (n_years, n_countries, n_features), of this panel.
        settings: Weights and pulls.

    Returns:
        Shape (n_horizons, n_countries), in nats.
    """
    rows = []
    for horizon, past in enumerate(errors, start=1):
        if horizon <= len(models):
            model = models[horizon - 1]
            weights = weights_by_age(past, half_life=settings.half_life_years)
            level = _own_level(model, past, features, weights, horizon=horizon, settings=settings)
            scale = model.scale(features[-1]) * level * settings.width(horizon)
            rows.append(np.maximum(scale, settings.smallest_scale * np.sqrt(horizon)))
        else:
            growth = 1.0
            if horizon > PROPORTIONAL_UNTIL:
                growth = (1 + growth_over_horizons(np.array(rows[: len(models)]))) / 2
            rows.append(rows[-1] * (horizon / (horizon - 1)) ** growth)
    return np.array(rows)


def growth_over_horizons(scales: FloatArray) -> float:
    """Return the power of the horizon that scales grow by; 1 if there is one horizon only.

    Args:
        scales: Shape (n_horizons, n_countries), at horizons 1, 2, ...

    Example:
        >>> round(growth_over_horizons(np.sqrt([[1.0], [2.0], [3.0]])), 3)
        0.5
    """
    if len(scales) < 2:
        return 1.0
    horizons = np.log(np.arange(1, len(scales) + 1))
    return float(np.polyfit(horizons, np.log(scales).mean(axis=1), 1)[0])


def gamma_regression(
    rows: FloatArray, target: FloatArray, weights: FloatArray, settings: DistributionSettings
) -> FloatArray:
    """Return coefficients of the log mean of a positive target (McCullagh and Nelder 1989, ch. 8).

    Fisher scoring of a gamma GLM with log link. `statsmodels` GLM finds the same without the ridge
    and without the limit on single residuals, both of which matter on few years.

    Args:
        rows: Shape (n_rows, n_features), the first column 1.
        target: Shape (n_rows,), positive.
        weights: Shape (n_rows,).
        settings: Ridge, steps and largest residual.
    """
    pull = settings.ridge * np.eye(rows.shape[1])
    pull[0, 0] = 0
    weighted = rows.T * weights
    step = np.linalg.inv(weighted @ rows + pull)
    coefficients = np.zeros(rows.shape[1])
    coefficients[0] = np.log(weights @ target / weights.sum())
    for _ in range(settings.steps):
        relative = target / np.exp(rows @ coefficients) - 1
        score = weighted @ np.minimum(relative, settings.largest_residual) - pull @ coefficients
        coefficients = coefficients + step @ score
    return np.asarray(coefficients)


def _learn(
    past: FloatArray,
    features: FloatArray,
    weights: FloatArray,
    *,
    horizon: int,
    settings: DistributionSettings,
) -> ErrorModel:
    usable = np.isfinite(past)
    described, size, row_weights = features[usable], np.abs(past[usable]) + 1e-6, weights[usable]
    center, unit = described.mean(axis=0), described.std(axis=0) + 1e-9
    rows = _terms(described, center, unit)
    coefficients = gamma_regression(rows, size, row_weights, settings)
    shapeless = ErrorModel(center, unit, coefficients, np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    level = _own_level(shapeless, past, features, weights, horizon=horizon, settings=settings)
    relative = (np.abs(past) / (shapeless.scale(features) * level))[usable]
    order = np.argsort(relative)
    ordered = row_weights[order]
    # Midpoint convention: each error is the quantile at the middle of its own weight.
    levels = (np.cumsum(ordered) - ordered / 2) / ordered.sum()
    return ErrorModel(center, unit, coefficients, levels, relative[order], settings.tail_stretch)


def _own_level(
    model: ErrorModel,
    past: FloatArray,
    features: FloatArray,
    weights: FloatArray,
    *,
    horizon: int,
    settings: DistributionSettings,
) -> FloatArray:
    """Return mean |error| / scale per country, shrunk to 1; shape (n_countries,)."""
    if np.isinf(settings.own_weight):
        return np.ones(past.shape[1])
    relative = np.nan_to_num(np.abs(past) / model.scale(features))
    # Errors over several years overlap: so many of them are worth one.
    n_own = weights.sum(axis=0) / horizon
    own_sum = (weights * relative).sum(axis=0) / horizon
    return np.asarray((own_sum + settings.own_weight) / (n_own + settings.own_weight))


def weights_by_age(past: FloatArray, *, half_life: float) -> FloatArray:
    """Return weights of errors that halve with age; 0 where there is none. Shape as `past`."""
    usable = np.isfinite(past)
    years = np.arange(len(past))
    last = years[usable.any(axis=1)].max(initial=0)
    return np.asarray(0.5 ** ((last - years) / half_life)[:, None] * usable)


def _terms(features: FloatArray, center: FloatArray, unit: FloatArray) -> FloatArray:
    # Few errors span a narrow range of features: no extrapolation far beyond it.
    standardised = np.clip((features - center) / unit, -MOST_EXTREME, MOST_EXTREME)
    return np.concatenate([np.ones((*features.shape[:-1], 1)), standardised], axis=-1)


def _decayed_mean(values: FloatArray, *, decay: float) -> FloatArray:
    """Return, per year, the weighted mean of all values up to it; older ones decay."""
    means, total = np.empty_like(values), 0.0
    weighted = np.zeros_like(values[0])
    for year, value in enumerate(values):
        weighted, total = decay * weighted + value, decay * total + 1
        means[year] = weighted / total
    return means
