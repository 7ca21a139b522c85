"""Survival models of others, on the same landmarks and folds: peers for the return model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from numpy.typing import NDArray
from sksurv.ensemble import GradientBoostingSurvivalAnalysis, RandomSurvivalForest

from features.person_period import Exit
from models.returns.evaluation.backtest import Predict
from models.returns.model.design import Design
from models.returns.model.incidence import cumulative_incidence

Floats = NDArray[np.float64]


def cox(train: pd.DataFrame, test: pd.DataFrame, horizons: Sequence[int]) -> Floats:
    """Cox regressions of both exits (lifelines, ridge .1), joined to cumulative incidences."""
    design = Design.learn(train)
    columns, seen = _plain(design, train), _plain(design, test)
    hazards = np.zeros((len(test), max(horizons), 2))
    years = list(range(max(horizons) + 1))
    for index, kind in enumerate((Exit.RETURN, Exit.THIRD_COUNTRY)):
        table = columns.assign(
            duration=train["followed_years"].to_numpy() + 0.01,
            event=(train["exit"] == kind).to_numpy(),
        )
        model = CoxPHFitter(penalizer=0.1).fit(table, "duration", "event")
        survival = model.predict_survival_function(seen, times=[year + 0.02 for year in years])
        curve = survival.to_numpy().T
        hazards[:, :, index] = 1 - curve[:, 1:] / curve[:, :-1]
    incidence = cumulative_incidence(hazards)
    return np.asarray(incidence[:, [horizon - 1 for horizon in horizons], 0])


def random_survival_forest(
    train: pd.DataFrame, test: pd.DataFrame, horizons: Sequence[int]
) -> Floats:
    """A random survival forest of the return (scikit-survival)."""
    model = RandomSurvivalForest(
        n_estimators=120, min_samples_leaf=15, max_features=0.33, n_jobs=1, random_state=0
    )
    return _survival(model, train, test, horizons)


def gradient_boosting_survival(
    train: pd.DataFrame, test: pd.DataFrame, horizons: Sequence[int]
) -> Floats:
    """Gradient boosted Cox regression trees of the return (scikit-survival)."""
    model = GradientBoostingSurvivalAnalysis(
        n_estimators=100, learning_rate=0.05, max_depth=3, subsample=0.5, random_state=0
    )
    return _survival(model, train, test, horizons)


PEERS: dict[str, Predict] = {
    "cox": cox,
    "random_survival_forest": random_survival_forest,
    "gradient_boosting_survival": gradient_boosting_survival,
}


def _survival(
    model: object, train: pd.DataFrame, test: pd.DataFrame, horizons: Sequence[int]
) -> Floats:
    """Return one minus survival; a third country counts as censoring, as these models have it."""
    design = Design.learn(train)
    outcome = np.array(
        list(
            zip(
                train["exit"] == Exit.RETURN,
                train["followed_years"].to_numpy() + 0.01,
                strict=True,
            )
        ),
        dtype=[("event", bool), ("time", float)],
    )
    model.fit(design.trees(train), outcome)  # type: ignore[attr-defined]
    curves = model.predict_survival_function(  # type: ignore[attr-defined]
        design.trees(test), return_array=True
    )
    times = model.unique_times_  # type: ignore[attr-defined]
    columns = [max(int(np.searchsorted(times, h + 0.02, side="right")) - 1, 0) for h in horizons]
    return np.asarray(1 - curves[:, columns])


def _plain(design: Design, landmarks: pd.DataFrame) -> pd.DataFrame:
    columns = design.linear(landmarks)
    return pd.DataFrame(columns, columns=[f"x{number}" for number in range(columns.shape[1])])
