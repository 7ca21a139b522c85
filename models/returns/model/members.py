"""The members of the blend: four ways to learn the same yearly hazards.

All learn the probability that a stay abroad ends by return or by a move to a third country. Three
take stacked landmarks, one takes the gaps between observations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from features.person_period import Exit, observed_gaps, stacked_steps
from models.returns.model.design import Design, Matrix
from models.returns.model.incidence import Hazards

STEPS: Final = 5
#: Above this many stacked rows, rows without an exit are thinned and weigh more in turn.
MAX_ROWS: Final = 15_000
#: Rows times trees that a forest may cost, and the number of trees between which it is kept.
FOREST_COST: Final = 500_000
_N_TREES: Final = (20, 120)
_EXITS: Final = (Exit.RETURN, Exit.THIRD_COUNTRY)


@dataclass(frozen=True, eq=False)
class Training:
    """Landmarks with outcomes as numbers, and the rows that members learn from.

    Attributes:
        linear: One row per landmark, for the linear members.
        trees: One row per landmark, for the trees.
        steps: From `stacked_steps`.
        gaps: From `observed_gaps`.
        design: How landmarks become such rows.
    """

    linear: Matrix
    trees: Matrix
    steps: pd.DataFrame
    gaps: pd.DataFrame
    design: Design

    @classmethod
    def of(
        cls, landmarks: pd.DataFrame, rng: np.random.Generator, *, max_rows: int = MAX_ROWS
    ) -> Training:
        """Prepare landmarks with outcomes for the members."""
        steps = _thinned(stacked_steps(landmarks, STEPS), rng, max_rows)
        gaps = _thinned(observed_gaps(landmarks).assign(weight=1.0), rng, max_rows)
        design = Design.learn(landmarks)
        return cls(design.linear(landmarks), design.trees(landmarks), steps, gaps, design)


def _thinned(rows: pd.DataFrame, rng: np.random.Generator, max_rows: int) -> pd.DataFrame:
    """Keep every exit and as many stays as fit; the stays kept weigh as much as all did."""
    if len(rows) <= max_rows:
        return rows
    exits, stays = rows[rows["exit"] > 0], rows[rows["exit"] == 0]
    n_kept = max(max_rows - len(exits), len(exits))
    kept = stays.iloc[np.sort(rng.choice(len(stays), min(n_kept, len(stays)), replace=False))]
    factor = stays["weight"].sum() / kept["weight"].sum()
    return pd.concat([exits, kept.assign(weight=kept["weight"] * factor)], ignore_index=True)


@dataclass(frozen=True, eq=False)
class StepLogistic:
    """Multinomial logistic regression of stacked landmarks: features frozen, the step one more.

    Attributes:
        coefficients: Shape (2, n_features): log-odds of return and of a third country over staying.
    """

    coefficients: Matrix

    def hazards(self, linear: Matrix) -> Hazards:
        """Return yearly hazards of return and of a third country for `STEPS` years."""
        features = _with_intercept(linear)
        n_fixed = features.shape[1]
        fixed = features @ self.coefficients[:, :n_fixed].T
        log_odds = fixed[:, None, :] + self.coefficients[:, n_fixed:].T[None, :, :]
        odds = np.exp(np.clip(log_odds, -30, 30))
        return np.asarray(odds / (1 + odds.sum(axis=2, keepdims=True)))


@dataclass(frozen=True, eq=False)
class StepTrees:
    """An ensemble of trees on stacked landmarks; learns the return alone.

    Moves to a third country are rare and weakly predicted: trees for them would cost twice the
    time and change nothing, so that the linear members answer for them.
    """

    classifier: Any

    def return_hazards(self, features: Matrix) -> NDArray[np.float64]:
        """Return yearly hazards of return, shape (n_landmarks, STEPS)."""
        rows = np.repeat(features, STEPS, axis=0)
        steps = np.tile(np.arange(STEPS, dtype=float), len(features))
        chances = self.classifier.predict_proba(np.column_stack([rows, steps]))
        return np.asarray(chances[:, 1].reshape(len(features), STEPS))


@dataclass(frozen=True, eq=False)
class GapRates:
    """Log rates of exit per year, learned from gaps of any length (complementary log-log)."""

    coefficients: NDArray[np.float64]

    def hazards(self, by_step: Sequence[Matrix]) -> Hazards:
        """Return yearly hazards of return and of a third country for `STEPS` years.

        Args:
            by_step: Features of the landmarks aged by 0, 1, ... years.
        """
        out = np.zeros((len(by_step[0]), STEPS, 2))
        for step, linear in enumerate(by_step):
            features = _with_intercept(linear)
            rates = np.exp(np.clip(features @ self.coefficients.T, -30, 3))
            total = rates.sum(axis=1, keepdims=True)
            out[:, step] = rates / total * -np.expm1(-total)
        return out


def fit_logistic(training: Training, *, penalty_c: float = 0.05) -> StepLogistic:
    """Fit a multinomial logistic regression with splines."""
    steps = training.steps
    features = training.linear[steps["position"].to_numpy()]
    rows = np.hstack([features, np.eye(STEPS)[steps["step"].to_numpy()]])
    classifier = LogisticRegression(C=penalty_c, solver="newton-cholesky", max_iter=200)
    classifier.fit(rows, steps["exit"].to_numpy(), sample_weight=steps["weight"].to_numpy())
    return StepLogistic(_over_staying(classifier))


def fit_boosting(training: Training, *, seed: int) -> StepTrees:
    """Fit shallow boosted trees on binned features."""
    n_features = training.trees.shape[1]
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=100,
        max_leaf_nodes=8,
        min_samples_leaf=150,
        l2_regularization=20.0,
        max_features=0.5,
        max_bins=63,  # finding weighted bins takes longer than growing these few leaves
        categorical_features=[n_features - 2, n_features - 1],
        early_stopping=False,
        random_state=seed,
    )
    return _fit_trees(training, classifier)


def fit_forest(training: Training, *, seed: int, cost: int = FOREST_COST) -> StepTrees:
    """Fit a random forest with large leaves; fewer trees where there are more rows."""
    n_trees = int(np.clip(cost / len(training.steps), *_N_TREES))
    classifier = RandomForestClassifier(
        n_estimators=n_trees,
        min_samples_leaf=40,
        max_features=0.33,
        max_samples=0.5,
        n_jobs=1,
        random_state=seed,
    )
    return _fit_trees(training, classifier)


def fit_gap_rates(training: Training, *, ridge: float = 20.0) -> GapRates:
    """Fit one penalised complementary log-log regression per exit; the log gap is an offset."""
    position = training.gaps["position"].to_numpy()
    features = _with_intercept(training.linear[position])
    years = training.gaps["gap_years"].to_numpy(dtype=float)
    exits = training.gaps["exit"].to_numpy()
    weight = training.gaps["weight"].to_numpy()
    rows = [_fit_cloglog(features, exits == kind, years, weight, ridge) for kind in _EXITS]
    return GapRates(np.stack(rows))


def _fit_trees(training: Training, classifier: Any) -> StepTrees:
    steps = training.steps
    features = training.trees[steps["position"].to_numpy()]
    rows = np.column_stack([features, steps["step"].to_numpy(dtype=float)])
    is_return = steps["exit"].to_numpy() == Exit.RETURN
    classifier.fit(rows, is_return, sample_weight=steps["weight"].to_numpy())
    return StepTrees(classifier)


def _over_staying(classifier: LogisticRegression) -> Matrix:
    """Coefficients of each exit over staying, intercept first; an exit never seen is rare."""
    known = list(classifier.classes_)
    columns = np.hstack([classifier.intercept_[:, None], classifier.coef_])
    if len(known) == 2:  # scikit-learn then keeps one row: the second class over the first
        columns = np.vstack([np.zeros_like(columns), columns])
    never = np.concatenate([[-30.0], np.zeros(columns.shape[1] - 1)])
    stay = columns[known.index(Exit.STAY)]
    return np.stack(
        [columns[known.index(kind)] - stay if kind in known else never for kind in _EXITS]
    )


def _fit_cloglog(
    features: Matrix,
    is_event: NDArray[np.bool_],
    years: NDArray[np.float64],
    weight: NDArray[np.float64],
    ridge: float,
) -> NDArray[np.float64]:
    """Minimise the penalised negative log likelihood of P(event) = 1 - exp(-years e^(X b))."""
    start = np.zeros(features.shape[1])
    start[0] = np.log(max(float(weight @ is_event), 0.5) / float(weight @ years))

    def loss(beta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        mean = np.exp(np.clip(features @ beta, -30, 4)) * years
        happened = -np.expm1(-mean)
        safe = np.clip(happened, 1e-12, 1)
        score = weight * np.where(is_event, mean * np.exp(-mean) / safe, -mean)
        log_likelihood = weight @ np.where(is_event, np.log(safe), -mean)
        shrunk = np.concatenate([[0.0], beta[1:]])
        return (
            float(-log_likelihood + ridge / 2 * shrunk @ shrunk),
            -(features.T @ score) + ridge * shrunk,
        )

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x)


def _with_intercept(features: Matrix) -> Matrix:
    return np.hstack([np.ones((len(features), 1)), features])
