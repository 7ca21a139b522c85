import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from models.evaluation.quantiles import LEVELS, quantiles
from models.evaluation.scores import energy_score, weighted_interval_score

real = st.floats(-1e3, 1e3)


@given(arrays(np.float64, (40, 3), elements=real))
def test_quantiles_never_cross(draws: np.ndarray) -> None:
    assert (np.diff(quantiles(draws), axis=0) >= 0).all()


@given(st.floats(-2, 2), st.floats(0.2, 3))
def test_wis_is_lowest_on_average_for_the_distribution_that_made_the_truth(
    shift: float, spread: float
) -> None:
    truth = norm.ppf((np.arange(400) + 0.5) / 400)
    honest = np.tile(norm.ppf(LEVELS)[:, None], 400)
    other = shift + spread * honest
    assert (
        weighted_interval_score(honest, truth).mean()
        <= weighted_interval_score(other, truth).mean() + 1e-3
    )


@given(arrays(np.float64, 23, elements=real), real)
def test_wis_is_not_negative_and_zero_only_at_certain_truth(
    predicted: np.ndarray, truth: float
) -> None:
    value = weighted_interval_score(np.sort(predicted)[:, None], np.array([truth]))[0]
    assert value >= 0
    assert weighted_interval_score(np.full((23, 1), truth), np.array([truth]))[0] == 0


@given(arrays(np.float64, (30, 4), elements=st.floats(0.01, 1)), st.floats(0.1, 10))
def test_the_energy_score_ignores_the_unit_of_the_parts(parts: np.ndarray, unit: float) -> None:
    truth = np.array([0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(
        energy_score(parts, truth), energy_score(parts * unit, truth), atol=1e-8
    )
