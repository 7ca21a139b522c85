"""Weights for people who were lost from sight before the horizon (inverse probability).

They repair the score only as far as being lost is explained by the features below. Silence that
itself goes with returning, or with leaving science, stays a limit of the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from features.person_period import Exit

_FEATURES = ["log_works", "log_cumulative_works", "career_age_years"]
_SMALLEST_CHANCE = 0.1


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known at one horizon.

    Attributes:
        is_return: Whether a return was observed within the horizon.
        weight: 0 where that is unknown; else one over the chance of being followed so long.
    """

    is_return: NDArray[np.bool_]
    weight: NDArray[np.float64]


def labels_at(outcomes: pd.DataFrame, horizon_years: int, *, max_horizon: int = 5) -> Labels:
    """Return outcome and weight of each landmark at a horizon.

    Args:
        outcomes: Landmarks with outcomes, all of which are to be scored.
        horizon_years: Years after the landmark.
        max_horizon: Years over which loss from sight is modelled.
    """
    followed = outcomes["followed_years"].to_numpy()
    kind = outcomes["exit"].to_numpy()
    is_known = ((kind > 0) & (followed <= horizon_years)) | (followed >= horizon_years)
    lost = _hazards_of_loss(outcomes, max_horizon)
    watched = np.minimum(followed, horizon_years)
    kept = np.ones(len(outcomes))
    for year in range(horizon_years):
        kept = kept * np.where(year < watched, 1 - lost[:, year], 1.0)
    weight = np.where(is_known, 1 / np.clip(kept, _SMALLEST_CHANCE, 1), 0.0)
    return Labels((kind == Exit.RETURN) & (followed <= horizon_years), weight)


def _hazards_of_loss(outcomes: pd.DataFrame, max_horizon: int) -> NDArray[np.float64]:
    """Chance of being seen for the last time k years after the landmark, given seen until then."""
    followed, kind = outcomes["followed_years"].to_numpy(), outcomes["exit"].to_numpy()
    features = outcomes[_FEATURES].to_numpy(dtype=float)
    rows, targets = [], []
    for year in range(max_horizon):
        at_risk = (followed >= year) & ~((kind > 0) & (followed <= year))
        rows.append(_at_year(features[at_risk], year, max_horizon))
        targets.append((kind[at_risk] == 0) & (followed[at_risk] == year))
    target = np.concatenate(targets)
    if target.all() or not target.any():
        return np.full((len(outcomes), max_horizon), float(target.mean()) if len(target) else 0.0)
    model = LogisticRegression(C=10, max_iter=500).fit(np.vstack(rows), target)
    return np.column_stack(
        [
            model.predict_proba(_at_year(features, year, max_horizon))[:, 1]
            for year in range(max_horizon)
        ]
    )


def _at_year(features: NDArray[np.float64], year: int, max_horizon: int) -> NDArray[np.float64]:
    indicators = np.zeros((len(features), max_horizon))
    indicators[:, year] = 1
    return np.hstack([features, indicators])
