"""Honest evaluation of return models: persons disjoint, cut in time.

Five folds by a hash of the researcher's id. For each fold the models learn from the other four
folds' records dated in the cut year or before, and predict every landmark of this fold from the
cut year on: one prediction per landmark and horizon.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.career_records import Mapper
from models.returns.evaluation.report import evaluate
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.incidence import as_seen, cumulative_incidence
from models.returns.model.members import STEPS
from models.returns.model.return_model import (
    ReturnModel,
    Selection,
    TrainingTables,
    fit_return_model,
)
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Origin

logger = logging.getLogger(__name__)

DEFAULT_MODEL: Final = "return_model"
BASELINE_MODEL: Final = "duration_by_origin"
N_FOLDS: Final = 5

Predict = Callable[[pd.DataFrame, pd.DataFrame, Sequence[int]], NDArray[np.float64]]
"""Training landmarks with outcomes, landmarks to predict, horizons: probabilities per horizon."""


@dataclass(frozen=True, eq=False)
class ReturnsBacktest:
    """What a backtest found.

    Attributes:
        predictions: `model`, `researcher_id`, `landmark_year`, `horizon_years`, `probability`.
        scores: `model`, `horizon_years`, `group`, `metric`, `value`, `lower_95`, `upper_95`; group
            `all`, or an origin country with enough returns.
        selections: Per fold, what the default model chose and why.
        warnings: What a reader must know before believing the scores.
    """

    predictions: pd.DataFrame
    scores: pd.DataFrame
    selections: tuple[Selection, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class BacktestPlan:
    """What to score.

    Attributes:
        cut: Last year whose records the models may use.
        last_landmark_year: Later landmarks are predicted and not scored; by default those that
            cannot be followed for the longest horizon.
        peers: More models, by name, to be scored beside the own ones.
    """

    cut: Origin
    horizons: tuple[int, ...] = (1, 3, 5)
    models: tuple[str, ...] = (DEFAULT_MODEL, BASELINE_MODEL)
    last_landmark_year: int | None = None
    n_bootstrap: int = 200
    seed: int = 0
    peers: Mapping[str, Predict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {*OWN_MODELS, *self.peers}
        if unknown := set(self.models) - known:
            raise UsageError(f"Unknown models {sorted(unknown)}. Known are {sorted(known)}.")
        if not self.horizons or not all(1 <= horizon <= STEPS for horizon in self.horizons):
            raise UsageError(f"Horizons {list(self.horizons)} are not within 1 to {STEPS} years.")


def returns_backtest(
    history: LandmarkHistory, plan: BacktestPlan, *, mapper: Mapper = map
) -> ReturnsBacktest:
    """Predict and score every landmark from the cut year on.

    Args:
        history: Landmarks of everybody.
        plan: What to score.
        mapper: Works on the folds.

    Raises:
        InputRejectedError: If the records before the cut cannot teach anything.
        UsageError: If no landmark follows the cut.
    """
    folds = fold_of(history.landmarks["researcher_id"])
    history = replace(history, landmarks=history.landmarks.assign(fold=folds))
    table = history.complete()
    landmarks = table[table["landmark_year"] >= plan.cut.year].reset_index(drop=True)
    if landmarks.empty:
        raise UsageError(
            f"Nobody is observed abroad in {plan.cut.year} or later. Choose an earlier cut year."
        )
    predictions, selections = _predicted(
        TrainingTables.of(history, plan.cut), landmarks, plan, history.fitted_by(mapper)
    )
    last = plan.last_landmark_year
    if last is None:
        last = history.last_year - max(plan.horizons)
    scores, warnings = evaluate(
        predictions,
        landmarks[landmarks["landmark_year"] <= max(last, plan.cut.year)],
        n_bootstrap=plan.n_bootstrap,
        rng=np.random.default_rng(plan.seed),
    )
    return ReturnsBacktest(predictions, scores, selections, warnings)


def fold_of(researcher_ids: pd.Series) -> NDArray[np.int64]:
    """Return the fold of each id: a hash, so that it never depends on who else is there."""
    digests = researcher_ids.astype(str).map(lambda text: hashlib.sha256(text.encode()).digest())
    return np.array([int.from_bytes(digest[:8]) % N_FOLDS for digest in digests], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Fold:
    """People to test on, and what everybody else teaches."""

    number: int
    others: TrainingTables
    tested: pd.DataFrame
    plan: BacktestPlan


def _predicted(
    tables: TrainingTables, landmarks: pd.DataFrame, plan: BacktestPlan, mapper: Mapper
) -> tuple[pd.DataFrame, tuple[Selection, ...]]:
    """Predict the landmarks of each fold with models of the other folds."""
    folds = (
        _Fold(number, tables.without(number), landmarks[landmarks["fold"] == number], plan)
        for number in range(N_FOLDS)
        if (landmarks["fold"] == number).any()
    )
    parts, selections = zip(*mapper(_predict_fold, folds), strict=True)
    return pd.concat(parts, ignore_index=True), tuple(selections)


def _predict_fold(fold: _Fold) -> tuple[pd.DataFrame, Selection]:
    plan, tested = fold.plan, fold.tested
    model = fit_return_model(fold.others, seed=plan.seed)
    chosen = model.selection
    logger.info("fold %d: %s. %s", fold.number, chosen.choice, chosen.reason)
    rows = [
        _as_rows(name, tested, plan.horizons, _predict(name, model, fold.others, tested, plan))
        for name in plan.models
    ]
    return pd.concat(rows, ignore_index=True), chosen


def _blend(model: ReturnModel, landmarks: pd.DataFrame) -> NDArray[np.float64]:
    if model.blend is None:
        return model.incidence(landmarks)
    return cumulative_incidence(as_seen(model.blend.hazards(landmarks), model.seen_within))


def _member(name: str) -> Callable[[ReturnModel, pd.DataFrame], NDArray[np.float64]]:
    def incidence(model: ReturnModel, landmarks: pd.DataFrame) -> NDArray[np.float64]:
        if model.blend is None:
            return model.incidence(landmarks)
        hazards = model.blend.member_hazards(landmarks)[name]
        return cumulative_incidence(as_seen(hazards, model.seen_within))

    return incidence


#: Models of this project; without enough returns all of them are the base rate.
OWN_MODELS: Final[Mapping[str, Callable[[ReturnModel, pd.DataFrame], NDArray[np.float64]]]] = {
    DEFAULT_MODEL: lambda model, landmarks: model.incidence(landmarks),
    BASELINE_MODEL: lambda model, landmarks: cumulative_incidence(
        model.base_rate.hazards(landmarks)
    ),
    "blend_without_drift": _blend,
    "logistic": _member("logistic"),
    "boosting": _member("boosting"),
    "forest": _member("forest"),
    "gap_rates": _member("gap_rates"),
}


def _predict(
    name: str,
    model: ReturnModel,
    tables: TrainingTables,
    tested: pd.DataFrame,
    plan: BacktestPlan,
) -> NDArray[np.float64]:
    if name in plan.peers:
        return plan.peers[name](tables.table, tested, plan.horizons)
    incidence = OWN_MODELS[name](model, tested)
    return incidence[:, [horizon - 1 for horizon in plan.horizons], 0]


def _as_rows(
    name: str, tested: pd.DataFrame, horizons: Sequence[int], chances: NDArray[np.float64]
) -> pd.DataFrame:
    n_landmarks, n_horizons = chances.shape
    return pd.DataFrame(
        {
            "model": name,
            "researcher_id": np.repeat(tested["researcher_id"].to_numpy(), n_horizons),
            "landmark_year": np.repeat(tested["landmark_year"].to_numpy(), n_horizons),
            "horizon_years": np.tile(np.array(horizons), n_landmarks),
            "probability": chances.ravel(),
        }
    )
