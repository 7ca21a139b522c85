"""The return model on careers that do not exist."""

import numpy as np
import pandas as pd
import pytest

from features.career_records import CareerRecords
from features.landmarks import landmark_table
from features.person_period import chances_of_being_seen
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.base_rate import fit_base_rate
from models.returns.model.drift import NO_DRIFT, CalendarDrift
from models.returns.model.incidence import (
    as_seen,
    cumulative_incidence,
    hazards_from_incidence,
    pool_on_logit,
)
from models.returns.model.return_model import ReturnModel, TrainingTables, fit_return_model
from models.simulation.careers import SimulatedCareers, simulate_careers
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import Origin

CUT = Origin(2017)


def tables(records: CareerRecords, origin: Origin = CUT) -> TrainingTables:
    return TrainingTables.of(LandmarkHistory.of(records), origin)


@pytest.fixture(scope="module")
def simulated() -> SimulatedCareers:
    return simulate_careers(2_500, np.random.default_rng(3))


@pytest.fixture(scope="module")
def model(simulated: SimulatedCareers) -> ReturnModel:
    return fit_return_model(tables(simulated.records), seed=0)


@pytest.fixture(scope="module")
def landmarks(simulated: SimulatedCareers) -> pd.DataFrame:
    return landmark_table(simulated.records).query("landmark_year == 2017").reset_index(drop=True)


def test_probabilities_rise_with_the_horizon_and_leave_room_for_other_exits(
    model: ReturnModel, landmarks: pd.DataFrame
) -> None:
    incidence = model.incidence(landmarks)
    assert (np.diff(incidence, axis=1) >= 0).all()
    assert (incidence > 0).all() and (incidence.sum(axis=2) < 1).all()


def test_f084_the_same_records_and_seed_give_the_same_model(
    simulated: SimulatedCareers, model: ReturnModel, landmarks: pd.DataFrame
) -> None:
    again = fit_return_model(tables(simulated.records), seed=0)
    assert (again.incidence(landmarks) == model.incidence(landmarks)).all()


def test_records_after_the_cut_teach_the_model_nothing(simulated: SimulatedCareers) -> None:
    whole = tables(simulated.records)
    ended = tables(simulated.records.known_by(CUT))
    pd.testing.assert_frame_equal(whole.table, ended.table)
    pd.testing.assert_frame_equal(whole.early, ended.early)
    assert (whole.table["landmark_year"] + whole.table["followed_years"]).max() <= CUT.year


def test_few_returns_fall_back_to_duration_by_origin_and_say_why() -> None:
    few = simulate_careers(150, np.random.default_rng(1))
    model = fit_return_model(tables(few.records), seed=0)
    assert model.selection.choice == "base_rate"
    assert "too few" in model.selection.reason


def test_a_model_that_forecast_worse_than_the_base_rate_is_not_used(
    model: ReturnModel, landmarks: pd.DataFrame
) -> None:
    chosen = model.selection
    better = chosen.blend_log_loss < chosen.base_log_loss
    assert chosen.choice == ("blend" if better else "base_rate")
    hazards = model.blend.hazards(landmarks) if better and model.blend else None
    if hazards is not None:
        moved = chosen.blend_drift.shift(hazards)
        expected = cumulative_incidence(as_seen(moved, model.seen_within))
        assert np.allclose(model.incidence(landmarks), expected)


def test_records_without_anybody_seen_again_are_refused() -> None:
    nobody = simulate_careers(3, np.random.default_rng(1))
    with pytest.raises(InputRejectedError, match="NO_RETURNS"):
        fit_return_model(tables(nobody.records, Origin(1996)), seed=0)


def test_incidences_and_hazards_are_two_views_of_the_same() -> None:
    hazards = np.random.default_rng(0).uniform(0, 0.3, (50, 5, 2))
    assert np.allclose(hazards_from_incidence(cumulative_incidence(hazards)), hazards)


def test_pooling_equal_probabilities_changes_nothing() -> None:
    part = np.array([0.1, 0.5, 0.9])
    assert np.allclose(pool_on_logit([part, part]), part)


def test_a_rate_is_shrunk_towards_that_of_all_origins() -> None:
    rows = pd.DataFrame(
        {
            "origin_country": ["AAA"] * 1000 + ["BBB"],
            "duration_years": 0.0,
            "next_exit": [1] * 100 + [0] * 900 + [1],
            "next_seen_years": 1,
        }
    )
    returns = fit_base_rate(rows).rates[:, 0, 0]
    assert returns[0] == pytest.approx(0.1, abs=0.001)
    assert 0.1 < returns[1] < 0.2


def test_drift_with_little_evidence_is_nearly_none() -> None:
    assert CalendarDrift(0.0, 1.0).ratio == pytest.approx(10 / 11)
    assert CalendarDrift(500.0, 1000.0).ratio == pytest.approx(510 / 1010)


def test_drift_moves_the_odds_of_return_by_its_ratio_and_keeps_ranks() -> None:
    hazards = np.stack([np.linspace(0.01, 0.4, 20), np.full(20, 0.05)], axis=1)[:, None, :]
    shifted = CalendarDrift(0.0, 10.0).shift(hazards)
    odds = shifted[..., 0] / (1 - shifted[..., 0]) / (hazards[..., 0] / (1 - hazards[..., 0]))
    assert np.allclose(odds, 0.5)
    assert np.allclose(NO_DRIFT.shift(hazards), hazards)


def test_a_move_is_seen_with_the_next_observation() -> None:
    left = np.random.default_rng(0).uniform(0, 0.2, (20, 5, 2))
    at_once = as_seen(left, np.ones(5))
    assert np.allclose(at_once, left)
    late = cumulative_incidence(as_seen(left, np.array([0.0, 1.0, 1.0, 1.0, 1.0])))
    assert np.allclose(late[:, 1:], cumulative_incidence(left)[:, :-1])


def test_how_late_people_are_seen_again_is_learned_from_those_who_were_followed_long_enough() -> (
    None
):
    gaps = np.repeat([1, 1, 2, 5], 40)
    outcomes = pd.DataFrame({"next_exit": 0, "next_seen_years": gaps, "landmark_year": 2005})
    chances = chances_of_being_seen(outcomes, 2017, 5)
    assert chances.tolist() == [0.5, 0.75, 0.75, 0.75, 1.0]
    # Of recent years only those are known who were seen again soon.
    recent = outcomes.assign(landmark_year=2015)[gaps <= 2]
    both = pd.concat([outcomes, recent])
    assert chances_of_being_seen(both, 2017, 5).tolist() == chances.tolist()
    assert chances_of_being_seen(recent, 2017, 5).tolist() == [1.0] * 5
