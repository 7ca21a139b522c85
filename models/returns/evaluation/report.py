"""Scores with person-bootstrap intervals, over all and by origin, and what looks too good."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.returns.evaluation.censoring import Labels, labels_at
from models.returns.evaluation.scores import (
    FAST_SCORES,
    SLOW_SCORES,
    aalen_johansen,
    log_loss,
    observed_over_expected,
)

#: An AUC above this has always been a leak so far: of the future, or of the person.
SUSPICIOUS_AUC: Final = 0.85
#: A group is shown with its own figures from this many returns on.
MIN_GROUP_RETURNS: Final = 30
SCORE_COLUMNS: Final = (
    "model",
    "horizon_years",
    "group",
    "metric",
    "value",
    "lower_95",
    "upper_95",
)
_KEY = ["researcher_id", "landmark_year"]

Floats = NDArray[np.float64]


def evaluate(
    predictions: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Score predictions of landmarks.

    Args:
        predictions: `model`, `researcher_id`, `landmark_year`, `horizon_years`, `probability`.
        outcomes: The landmarks to score, with outcomes; other predictions are left out.
        n_bootstrap: Resamples of persons; 0 leaves the intervals missing.
        rng: Source of the resamples.

    Returns:
        `model`, `horizon_years`, `group`, `metric`, `value`, `lower_95`, `upper_95`; and warnings.
    """
    outcomes = outcomes.reset_index(drop=True)
    resamples = _person_weights(outcomes["researcher_id"], n_bootstrap, rng)
    rows: list[dict[str, object]] = []
    for horizon in sorted(int(years) for years in predictions["horizon_years"].unique()):
        of_horizon = predictions[predictions["horizon_years"] == horizon]
        labels = labels_at(outcomes, horizon)
        rows += _facts(outcomes, labels, horizon)
        for model, of_model in of_horizon.groupby("model"):
            joined = outcomes[_KEY].merge(of_model, on=_KEY, how="left")
            probability = joined["probability"].to_numpy(dtype=float)
            name = {"model": str(model), "horizon_years": horizon}
            rows += [name | row for row in _overall(labels, probability, resamples)]
            rows += [name | row for row in _by_origin(outcomes, labels, probability, resamples)]
    scores = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    return scores, leak_warnings(scores)


def leak_warnings(scores: pd.DataFrame) -> tuple[str, ...]:
    """Return a warning for every AUC too high to be honest."""
    high = scores[(scores["metric"] == "auc") & (scores["value"] > SUSPICIOUS_AUC)]
    return tuple(
        f"LEAK_SUSPECTED: {row.model} reaches AUC {row.value:.3f} at {row.horizon_years} years; "
        f"above {SUSPICIOUS_AUC} a feature looks past the landmark until proven otherwise."
        for row in high.itertuples()
    )


def paired_difference(
    predictions: pd.DataFrame,
    outcomes: pd.DataFrame,
    models: tuple[str, str],
    horizon_years: int,
    *,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Return log loss of the first minus that of the second model, with its 95 % interval.

    Persons are resampled, the same for both models.
    """
    outcomes = outcomes.reset_index(drop=True)
    labels = labels_at(outcomes, horizon_years)
    chosen = predictions[predictions["horizon_years"] == horizon_years]
    first, second = (
        outcomes[_KEY]
        .merge(chosen[chosen["model"] == model], on=_KEY, how="left")["probability"]
        .to_numpy(dtype=float)
        for model in models
    )

    def difference(weight: Floats) -> float:
        return log_loss(labels.is_return, first, weight) - log_loss(
            labels.is_return, second, weight
        )

    resamples = _person_weights(outcomes["researcher_id"], n_bootstrap, rng)
    drawn = [difference(labels.weight * times) for times in resamples]
    low, high = np.quantile(drawn, [0.025, 0.975]) if drawn else (np.nan, np.nan)
    return difference(labels.weight), float(low), float(high)


def _facts(outcomes: pd.DataFrame, labels: Labels, horizon: int) -> list[dict[str, object]]:
    """What was observed, whatever the model: rows under the name `observed`."""
    known = labels.weight > 0
    facts = {
        "landmarks": float(known.sum()),
        "returns": float((labels.is_return & known).sum()),
        "rate": float(np.average(labels.is_return, weights=labels.weight)),
        "aalen_johansen": float(aalen_johansen(outcomes, horizon)[-1]),
    }
    return [
        {
            "model": "observed",
            "horizon_years": horizon,
            "group": "all",
            "metric": metric,
            "value": value,
            "lower_95": np.nan,
            "upper_95": np.nan,
        }
        for metric, value in facts.items()
    ]


def _overall(
    labels: Labels, probability: Floats, resamples: list[Floats]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for metric, score in FAST_SCORES.items():
        drawn = [score(labels.is_return, probability, labels.weight * t) for t in resamples]
        value = score(labels.is_return, probability, labels.weight)
        rows.append(_row("all", metric, value, drawn))
    for metric, score in SLOW_SCORES.items():
        rows.append(_row("all", metric, score(labels.is_return, probability, labels.weight), []))
    mean = float(np.average(probability))
    return [*rows, _row("all", "mean_probability", mean, [])]


def _by_origin(
    outcomes: pd.DataFrame, labels: Labels, probability: Floats, resamples: list[Floats]
) -> list[dict[str, object]]:
    """Observed over expected of each origin with enough returns; the others are pooled."""
    origin = outcomes["origin_country"].to_numpy()
    counted = labels.is_return & (labels.weight > 0)
    returns = pd.Series(counted).groupby(origin).sum()
    large = sorted(returns[returns >= MIN_GROUP_RETURNS].index)
    groups = {str(name): origin == name for name in large}
    rest = ~np.isin(origin, large)
    if (counted & rest).sum() >= MIN_GROUP_RETURNS:
        groups["pooled"] = rest
    rows = []
    for name, members in groups.items():

        def ratio(weight: Floats, members: NDArray[np.bool_] = members) -> float:
            return observed_over_expected(
                labels.is_return[members], probability[members], weight[members]
            )

        drawn = [ratio(labels.weight * times) for times in resamples]
        rows.append(_row(name, "observed_over_expected", ratio(labels.weight), drawn))
    return rows


def _row(group: str, metric: str, value: float, drawn: list[float]) -> dict[str, object]:
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if drawn else (np.nan, np.nan)
    return {
        "group": group,
        "metric": metric,
        "value": value,
        "lower_95": float(low),
        "upper_95": float(high),
    }


def _person_weights(
    researcher_ids: pd.Series, n_bootstrap: int, rng: np.random.Generator
) -> list[Floats]:
    """How often each landmark's person is drawn, per resample."""
    codes, people = pd.factorize(researcher_ids)
    n_people = len(people)
    return [
        rng.multinomial(n_people, np.full(n_people, 1 / n_people))[codes].astype(float)
        for _ in range(n_bootstrap)
    ]
