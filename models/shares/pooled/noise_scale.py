"""How noisy each country's log share is from year to year.

A variance estimated from one short series is itself noisy. As in the analysis of gene expression
(Smyth 2004, limma), each is moderated towards what countries of its size show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from models.shares.pooled.history import History, recency

FloatArray = NDArray[np.float64]

HALF_LIFE_YEARS: Final = 6.0
#: A quadratic in log count needs a number of countries; with fewer the prior is one level for all.
COUNTRIES_FOR_SIZE: Final = 8


@dataclass(frozen=True, eq=False)
class NoisePrior:
    """What countries of a size show.

    Attributes:
        coefficients: Of log variance on 1, log count and its square.
        degrees_of_freedom: Years of own data that the prior is worth.
    """

    coefficients: FloatArray
    degrees_of_freedom: float

    def variance(self, counts: FloatArray) -> FloatArray:
        """Return the expected variance of second differences, by persons counted."""
        return np.asarray(np.exp(_size_terms(counts) @ self.coefficients))


def learn_noise_prior(history: History) -> NoisePrior:
    """Fit the prior to all countries (Smyth 2004, section 6.2, with a trend in size)."""
    variances, freedom = _own_variances(history)
    counts = history.counts[-1]
    # Mean of the log of a chi-square variable over its degrees of freedom.
    bias = digamma(freedom / 2) - np.log(freedom / 2)
    target = np.log(variances + 1e-12) - bias
    terms = _size_terms(counts)
    if len(counts) < COUNTRIES_FOR_SIZE:
        coefficients = np.array([target.mean(), 0.0, 0.0])
    else:
        coefficients = np.linalg.lstsq(terms, target, rcond=None)[0]
    excess = np.var(target - terms @ coefficients) - np.mean(polygamma(1, freedom / 2))
    prior_freedom = 2 * _inverse_trigamma(max(float(excess), 1e-3))
    return NoisePrior(coefficients, float(np.clip(prior_freedom, 0.5, 100.0)))


def noise_scale(history: History, prior: NoisePrior) -> FloatArray:
    """Return the moderated standard deviation of second differences of log share.

    Second differences remove a country's level and trend and leave its noise.

    Returns:
        Shape (n_countries,), in nats.
    """
    variances, freedom = _own_variances(history)
    expected = prior.degrees_of_freedom * prior.variance(history.counts[-1])
    total = prior.degrees_of_freedom + freedom
    return np.asarray(np.sqrt((expected + freedom * variances) / total))


def _own_variances(history: History) -> tuple[FloatArray, FloatArray]:
    """Return weighted mean squares of second differences, and their degrees of freedom."""
    differences = np.diff(history.log_shares, 2, axis=0)
    seen = history.is_seen[2:] & history.is_seen[1:-1] & history.is_seen[:-2]
    weights = recency(len(differences), half_life=HALF_LIFE_YEARS)[:, None] * seen
    total = weights.sum(axis=0)
    freedom = np.maximum(total**2 / np.maximum((weights**2).sum(axis=0), 1e-12), 0.5)
    return (weights * differences**2).sum(axis=0) / np.maximum(total, 1e-12), freedom


def _size_terms(counts: FloatArray) -> FloatArray:
    logs = np.log(counts)
    return np.column_stack([np.ones_like(logs), logs, logs**2])


def _inverse_trigamma(value: float) -> float:
    """Solve trigamma(x) = value by Newton steps (Smyth 2004, appendix)."""
    x = 0.5 + 1 / value
    for _ in range(30):
        trigamma = float(polygamma(1, x))
        x += trigamma * (1 - trigamma / value) / float(polygamma(2, x))
    return x
