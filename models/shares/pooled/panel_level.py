"""How large the errors of one panel are beside those of others, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.shares.pooled.distribution import ErrorModel, weights_by_age

FloatArray = NDArray[np.float64]

_GRID: Final = np.linspace(-1.2, 2.0, 65)


@dataclass(frozen=True, slots=True)
class LevelPrior:
    """Levels of panels before their own errors are seen, and what one error is worth.

    Attributes:
        mean: Of the log level; panels of another source than the reference err more.
        standard_deviation: Of the log level.
        concentration: Shape of the gamma distribution of one absolute error over its scale.
        n_horizons: Horizons 1, 2, ... whose errors are evidence.
        half_life_years: Of the weights of past errors.
    """

    mean: float = 0.1
    standard_deviation: float = 1.0
    concentration: float = 3.0
    n_horizons: int = 3
    half_life_years: float = 6.0


@dataclass(frozen=True, eq=False)
class PanelLevel:
    """Distribution of the factor on all scales of a panel.

    Attributes:
        log_levels: Increasing.
        probabilities: Of these; they sum to 1.
    """

    log_levels: FloatArray
    probabilities: FloatArray

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """Return the factor at probability levels."""
        middle = np.cumsum(self.probabilities) - self.probabilities / 2
        return np.asarray(np.exp(np.interp(levels, middle, self.log_levels)))


def learn_panel_level(
    models: Sequence[ErrorModel],
    errors: FloatArray,
    features: FloatArray,
    prior: LevelPrior | None = None,
) -> PanelLevel:
    """Return the posterior of a panel's level given its own past errors.

    Args:
        models: Errors of other panels, for horizons 1, 2, ...
        errors: Shape (n_horizons, n_years, n_parts), of this panel; NaN where there is none.
        features: Shape (n_years, n_parts, n_features), of this panel.
        prior: Levels of panels in general.
    """
    prior = prior or LevelPrior()
    n_parts = errors.shape[2]
    # Shares sum to 1: one part's errors follow from those of the others.
    free = (n_parts - 1) / n_parts
    n_errors = relative_errors = 0.0
    for horizon in range(1, min(prior.n_horizons, len(models)) + 1):
        past = errors[horizon - 1]
        weights = weights_by_age(past, half_life=prior.half_life_years) * free
        # Errors over several years overlap, and those of different horizons too.
        weights = weights / (horizon * prior.n_horizons)
        relative = np.nan_to_num(np.abs(past) / models[horizon - 1].scale(features))
        n_errors += float(weights.sum())
        relative_errors += float((weights * relative).sum())
    logs = -0.5 * ((_GRID - prior.mean) / prior.standard_deviation) ** 2
    logs = logs - prior.concentration * (n_errors * _GRID + relative_errors / np.exp(_GRID))
    probabilities = np.exp(logs - logs.max())
    return PanelLevel(_GRID, probabilities / probabilities.sum())
