"""The blend of the four members."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.returns.model.incidence import (
    Hazards,
    cumulative_incidence,
    hazards_from_incidence,
    pool_on_logit,
)
from models.returns.model.members import (
    FOREST_COST,
    GapRates,
    StepLogistic,
    StepTrees,
    Training,
    fit_boosting,
    fit_forest,
    fit_gap_rates,
    fit_logistic,
)

MEMBER_NAMES = ("logistic", "boosting", "forest", "gap_rates")


@dataclass(frozen=True, eq=False)
class Blend:
    """Four members, averaged on the logit scale of their cumulative incidences."""

    logistic: StepLogistic
    boosting: StepTrees
    forest: StepTrees
    gap_rates: GapRates

    def member_hazards(self, landmarks: pd.DataFrame) -> dict[str, Hazards]:
        """Return the hazards of each member by name; trees borrow those of a third country."""
        logistic, gap_rates = self.logistic.hazards(landmarks), self.gap_rates.hazards(landmarks)
        onward = logistic[:, :, 1]
        return {
            "logistic": logistic,
            "boosting": _with_onward(self.boosting.return_hazards(landmarks), onward),
            "forest": _with_onward(self.forest.return_hazards(landmarks), onward),
            "gap_rates": gap_rates,
        }

    def hazards(self, landmarks: pd.DataFrame) -> Hazards:
        """Return the yearly hazards that the averaged incidences imply."""
        parts = [cumulative_incidence(part) for part in self.member_hazards(landmarks).values()]
        return hazards_from_incidence(pool_on_logit(parts))


def fit_blend(training: Training, *, seed: int, forest_cost: int = FOREST_COST) -> Blend:
    """Fit all members on the same rows."""
    return Blend(
        fit_logistic(training),
        fit_boosting(training, seed=seed),
        fit_forest(training, seed=seed, cost=forest_cost),
        fit_gap_rates(training),
    )


def _with_onward(returns: NDArray[np.float64], onward: NDArray[np.float64]) -> Hazards:
    return np.stack([returns, np.minimum(onward, 1 - returns)], axis=2)
