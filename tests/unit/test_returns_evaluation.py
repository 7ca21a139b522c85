"""Scores of returns, on numbers small enough to check by head, and the honesty of the backtest."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from models.returns.evaluation.backtest import BacktestPlan, fold_of
from models.returns.evaluation.censoring import labels_at
from models.returns.evaluation.report import evaluate, paired_difference
from models.returns.evaluation.scores import (
    aalen_johansen,
    brier_skill,
    calibration_index,
    calibration_slope,
    observed_over_expected,
)
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Origin


def outcomes(exits: Sequence[int], followed: Sequence[int]) -> pd.DataFrame:
    n = len(exits)
    return pd.DataFrame(
        {
            "researcher_id": [f"p{number}" for number in range(n)],
            "landmark_year": 2000,
            "origin_country": "CHN",
            "exit": exits,
            "followed_years": followed,
            "log_works": 1.0,
            "log_cumulative_works": 1.0,
            "career_age_years": 3.0,
        }
    )


def test_a_return_after_the_horizon_is_none_within_it() -> None:
    labels = labels_at(outcomes([1, 1], [2, 4]), 3)
    assert labels.is_return.tolist() == [True, False]


def test_someone_lost_before_the_horizon_has_no_weight_and_the_others_have_more() -> None:
    labels = labels_at(outcomes([0, 0, 0, 1], [1, 5, 5, 5]), 3)
    assert labels.weight[0] == 0
    assert (labels.weight[1:] > 1).all()


def test_without_loss_from_sight_everybody_weighs_one() -> None:
    labels = labels_at(outcomes([0, 1, 2], [5, 1, 2]), 3)
    assert labels.weight.tolist() == [1, 1, 1]


def test_a_third_country_is_a_known_non_return() -> None:
    labels = labels_at(outcomes([2], [1]), 3)
    assert (labels.is_return[0], labels.weight[0]) == (False, 1)


def test_the_aalen_johansen_curve_is_that_counted_by_hand() -> None:
    """Four at risk, one returns in year 1; of three, one moves on and one returns in year 2."""
    curve = aalen_johansen(outcomes([1, 2, 1, 0], [1, 2, 2, 5]), 2)
    assert curve.tolist() == pytest.approx([1 / 4, 1 / 4 + 3 / 4 * 1 / 3])


def test_the_observed_rate_has_no_skill_and_the_truth_has_all() -> None:
    happened, weight = np.array([True, False, False, False]), np.ones(4)
    assert brier_skill(happened, np.full(4, 0.25), weight) == pytest.approx(0)
    assert brier_skill(happened, happened.astype(float), weight) == pytest.approx(1)


def test_calibration_scores_tell_honest_from_exaggerated_probabilities() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.02, 0.5, 20_000)
    happened, weight = rng.random(20_000) < truth, np.ones(20_000)
    assert calibration_index(happened, truth, weight) < 0.01
    assert calibration_slope(happened, truth, weight) == pytest.approx(1, abs=0.07)
    assert observed_over_expected(happened, truth, weight) == pytest.approx(1, abs=0.04)
    doubled = np.clip(truth * 2, 0, 0.999)
    assert calibration_index(happened, doubled, weight) > 0.1
    assert observed_over_expected(happened, doubled, weight) < 0.6


def test_where_nobody_returned_there_is_no_slope() -> None:
    nobody, guess, weight = np.zeros(6, dtype=bool), np.linspace(0.1, 0.3, 6), np.ones(6)
    assert np.isnan(calibration_slope(nobody, guess, weight))
    assert calibration_index(nobody, guess, weight) == pytest.approx(0.2)
    censored = np.array([True, False, False, False, False, False])
    assert np.isnan(calibration_slope(censored, guess, np.array([0.0, 1, 1, 1, 1, 1])))


def test_a_model_that_knows_the_outcome_is_reported_as_a_leak() -> None:
    table = outcomes([1, 0] * 30, [1, 5] * 30)
    oracle = table[["researcher_id", "landmark_year"]].assign(
        model="oracle", horizon_years=3, probability=(table["exit"] * 0.9).clip(0.05)
    )
    _, warnings = evaluate(oracle, table, n_bootstrap=0, rng=np.random.default_rng(0))
    assert len(warnings) == 1 and warnings[0].startswith("LEAK_SUSPECTED: oracle")


def test_two_equal_models_differ_by_nothing() -> None:
    table = outcomes([1, 0] * 30, [1, 5] * 30)
    keys = table[["researcher_id", "landmark_year"]].assign(horizon_years=3, probability=0.4)
    both = pd.concat([keys.assign(model="a"), keys.assign(model="b")])
    rng = np.random.default_rng(0)
    assert paired_difference(both, table, ("a", "b"), 3, n_bootstrap=5, rng=rng) == (0, 0, 0)


def test_a_fold_depends_on_the_id_alone() -> None:
    ids = pd.Series([f"person-{number}" for number in range(500)])
    assert (
        fold_of(ids)
        == fold_of(ids.sample(frac=1, random_state=0)).take(
            np.argsort(ids.sample(frac=1, random_state=0).index)
        )
    ).all()
    assert set(fold_of(ids)) == {0, 1, 2, 3, 4}


def test_unknown_models_and_horizons_are_refused() -> None:
    with pytest.raises(UsageError, match="Unknown models"):
        BacktestPlan(Origin(2017), models=("crystal_ball",))
    with pytest.raises(UsageError, match="Horizons"):
        BacktestPlan(Origin(2017), horizons=(7,))
