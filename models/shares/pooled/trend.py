"""Damped local trends whose parameters the countries find together.

Each member of a fixed family of exponential smoothers with damped trend (Gardner and McKenzie
1985) runs over every country. How well a member did in a country, times how well it did in
countries of similar noise, is its weight there: an empirical-Bayes mixture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.shares.pooled.history import History, recency

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrendSettings:
    """Members of the family and how they are weighed.

    Attributes:
        level_rates: Part of an error that moves the level (alpha).
        growth_rates: Part of an error that moves the growth (beta).
        dampings: Part of growth above its target that survives a year (phi).
        target_weights: Weight of a country's own mean growth as that target (kappa).
        half_life_years: Of squared errors in the likelihood.
        temper: Power of the likelihood; errors of one country are not independent.
        prior_freedom: Degrees of freedom of the prior variance, half the squared noise scale.
        bandwidth: Of the kernel over log noise scale, in its standard deviations.
        em_steps: Steps that find the prior over members; 0 leaves all equally likely.
        burn_in_years: First years whose errors only warm the smoothers up.
        first_origin: Position of the first year from which errors are recorded.
    """

    level_rates: tuple[float, ...] = (0.7, 1.0, 1.2)
    growth_rates: tuple[float, ...] = (0.1, 0.3, 0.6, 1.0)
    dampings: tuple[float, ...] = (0.6, 0.75, 0.88, 0.97)
    target_weights: tuple[float, ...] = (0.0, 1.0)
    half_life_years: float = 8.0
    temper: float = 0.5
    prior_freedom: float = 4.0
    bandwidth: float = 0.2
    em_steps: int = 30
    burn_in_years: int = 3
    first_origin: int = 4

    def members(self) -> FloatArray:
        """Return alpha, beta, phi and kappa of every member, shape (n_members, 4)."""
        return np.array(
            list(product(self.level_rates, self.growth_rates, self.dampings, self.target_weights))
        )


@dataclass(frozen=True, eq=False)
class TrendPrior:
    """How likely each member is before a country's own data, by log noise scale.

    Attributes:
        grid: Shape (n_bins,), log noise scales in equal steps.
        weights: Shape (n_members, n_bins); columns sum to 1.
    """

    grid: FloatArray
    weights: FloatArray

    def at(self, scale: FloatArray) -> FloatArray:
        """Return prior weights for countries, shape (n_members, n_countries)."""
        return np.asarray(self.weights @ _bin_weights(np.log(scale), self.grid).T)


@dataclass(frozen=True, eq=False)
class PointForecast:
    """Point forecasts and the errors the same method made before.

    Attributes:
        mean: Shape (n_horizons, n_countries), log shares at horizons 1, 2, ...
        errors: Shape (n_horizons, n_years, n_countries): log share h years after a year, less its
            forecast from that year; NaN where there is none.
    """

    mean: FloatArray
    errors: FloatArray


def member_likelihood(history: History, scale: FloatArray, settings: TrendSettings) -> FloatArray:
    """Return tempered marginal likelihoods of members, shape (n_members, n_countries).

    The variance of one-year errors has an inverse-gamma prior and is integrated out. Each column is
    divided by its largest value.
    """
    weights = recency(history.n_years, half_life=settings.half_life_years)
    weights[: settings.burn_in_years] = 0
    members = settings.members()
    squares = np.zeros((len(members), history.n_countries))
    for state in run_members(history.log_shares, history.is_seen, members):
        squares += weights[state.year] * state.error**2
    freedom = (weights[:, None] * history.is_seen).sum(axis=0)
    return squares_likelihood(squares, freedom, scale, settings)


def squares_likelihood(
    squares: FloatArray, freedom: FloatArray, scale: FloatArray, settings: TrendSettings
) -> FloatArray:
    """Return the likelihood of members by their weighted sums of squared errors.

    Args:
        squares: Shape (n_members, n_countries).
        freedom: Shape (n_countries,), sums of the weights of the errors.
        scale: Shape (n_countries,), noise scales.
        settings: Temper and prior.
    """
    freedom = freedom + settings.prior_freedom
    prior_squares = settings.prior_freedom * 0.5 * scale**2
    logs = -settings.temper * 0.5 * freedom * np.log(prior_squares + squares)
    return np.asarray(np.exp(logs - logs.max(axis=0)))


def member_weights(prior: FloatArray, likelihood: FloatArray) -> FloatArray:
    """Return posterior weights of members, shape (n_members, n_countries); columns sum to 1."""
    joint = prior * likelihood
    return np.asarray(joint / joint.sum(axis=0))


def learn_trend_prior(
    likelihood: FloatArray, scale: FloatArray, settings: TrendSettings
) -> TrendPrior:
    """Find the prior over members that explains all countries best, smooth in log noise scale.

    EM for a mixing distribution; after each step a Gaussian kernel smooths it across countries.
    Scales are binned in half bandwidths, so that the cost is linear in countries.

    Args:
        likelihood: Shape (n_members, n_countries), from `member_likelihood`.
        scale: Shape (n_countries,), noise scales.
        settings: As those of the likelihood.
    """
    position = np.log(scale)
    width = settings.bandwidth * max(float(position.std()), 1e-3)
    n_bins = int(np.clip(np.ceil(2 * np.ptp(position) / width), 1, 400)) + 1
    grid = np.linspace(position.min(), position.max() + 1e-9, n_bins)
    # Sparse on the left of each product: on the right, SciPy transposes it at every step.
    bins = _bin_weights(position, grid)
    kernel = np.exp(-0.5 * ((grid[:, None] - grid) / width) ** 2)
    per_bin = kernel @ np.asarray(bins.sum(axis=0)).ravel()
    weights = np.full((len(likelihood), n_bins), 1 / len(likelihood))
    of_bins = bins.T
    for _ in range(settings.em_steps):
        posterior = member_weights((bins @ weights.T).T, likelihood)
        weights = (of_bins @ posterior.T).T @ kernel / np.maximum(per_bin, 1e-300)
    return TrendPrior(grid, weights / weights.sum(axis=0))


def fit_trend(
    history: History, weights: FloatArray, *, n_horizons: int, settings: TrendSettings
) -> PointForecast:
    """Forecast with each country's mixture of members.

    Args:
        history: Log shares.
        weights: Shape (n_members, n_countries), from `member_weights`; columns sum to 1.
        n_horizons: Years ahead.
        settings: As those of the weights.
    """
    members = settings.members()
    n_years, n_countries = history.log_shares.shape
    mean = np.empty((n_horizons, n_countries))
    errors = np.full((n_horizons, n_years, n_countries), np.nan)
    for state in run_members(history.log_shares, history.is_seen, members):
        if state.year < min(settings.first_origin, n_years - 1):
            continue
        forecast = trend_forecast(state, weights, members, n_horizons)
        if state.year == n_years - 1:
            mean = forecast
        else:
            _record_errors(errors, forecast, history, origin=state.year)
    return PointForecast(mean, errors)


def _record_errors(
    errors: FloatArray, forecast: FloatArray, history: History, *, origin: int
) -> None:
    """Fill in the errors of one origin. `errors` is the caller's own array."""
    ahead = min(len(forecast), history.n_years - 1 - origin)
    later = slice(origin + 1, origin + 1 + ahead)
    seen = history.is_seen[later] & history.is_seen[origin]
    errors[:ahead, origin] = np.where(seen, history.log_shares[later] - forecast[:ahead], np.nan)


