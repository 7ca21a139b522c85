"""From yearly hazards of competing exits to cumulative incidences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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


def pool_on_logit(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Average probabilities on the logit scale."""
    logits = [logit(part) for part in parts]
    return expit(np.mean(logits, axis=0))


def logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log odds; probabilities nearer than 1e-6 to 0 or 1 count as that near."""
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def expit(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability with these log odds."""
    return np.asarray(1 / (1 + np.exp(-log_odds)))
