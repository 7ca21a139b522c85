"""Nowcast: the final shares of a year, from what is counted of it and from the years before.

What is counted is in for good; what is still to come is drawn. Both the share behind the counts and
a country's completeness are uncertain, and the partial count tells about their product.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.composition import close
from models.nowcast.completeness import Completeness
from models.nowcast.local_trend import LogShares, next_log_shares

FloatArray = NDArray[np.float64]

#: No country is known to be complete before the source says so.
_MOST_COMPLETE: Final = 0.995


def nowcast(
    past: FloatArray,
    partial: FloatArray,
    completeness: Completeness,
    n_draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the shares of a year that will be read when its source has finished.

    Args:
        past: Shape (n_years, n_countries), positive. Final counts of the years before, in order.
        partial: Shape (n_countries,), positive. Counted so far.
        completeness: Of a year of this age; see `learn_completeness`.
        n_draws: How many.
        rng: The same state gives the same draws.

    Returns:
        Shape (n_draws, n_countries); every row sums to 1.
    """
    expected = next_log_shares(past)
    share, ratio = _given_partial(expected, partial, completeness, n_draws, rng)
    counted = np.minimum(completeness.overall * np.exp(ratio), _MOST_COMPLETE)
    total = partial.sum() / completeness.overall
    to_come = rng.poisson(total * np.exp(share) * (1 - counted))
    return close(partial + to_come)


def _given_partial(
    expected: LogShares,
    partial: FloatArray,
    completeness: Completeness,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw log shares and log completeness, given that their product was counted."""
    prior, ratio = expected.variance, completeness.variance
    shares = np.exp(expected.mean)
    # Completeness is relative: weighted with the shares expected, it is that of all.
    level = np.log((shares * np.exp(completeness.log_ratio)).sum() / shares.sum())
    counted = partial.sum() * shares / shares.sum()
    noise = 1 / np.maximum((partial + counted) / 2, 0.7)
    total = prior + ratio + noise
    observed = np.log(partial / partial.sum())
    error = observed - (expected.mean + completeness.log_ratio - level)
    share = expected.mean + prior / total * error
    log_ratio = completeness.log_ratio + ratio / total * error
    share_sd = np.sqrt(prior - prior**2 / total)
    ratio_var = ratio - ratio**2 / total
    slope = -prior * ratio / total / share_sd**2
    left = np.sqrt(np.maximum(ratio_var - slope**2 * share_sd**2, 0))
    size = (n_draws, len(partial))
    of_share = share_sd * rng.standard_normal(size)
    return share + of_share, log_ratio + slope * of_share + left * rng.standard_normal(size)
