import numpy as np
import pytest
import scoringrules as sr

from models.evaluation.quantiles import LEVELS, quantiles
from models.evaluation.scores import (
    PIT_DECILES,
    Cell,
    energy_score,
    is_covered,
    pinball_loss,
    share_scores,
    weighted_interval_score,
)

RNG = np.random.default_rng(2)


def test_quantiles_are_those_of_numpy() -> None:
    draws = RNG.normal(size=(4, 200, 3))
    np.testing.assert_allclose(
        quantiles(draws, axis=1), np.quantile(draws, LEVELS, axis=1).transpose(1, 0, 2), atol=1e-12
    )


def test_pinball_loss_is_that_of_scoringrules() -> None:
    predicted, truth = RNG.normal(size=(23, 7)), RNG.normal(size=7)
    ours = pinball_loss(predicted, truth, levels=LEVELS)
    theirs = [sr.quantile_score(truth, predicted[k], LEVELS[k]) for k in range(23)]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_wis_is_the_weighted_sum_of_the_interval_scores_of_scoringrules() -> None:
    predicted = np.sort(RNG.normal(size=(23, 7)), axis=0)
    truth = RNG.normal(size=7)
    # Bracher et al. (2021), eq. 3, from interval scores: the package's own weighted sum takes the
    # median for its absolute error where numba is absent.
    alpha = 2 * LEVELS[:11]
    intervals = [
        sr.interval_score(truth, predicted[k], predicted[22 - k], alpha[k]) for k in range(11)
    ]
    theirs = (alpha / 2) @ np.array(intervals) + np.abs(truth - predicted[11]) / 2
    np.testing.assert_allclose(weighted_interval_score(predicted, truth), theirs / 11.5, atol=1e-12)


def test_energy_score_is_that_of_scoringrules_on_log_ratios() -> None:
    draws, truth = RNG.dirichlet(np.ones(5), 50), RNG.dirichlet(np.ones(5))
    logs, true_logs = np.log(draws), np.log(truth)
    theirs = sr.es_ensemble(
        true_logs - true_logs.mean(), logs - logs.mean(axis=1, keepdims=True), estimator="nrg"
    )
    assert energy_score(draws, truth) == pytest.approx(theirs / np.sqrt(5), rel=1e-9)


def test_the_ends_of_an_interval_belong_to_it() -> None:
    predicted = LEVELS[:, None].repeat(3, axis=1)
    assert is_covered(predicted, np.array([0.1, 0.9, 0.91]), percent=80).tolist() == [1, 1, 0]


def cell(truth: list[float]) -> Cell:
    return Cell(
        history=np.array([[0.5, 0.3, 0.2], [0.6, 0.2, 0.2]]),
        at_origin=np.array([0.6, 0.2, 0.2]),
        truth=np.array(truth),
        is_rest=np.array([False, False, True]),
        n_top=1,
    )


def certain(shares: list[float]) -> tuple[np.ndarray, np.ndarray]:
    draws = np.tile(shares, (400, 1))
    return draws, quantiles(draws)


def scored(shares: list[float], truth: list[float]) -> dict[tuple[str, str], float]:
    found = share_scores(*certain(shares), cell(truth))
    return {(score.metric, score.country_group): score.value for score in found}


def test_the_rest_of_the_world_counts_in_weighted_scores_only() -> None:
    scores = scored([0.6, 0.3, 0.1], [0.6, 0.2, 0.2])
    assert scores["wis", "top60"] == 0
    assert scores["wis", "all"] == pytest.approx(np.log(1.5) / 2)
    assert scores["wis", "weighted"] == pytest.approx(0.2 * np.log(1.5) + 0.2 * np.log(2))


def test_mase_is_in_units_of_the_usual_yearly_change() -> None:
    scores = scored([0.5, 0.3, 0.2], [0.6, 0.2, 0.2])
    assert scores["mase", "top60"] == pytest.approx(1.0)
    assert scores["rmsse", "top60"] == pytest.approx(1.0)


def test_a_missing_truth_is_left_out_and_not_scored_as_an_error() -> None:
    scores = scored([0.5, 0.3, 0.2], [0.5, np.nan, 0.2])
    assert scores["wis", "all"] == 0
    assert scores["wis", "weighted"] == 0
    assert scores["coverage_80", "all"] == 1


def test_pit_deciles_count_the_largest_countries_once() -> None:
    scores = scored([0.5, 0.3, 0.2], [0.6, 0.2, 0.2])
    assert [scores[decile, "top60"] for decile in PIT_DECILES] == [0] * 9 + [1]