@dataclass(frozen=True, slots=True)
class MemberStates:
    """Where every member stands after a year.

    Attributes:
        year: Position of the year.
        level: Shape (n_members, n_countries), log share.
        growth: Same shape, of one year.
        mean_growth: Shape (n_countries,), of all years so far.
        error: Shape (n_members, n_countries), of the forecast of this year from the one before.
    """

    year: int
    level: FloatArray
    growth: FloatArray
    mean_growth: FloatArray
    error: FloatArray


def trend_forecast(
    state: MemberStates, weights: FloatArray, members: FloatArray, n_horizons: int
) -> FloatArray:
    """Return the mixture's forecast from a year, shape (n_horizons, n_countries)."""
    damping, target_weight = members[:, 2], members[:, 3]
    # Sum of phi, phi^2 ... phi^h: years of today's growth in h years ahead.
    powers = damping ** np.arange(1, n_horizons + 1)[:, None]
    years_of_growth = np.cumsum(powers, axis=0)
    years = np.arange(1, n_horizons + 1)[:, None]
    years_of_target = (years - years_of_growth) @ (weights * target_weight[:, None])
    level = (weights * state.level).sum(axis=0)
    growth = years_of_growth @ (weights * state.growth)
    return np.asarray(level + growth + years_of_target * state.mean_growth)


def run_members(
    log_shares: FloatArray, is_seen: NDArray[np.bool_], members: FloatArray
) -> Iterator[MemberStates]:
    """Run all members over all countries, and yield their states after each year."""
    alpha, beta, phi, kappa = (members[:, [column]] for column in range(4))
    growths = np.diff(log_shares, axis=0)
    n_growths = np.arange(1, len(growths) + 1)[:, None]
    mean_growth = np.vstack([np.zeros_like(log_shares[:1]), np.cumsum(growths, 0) / n_growths])
    level = np.repeat(log_shares[:1], len(members), axis=0)
    growth = np.repeat(np.median(growths[:3], axis=0)[None], len(members), axis=0)
    for year in range(1, len(log_shares)):
        target = kappa * mean_growth[year - 1]
        damped = target + phi * (growth - target)
        forecast = level + damped
        # A value that was not seen is no surprise.
        error = (log_shares[year] - forecast) * is_seen[year]
        growth = damped + beta * error
        level = forecast + alpha * error
        yield MemberStates(year, level, growth, mean_growth[year], error)


def _bin_weights(position: FloatArray, grid: Sequence[float] | FloatArray) -> sparse.csr_array:
    """Return linear binning weights, shape (n_countries, n_bins): two neighbours share each."""
    points = np.asarray(grid)
    step = points[1] - points[0] if len(points) > 1 else 1.0
    place = np.clip((position - points[0]) / step, 0, len(points) - 1)
    left = np.minimum(place.astype(np.int64), max(len(points) - 2, 0))
    right = np.minimum(left + 1, len(points) - 1)
    part = place - left
    rows = np.arange(len(position))
    return sparse.csr_array(
        (
            np.concatenate([1 - part, part]),
            (np.concatenate([rows, rows]), np.concatenate([left, right])),
        ),
        shape=(len(position), len(points)),
    )
