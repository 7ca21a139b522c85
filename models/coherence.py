"""From individual probabilities to flows, and back: the small and the large must agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from models.returns.model.incidence import log_odds

Floats = NDArray[np.float64]

_EDGE: Final = 1e-12
_WIDEST_SHIFT: Final = 60.0
_USUAL_SHOCK: Final = 0.4
_PRIOR_CELL: Final = 10.0
#: People per support point when many probabilities stand for one shocked sum.
_MAX_SUPPORT: Final = 400


def logit_shift(probability: Floats, target: float) -> float:
    """Return the shift of all log-odds under which the probabilities sum to a target.

    It is unique, because the sum rises strictly with the shift; it keeps every rank, and it is 0
    exactly when the sum is the target already. Of all changes that meet the target it departs
    least from the probabilities given, in Kullback-Leibler divergence.

    Args:
        probability: Each within (0, 1).
        target: Wanted sum, in persons; strictly between 0 and the number of people.

    Raises:
        ValueError: If no probability within (0, 1) could sum to the target.

    Example:
        >>> bool(abs(shifted(np.array([0.2, 0.4]), logit_shift(np.array([0.2, 0.4]), 1.0)).sum()
        ...     - 1.0) < 1e-9)
        True
    """
    if not 0 < target < len(probability):
        raise ValueError(f"{len(probability)} people cannot be expected to make {target} returns.")
    if abs(float(probability.sum()) - target) <= 1e-12 * max(target, 1.0):
        return 0.0
    unshifted = log_odds(probability, edge=_EDGE)

    def excess(delta: float) -> float:
        return float(expit(unshifted + delta).sum()) - target

    return float(brentq(excess, -_WIDEST_SHIFT, _WIDEST_SHIFT, xtol=1e-13, rtol=1e-14, maxiter=500))


def shifted(probability: Floats, delta: float) -> Floats:
    """Return probabilities with all log-odds moved by delta."""
    if delta == 0:
        return probability
    return np.asarray(expit(log_odds(probability, edge=_EDGE) + delta))


def reconciled_total(
    individual: float, aggregate: float, *, individual_variance: float, aggregate_variance: float
) -> float:
    """Return the flow on which both forecasts agree: the inverse-variance mean of their logs.

    Args:
        individual: Sum of individual probabilities, in persons.
        aggregate: Forecast of the flow itself, in persons.
        individual_variance: Of the log of `individual` as a forecast.
        aggregate_variance: Of the log of `aggregate` as a forecast.

    Example:
        >>> round(reconciled_total(10.0, 40.0, individual_variance=1.0, aggregate_variance=1.0), 6)
        20.0
    """
    weight = aggregate_variance / (individual_variance + aggregate_variance)
    return float(np.exp(weight * np.log(individual) + (1 - weight) * np.log(aggregate)))


def shock_spread(observed: Floats, expected: Floats) -> float:
    """Return the standard deviation tau of the yearly shock that all of a group share.

    A moment estimate from past cells: the variance of a count that is Poisson around a shocked
    mean is E + tau^2 E^2. A few small cells say little: they are joined by one more cell of ten
    expected returns that shows the usual spread. At least .01, so that an interval never pretends
    that there are no shocks.
    """
    surplus = float(np.sum((observed - expected) ** 2 - expected))
    usual = _USUAL_SHOCK**2 * _PRIOR_CELL**2
    variance = (surplus + usual) / (float(np.sum(expected**2)) + _PRIOR_CELL**2)
    return float(np.sqrt(max(variance, 1e-4)))


def flow_samples(
    probability: Floats,
    tau: float,
    rng: np.random.Generator,
    *,
    n_draws: int = 2000,
    newcomers: float = 0.0,
) -> NDArray[np.int64]:
    """Draw the number of returns: one shared shock of the log-odds, then independent people.

    The sum of independent people with different probabilities is Poisson-binomial; given the shock
    it is drawn exactly for small groups, and as a normal with the same mean and variance, rounded,
    for large ones.

    Args:
        probability: One per person, or several groups' joined.
        tau: Standard deviation of the shock, on the logit scale.
        rng: Source of shocks and of people's luck.
        n_draws: Number of samples.
        newcomers: Returns expected of people who are not there yet: Poisson, under the same shock.

    Returns:
        Shape (n_draws,), in persons.
    """
    shock = tau * rng.standard_normal(n_draws)
    late = rng.poisson(newcomers * np.exp(shock - tau**2 / 2))
    if len(probability) == 0:
        return np.asarray(late, dtype=np.int64)
    points, weight = _support(log_odds(probability, edge=_EDGE))
    chance = expit(points + shock[:, None])
    if len(probability) <= _MAX_SUPPORT:
        return np.asarray((rng.random(chance.shape) < chance).sum(axis=1) + late, dtype=np.int64)
    mean = weight * chance.sum(axis=1)
    spread = np.sqrt(weight * (chance * (1 - chance)).sum(axis=1))
    drawn = np.round(mean + spread * rng.standard_normal(n_draws))
    return np.asarray(np.clip(drawn, 0, len(probability)) + late, dtype=np.int64)


def flow_quantiles(
    samples: NDArray[np.int64], levels: Sequence[float], rng: np.random.Generator
) -> Floats:
    """Return quantiles of a number of people, ascending and not negative.

    Whole numbers lie far apart where few people return, and their plain quantiles then cover more
    than they state. Each sample is spread evenly over the unit around it first.
    """
    spread = samples + rng.uniform(-0.5, 0.5, len(samples))
    return np.asarray(np.quantile(np.clip(spread, 0, None), levels))


def _support(points: Floats) -> tuple[Floats, float]:
    """Stand in for many log-odds by their quantiles, each with the weight of several people."""
    if len(points) <= _MAX_SUPPORT:
        return points, 1.0
    levels = (np.arange(_MAX_SUPPORT) + 0.5) / _MAX_SUPPORT
    return np.quantile(points, levels), len(points) / _MAX_SUPPORT
