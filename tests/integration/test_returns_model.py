"""The return model on careers that do not exist."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io

from features.landmarks import landmarks
from models.returns.base_rate import fit_base_rate
from models.returns.drift import NO_DRIFT, Drift
from models.returns.incidence import cumulative_incidence, hazards_from_incidence, pool_on_logit
from models.returns.model import ReturnModel, TrainingTables, fit_return_model
from models.returns.serialisation import SavedModel, load_model, save_model
from models.simulator import SimulatedCareers, simulate_careers
from talentcast.domain.errors import InputRejectedError, IntegrityError
from talentcast.domain.types import Origin

CUT = Origin(2017)


@pytest.fixture(scope="module")
def simulated() -> SimulatedCareers:
    return simulate_careers(2_500, np.random.default_rng(3))


@pytest.fixture(scope="module")
def model(simulated: SimulatedCareers) -> ReturnModel:
    return fit_return_model(TrainingTables.of(simulated.records, CUT), seed=0)


@pytest.fixture(scope="module")
def marks(simulated: SimulatedCareers) -> pd.DataFrame:
    return landmarks(simulated.records).query("landmark_year == 2017").reset_index(drop=True)


def test_probabilities_rise_with_the_horizon_and_leave_room_for_other_exits(
    model: ReturnModel, marks: pd.DataFrame
) -> None:
    incidence = model.incidence(marks)
    assert (np.diff(incidence, axis=1) >= 0).all()
    assert (incidence > 0).all() and (incidence.sum(axis=2) < 1).all()


def test_f084_the_same_records_and_seed_give_the_same_model(
    simulated: SimulatedCareers, model: ReturnModel, marks: pd.DataFrame
) -> None:
    again = fit_return_model(TrainingTables.of(simulated.records, CUT), seed=0)
    assert (again.incidence(marks) == model.incidence(marks)).all()


def test_records_after_the_cut_teach_the_model_nothing(simulated: SimulatedCareers) -> None:
    whole = TrainingTables.of(simulated.records, CUT)
    ended = TrainingTables.of(simulated.records.known_by(CUT), CUT)
    pd.testing.assert_frame_equal(whole.table, ended.table)
    pd.testing.assert_frame_equal(whole.early, ended.early)
    assert (whole.table["landmark_year"] + whole.table["followed_years"]).max() <= CUT.year


def test_few_returns_fall_back_to_duration_by_origin_and_say_why() -> None:
    few = simulate_careers(150, np.random.default_rng(1))
    model = fit_return_model(TrainingTables.of(few.records, CUT), seed=0)
    assert model.selection.choice == "base_rate"
    assert "too few" in model.selection.reason


def test_a_model_that_foretold_worse_than_the_base_rate_is_not_used(
    model: ReturnModel, marks: pd.DataFrame
) -> None:
    chosen = model.selection
    better = chosen.blend_log_loss < chosen.base_log_loss
    assert chosen.choice == ("blend" if better else "base_rate")
    hazards = model.blend.hazards(marks) if better and model.blend else None
    if hazards is not None:
        expected = cumulative_incidence(chosen.blend_drift.shift(hazards))
        assert np.allclose(model.incidence(marks), expected)


def test_records_without_anybody_seen_again_are_refused() -> None:
    nobody = simulate_careers(3, np.random.default_rng(1))
    with pytest.raises(InputRejectedError, match="NO_RETURNS"):
        fit_return_model(TrainingTables.of(nobody.records, Origin(1996)), seed=0)


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
    assert Drift(0.0, 1.0).ratio == pytest.approx(10 / 11)
    assert Drift(500.0, 1000.0).ratio == pytest.approx(510 / 1010)


def test_drift_moves_the_odds_of_return_by_its_ratio_and_keeps_ranks() -> None:
    hazards = np.stack([np.linspace(0.01, 0.4, 20), np.full(20, 0.05)], axis=1)[:, None, :]
    shifted = Drift(0.0, 10.0).shift(hazards)
    odds = shifted[..., 0] / (1 - shifted[..., 0]) / (hazards[..., 0] / (1 - hazards[..., 0]))
    assert np.allclose(odds, 0.5)
    assert np.allclose(NO_DRIFT.shift(hazards), hazards)


def test_a_saved_model_predicts_the_same(model: ReturnModel, marks: pd.DataFrame) -> None:
    saved = save_model(model)
    assert b"pickle" not in saved.trees
    loaded = load_model(saved, sha256=saved.sha256)
    assert np.allclose(loaded.incidence(marks), model.incidence(marks), atol=1e-12)


def test_f086_a_changed_model_is_refused_before_it_is_parsed(model: ReturnModel) -> None:
    saved = save_model(model)
    poisoned = SavedModel(saved.parameters, b"no archive at all")
    with pytest.raises(IntegrityError, match="Nothing was read"):
        load_model(poisoned, sha256=saved.sha256)


def skops_with(payload: object) -> bytes:
    """Put a pickle where an archive holds its trees."""
    return skops.io.dumps({"forest": pickle.dumps(payload), "boosting": Payload})


class Payload:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("poisoned"),))


@pytest.mark.parametrize("wrap", [pickle.dumps, skops_with])
def test_f085_a_poisoned_pickle_runs_nothing_even_if_its_hash_is_pinned(
    model: ReturnModel,
    wrap: Callable[[object], bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    poisoned = SavedModel(save_model(model).parameters, wrap(Payload()))
    with pytest.raises(IntegrityError):
        load_model(poisoned, sha256=poisoned.sha256)
    assert not (tmp_path / "poisoned").exists()
    if wrap is pickle.dumps:  # the payload is a real one
        pickle.loads(poisoned.trees)  # noqa: S301 - our own bytes, to show what they would do
        assert (tmp_path / "poisoned").exists()


def test_f087_a_model_of_another_version_of_its_library_is_refused(
    model: ReturnModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "0.0.1")
        older = save_model(model)
    with pytest.raises(IntegrityError, match="another scikit-learn"):
        load_model(older, sha256=older.sha256)


def test_f085_a_type_outside_the_list_is_refused(model: ReturnModel) -> None:
    saved = save_model(model)
    smuggled = SavedModel(saved.parameters, skops.io.dumps({"forest": Path.read_text}))
    with pytest.raises(IntegrityError, match="not allowed"):
        load_model(smuggled, sha256=smuggled.sha256)
