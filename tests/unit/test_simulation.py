"""The simulator: the same people again, labelled, and with hazards that can be recovered."""

import numpy as np
from simulation_truth import is_truly_abroad, true_probabilities, true_returns

from bench.returns import covered_coefficients
from features.landmarks import landmark_table
from models.returns.evaluation.scores import observed_over_expected
from models.simulation.careers import CareerWorld, simulate_careers


def test_the_same_seed_gives_the_same_people() -> None:
    one, other = (simulate_careers(300, np.random.default_rng(4)) for _ in range(2))
    assert one.records.careers.equals(other.records.careers)


def test_everything_simulated_says_so() -> None:
    records = simulate_careers(300, np.random.default_rng(4)).records
    assert records.is_synthetic
    assert records.careers["researcher_id"].str.startswith("synthetic-").all()


def test_without_an_observation_layer_every_active_year_is_seen() -> None:
    world = CareerWorld(is_every_year_seen=True)
    careers = simulate_careers(300, np.random.default_rng(4), world=world).records.careers
    gaps = careers.sort_values(["researcher_id", "year"]).groupby("researcher_id")["year"].diff()
    assert set(gaps.dropna()) == {1}


def test_true_probabilities_are_those_at_which_returns_happen() -> None:
    simulated = simulate_careers(8_000, np.random.default_rng(1))
    landmarks = landmark_table(simulated.records).query("2005 <= landmark_year <= 2020")
    landmarks = landmarks[is_truly_abroad(simulated, landmarks)].reset_index(drop=True)
    horizons = [1, 3, 5]
    chances = true_probabilities(
        simulated, landmarks, horizons, np.random.default_rng(0), n_paths=5
    )
    happened = true_returns(simulated, landmarks, horizons)
    for column in range(3):
        ratio = observed_over_expected(
            happened[:, column], chances[:, column], np.ones(len(landmarks))
        )
        assert 0.9 < ratio < 1.1


def test_known_coefficients_lie_in_the_intervals_of_a_plain_logit() -> None:
    """One small run; the benchmark repeats it fifty times."""
    covered = covered_coefficients(6_000, seed=0)
    assert np.mean(list(covered.values())) >= 0.85
