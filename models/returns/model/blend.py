"""The blend of the four members."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from models.returns.model.design import Design
from models.returns.model.incidence import (
    Hazards,
    cumulative_incidence,
    hazards_from_incidence,
    pool_on_logit,
    with_returns,
)
from models.returns.model.members import (
    FOREST_COST,
    STEPS,
    GapRates,
    StepLogistic,
    StepTrees,
    Training,
    fit_boosting,
    fit_forest,
    fit_gap_rates,
    fit_logistic,
)


@dataclass(frozen=True, eq=False)
class Blend:
    """Four members, averaged on the logit scale of their cumulative incidences."""

    design: Design
    logistic: StepLogistic
    boosting: StepTrees
    forest: StepTrees
    gap_rates: GapRates

    def member_hazards(self, landmarks: pd.DataFrame) -> dict[str, Hazards]:
        """Return the hazards of each member by name; trees borrow those of a third country."""
        by_step = [self.design.linear(landmarks, ahead_years=step) for step in range(STEPS)]
        trees = self.design.trees(landmarks)
        logistic = self.logistic.hazards(by_step[0])
        return {
            "logistic": logistic,
            "boosting": with_returns(logistic, self.boosting.return_hazards(trees)),
            "forest": with_returns(logistic, self.forest.return_hazards(trees)),
            "gap_rates": self.gap_rates.hazards(by_step),
        }

    def hazards(self, landmarks: pd.DataFrame) -> Hazards:
        """Return the yearly hazards that the averaged incidences imply."""
        parts = [cumulative_incidence(part) for part in self.member_hazards(landmarks).values()]
        return hazards_from_incidence(pool_on_logit(parts))


def fit_blend(training: Training, *, seed: int, forest_cost: int = FOREST_COST) -> Blend:
    """Fit all members on the same rows."""
    return Blend(
        training.design,
        fit_logistic(training),
        fit_boosting(training, seed=seed),
        fit_forest(training, seed=seed, cost=forest_cost),
        fit_gap_rates(training),
    )
