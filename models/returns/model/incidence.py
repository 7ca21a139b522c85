"""From yearly hazards of competing exits to cumulative incidences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Hazards = NDArray[np.float64]
"""Shape (n_landmarks, n_steps, 2): yearly probability of return and of a third country."""

Incidence = NDArray[np.float64]
"""Shape (n_landmarks, n_steps, 2): probability of having left for each within k + 1 years."""


def cumulative_incidence(hazards: Hazards) -> Incidence:
    """Return the probability that each exit has happened first, by the end of each step.

    Example:
        >>> cumulative_incidence(np.array([[[0.5, 0.0], [0.5, 0.25]]]))[0].tolist()
        [[0.5, 0.0], [0.75, 0.125]]
    """
    stays = np.clip(1 - hazards.sum(axis=2), 0, 1)
    at_risk = np.cumprod(stays, axis=1)
    before = np.concatenate([np.ones((len(hazards), 1)), at_risk[:, :-1]], axis=1)
    return np.asarray(np.cumsum(before[:, :, None] * hazards, axis=1))


def hazards_from_incidence(incidence: Incidence) -> Hazards:
    """Return the yearly hazards that add up to these cumulative incidences.

    Example:
        >>> hazards = np.array([[[0.5, 0.0], [0.5, 0.25]]])
        >>> bool(np.allclose(hazards_from_incidence(cumulative_incidence(hazards)), hazards))
        True
    """
    earlier = np.concatenate([np.zeros_like(incidence[:, :1]), incidence[:, :-1]], axis=1)
    staying = np.clip(1 - earlier.sum(axis=2), 1e-12, 1)
    return np.asarray(np.clip((incidence - earlier) / staying[:, :, None], 0, 1))


def incidence_of_return(hazards: Hazards) -> NDArray[np.float64]:
    """Return the probability of having returned within k + 1 years, per landmark and step."""
    return np.asarray(cumulative_incidence(hazards)[:, :, 0])


def returns_by_year(hazards: Hazards) -> NDArray[np.float64]:
    """Return the probability of returning in each year, given nothing but the landmark."""
    return np.asarray(np.diff(incidence_of_return(hazards), axis=1, prepend=0.0))


def with_returns(hazards: Hazards, returns: NDArray[np.float64]) -> Hazards:
    """Replace the hazards of return; those of a third country shrink where no room is left."""
    return np.stack([returns, np.minimum(hazards[:, :, 1], 1 - returns)], axis=2)


def as_seen(hazards: Hazards, seen_within: NDArray[np.float64]) -> Hazards:
    """Return the hazards of being seen to have left, from those of leaving.

    A move shows with the next observation after it, which may come years later.

    Args:
        hazards: Of leaving, in the year of the move.
        seen_within: Shape (n_steps,), chance of being seen within 1, 2, ... years.

    Example:
        >>> left = np.array([[[0.5, 0.0], [0.0, 0.0]]])
        >>> cumulative_incidence(as_seen(left, np.array([0.6, 0.9])))[0, :, 0].round(2).tolist()
        [0.3, 0.45]
    """
    in_year = np.diff(cumulative_incidence(hazards), axis=1, prepend=0.0)
    seen = np.zeros_like(in_year)
    for year in range(in_year.shape[1]):
        # Who left in year j has been seen by year k with the chance of k - j + 1 years.
        seen[:, year:] += in_year[:, [year]] * seen_within[: in_year.shape[1] - year, None]
    return hazards_from_incidence(seen)


def pool_on_logit(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Average probabilities on the logit scale."""
    return np.asarray(expit(np.mean([log_odds(part) for part in parts], axis=0)))


def log_odds(probability: NDArray[np.float64], *, edge: float = 1e-6) -> NDArray[np.float64]:
    """Return finite log-odds: probabilities nearer than the edge to 0 or 1 count as that near."""
    return np.asarray(logit(np.clip(probability, edge, 1 - edge)))
