"""The backtest of returns, from end to end."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.returns.evaluation.backtest import BacktestPlan, returns_backtest
from models.returns.landmark_history import LandmarkHistory
from models.simulation.careers import SimulatedCareers, simulate_careers
from sources.affiliations import read_career_records
from talentcast.domain.types import Origin

REAL_CAREERS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "careers"


@pytest.fixture(scope="module")
def simulated() -> SimulatedCareers:
    return simulate_careers(1_500, np.random.default_rng(5))


def test_a_backtest_never_trains_on_the_tested_people_or_on_later_years(
    simulated: SimulatedCareers,
) -> None:
    seen = []

    def spy(train: pd.DataFrame, test: pd.DataFrame, horizons: Sequence[int]) -> np.ndarray:
        seen.append((train, test))
        return np.full((len(test), len(horizons)), 0.1)

    plan = BacktestPlan(Origin(2017), models=("spy",), peers={"spy": spy}, n_bootstrap=0)
    found = returns_backtest(LandmarkHistory.of(simulated.records), plan)
    for train, test in seen:
        assert not set(train["researcher_id"]) & set(test["researcher_id"])
        assert (train["landmark_year"] + train["followed_years"]).max() <= 2017
        assert test["landmark_year"].min() >= 2017
    keys = ["model", "researcher_id", "landmark_year", "horizon_years"]
    assert not found.predictions.duplicated(keys).any()
    assert len(found.predictions) == 3 * sum(len(test) for _, test in seen)


@pytest.mark.slow
@pytest.mark.skipif(not REAL_CAREERS.is_dir(), reason="the development careers are not here")
def test_real_returns_are_predicted_better_than_by_duration_and_origin() -> None:
    found = returns_backtest(
        LandmarkHistory.of(read_career_records(REAL_CAREERS)),
        BacktestPlan(Origin(2017), last_landmark_year=2020, n_bootstrap=0),
    )
    scores = found.scores[found.scores["group"] == "all"].set_index(
        ["horizon_years", "model", "metric"]
    )["value"]
    for horizon in (3, 5):
        own, base = (
            scores[horizon, name, "log_loss"] for name in ("return_model", "duration_by_origin")
        )
        assert own < 0.95 * base
        assert 0.85 < scores[horizon, "return_model", "observed_over_expected"] < 1.15
    assert scores[3, "return_model", "brier_skill"] >= 0.03
    assert scores[3, "return_model", "ici"] <= 0.045
    assert not found.warnings
