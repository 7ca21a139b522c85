"""How much each belief about a small panel counts, and how wide a mixture of them has to be.

A linear pool draws each future from one of the beliefs. Its weights are those of Bayesian model
averaging, tempered: errors of neighbouring years are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from models.shares.pooled.distribution import weights_by_age

FloatArray = NDArray[np.float64]

#: Degrees of freedom of the Student distribution by which errors are scored.
_FREEDOM: Final = 5.0
#: Mean absolute value of its standard form.
_MEAN_SIZE: Final = float(
    2
    * np.sqrt(_FREEDOM / np.pi)
    * np.exp(gammaln((_FREEDOM + 1) / 2) - gammaln(_FREEDOM / 2))
    / (_FREEDOM - 1)
)
_EM_STEPS: Final = 60
#: Horizons 1, 2 ... whose errors are evidence, however far ahead a forecast goes.
EVIDENCE_HORIZONS: Final = 5
#: Factors on all scales among which the one that holds is sought.
_FACTORS: Final = np.linspace(0.6, 1.2, 7)
#: With fewer errors, a horizon takes the factor of the one before.
_ENOUGH_ERRORS: Final = 50


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How beliefs are weighed.

    Attributes:
        temper: Power of the likelihood of a panel's own errors.
        even: Part of the prior weight that all beliefs share evenly: panels are not all like those
            that were cut out of the large one.
        half_life_years: Of the weights of past errors.
        held: How often central 80 % intervals of the pool hold on cut panels. A panel of another
            source errs more.
    """

    temper: float = 0.3
    even: float = 0.4
    half_life_years: float = 6.0
    held: float = 0.86


@dataclass(frozen=True, eq=False)
class Judged:
    """Past errors of all beliefs, and the scales they were expected to have.

    Attributes:
        errors: Shape (n_beliefs, n_horizons, n_years, n_parts); NaN where there is none.
        scales: Same shape, expected absolute errors.
    """

    errors: FloatArray
    scales: FloatArray

    def weights(self, half_life: float) -> FloatArray:
        """Return weights of errors by age, shape (n_horizons, n_years, n_parts).

        Errors over several years overlap: so many of them are worth one.
        """
        rows = [
            weights_by_age(past, half_life=half_life) / horizon
            for horizon, past in enumerate(self.errors[0, :EVIDENCE_HORIZONS], start=1)
        ]
        return np.stack(rows)

    def log_densities(self) -> FloatArray:
        """Return log densities of the errors that are evidence, 0 where there is none."""
        spread = self.scales[:, :EVIDENCE_HORIZONS] / _MEAN_SIZE
        squares = (self.errors[:, :EVIDENCE_HORIZONS] / spread) ** 2 / _FREEDOM
        logs = -np.log(spread) - (_FREEDOM + 1) / 2 * np.log1p(squares)
        return np.nan_to_num(logs)


def prior_weights(cuts: Judged, settings: PoolSettings) -> FloatArray:
    """Return weights of the beliefs before a panel's own errors are seen, shape (n_beliefs,).

    Those of the mixture that explains the errors of cut panels best, found by EM.
    """
    n_beliefs = len(cuts.errors)
    even = np.full(n_beliefs, 1 / n_beliefs)
    counts = cuts.weights(settings.half_life_years)
    usable = counts > 0
    if not usable.any():
        return even
    logs, counts = cuts.log_densities()[:, usable], counts[usable] / counts.sum()
    densities = np.exp(logs - logs.max(axis=0))
    weights = even
    for _ in range(_EM_STEPS):
        joint = weights[:, None] * densities
        weights = joint / joint.sum(axis=0) @ counts
    return np.asarray((1 - settings.even) * weights + settings.even * even)


def panel_weights(
    prior: FloatArray, judged: Judged, settings: PoolSettings, *, n_parts: int
) -> FloatArray:
    """Return weights of the beliefs given the errors of each panel, shape (n_beliefs, n_panels).

    Args:
        prior: Shape (n_beliefs,).
        judged: Errors of panels side by side.
        settings: Temper and half-life.
        n_parts: Of each panel.
    """
    counts = judged.weights(settings.half_life_years)
    # Shares sum to 1: one part's errors follow from those of the others.
    counts = counts * settings.temper * (n_parts - 1) / n_parts
    by_part = (counts * judged.log_densities()).sum(axis=(1, 2))
    logs = np.log(prior)[:, None] + by_part.reshape(len(prior), -1, n_parts).sum(axis=2)
    weights = np.exp(logs - logs.max(axis=0))
    return np.asarray(weights / weights.sum(axis=0))


def width_factors(
    cuts: Judged, weights: FloatArray, shapes: FloatArray, levels: FloatArray, held: float
) -> FloatArray:
    """Return the factor on all scales, per horizon, with which mixtures hold as often as asked.

    Beliefs that disagree make a mixture wider than each of them, more so at long horizons (Gneiting
    and Ranjan 2013).

    Args:
        cuts: Errors of cut panels.
        weights: Shape (n_beliefs, n_parts), of the panel of each part.
        shapes: Shape (n_beliefs, n_horizons, n_levels), quantiles of error / scale.
        levels: Shape (n_levels,), their probabilities.
        held: Part of errors that central 80 % intervals are to hold.
    """
    factors: list[float] = []
    n_years = cuts.errors.shape[2]
    for place in range(cuts.errors.shape[1]):
        usable = np.isfinite(cuts.errors[0, place])
        if usable.sum() < _ENOUGH_ERRORS:
            factors.append(factors[-1] if factors else 1.0)
            continue
        relative = cuts.errors[:, place][:, usable] / cuts.scales[:, place][:, usable]
        of_part = np.broadcast_to(weights[:, None], (len(weights), n_years, weights.shape[1]))
        of_error = of_part[:, usable]
        holds = [
            _part_held(relative / factor, of_error, shapes[:, place], levels) for factor in _FACTORS
        ]
        factors.append(float(np.interp(held, np.maximum.accumulate(holds), _FACTORS)))
    return np.array(factors)


def _part_held(
    relative: FloatArray, weights: FloatArray, shapes: FloatArray, levels: FloatArray
) -> float:
    """Return how often central 80 % intervals of mixtures held; arrays (n_beliefs, n_errors)."""
    below = sum(
        weight * np.interp(error, shape, levels)
        for weight, error, shape in zip(weights, relative, shapes, strict=True)
    )
    return float(np.mean(np.abs(below - 0.5) <= 0.4))
