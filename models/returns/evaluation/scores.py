"""Scores of probabilities of return, all weighted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import SplineTransformer

from features.person_period import Exit
from models.returns.model.incidence import log_odds

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Score = Callable[[Bools, Floats, Floats], float]


def brier(is_return: Bools, probability: Floats, weight: Floats) -> float:
    """Return the mean squared distance of probability and outcome."""
    return float(np.average((is_return - probability) ** 2, weights=weight))


def brier_skill(is_return: Bools, probability: Floats, weight: Floats) -> float:
    """Return the share by which the Brier score is below that of the observed rate."""
    rate = np.average(is_return, weights=weight)
    return float(1 - brier(is_return, probability, weight) / max(rate * (1 - rate), 1e-12))


def log_loss(is_return: Bools, probability: Floats, weight: Floats) -> float:
    """Return the mean negative log probability of what happened, in nats."""
    inside = np.clip(probability, 1e-5, 1 - 1e-5)
    losses = np.where(is_return, -np.log(inside), -np.log1p(-inside))
    return float(np.average(losses, weights=weight))


def auc(is_return: Bools, probability: Floats, weight: Floats) -> float:
    """Return the chance that a returner got the higher probability; missing without both kinds."""
    seen = is_return[weight > 0]
    if seen.all() or not seen.any():
        return float("nan")
    return float(roc_auc_score(is_return, probability, sample_weight=weight))


def observed_over_expected(is_return: Bools, probability: Floats, weight: Floats) -> float:
    """Return observed over predicted returns: below 1 means too many were predicted."""
    return float((weight @ is_return) / (weight @ probability))


def calibration_index(is_return: Bools, probability: Floats, weight: Floats) -> float:
    """Return the integrated calibration index (Austin and Steyerberg 2019).

    The mean absolute distance of the probabilities from a smooth curve of the observed rate, here
    a logistic regression on quadratic splines of their log-odds.
    """
    predicted = log_odds(probability)[:, None]
    knots = np.unique(np.quantile(predicted, np.linspace(0, 1, 4)))
    if len(knots) < 2:
        return abs(float(np.average(is_return - probability, weights=weight)))
    spline = SplineTransformer(knots=knots[:, None], degree=2, include_bias=False)
    curve = _curve(spline.fit_transform(predicted), is_return, weight, penalty_c=1e3)
    return float(np.average(np.abs(curve - probability), weights=weight))


def calibration_slope(is_return: Bools, probability: Floats, weight: Floats) -> float:
    """Return the slope of true on predicted log-odds; below 1 means too sure.

    NaN where all are predicted alike, or where nobody or everybody returned.
    """
    predicted = log_odds(probability)[:, None]
    if np.ptp(predicted) < 1e-9 or _is_one_outcome(is_return, weight):
        return float("nan")
    model = LogisticRegression(C=1e6, max_iter=1000).fit(predicted, is_return, weight)
    return float(model.coef_[0, 0])


#: Scores that a bootstrap repeats, and those that are worth one look.
FAST_SCORES: Final[dict[str, Score]] = {
    "brier": brier,
    "brier_skill": brier_skill,
    "log_loss": log_loss,
    "auc": auc,
    "observed_over_expected": observed_over_expected,
}
SLOW_SCORES: Final[dict[str, Score]] = {"ici": calibration_index, "slope": calibration_slope}


def aalen_johansen(outcomes: pd.DataFrame, horizon_years: int) -> Floats:
    """Return the cumulative incidence of return by year, with third countries competing.

    The estimator of Aalen and Johansen (1978) in discrete time: a check on the mean of the
    predictions that needs no model.

    Returns:
        Shape (horizon_years,): incidence within 1, 2, ... years.
    """
    followed, kind = outcomes["followed_years"].to_numpy(), outcomes["exit"].to_numpy()
    staying, incidence, curve = 1.0, 0.0, []
    for year in range(1, horizon_years + 1):
        at_risk = max(int((followed >= year).sum()), 1)
        returned = ((followed == year) & (kind == Exit.RETURN)).sum() / at_risk
        left = ((followed == year) & (kind > 0)).sum() / at_risk
        incidence += staying * returned
        staying *= 1 - left
        curve.append(incidence)
    return np.array(curve)


def _is_one_outcome(is_return: Bools, weight: Floats) -> bool:
    """Return whether all that count returned, or none of them did."""
    return len(np.unique(is_return[weight > 0])) < 2


def _curve(columns: Floats, is_return: Bools, weight: Floats, *, penalty_c: float) -> Floats:
    if _is_one_outcome(is_return, weight):
        return np.full(len(columns), float(np.average(is_return, weights=weight)))
    model = LogisticRegression(C=penalty_c, max_iter=1000).fit(columns, is_return, weight)
    return np.asarray(model.predict_proba(columns)[:, 1])
