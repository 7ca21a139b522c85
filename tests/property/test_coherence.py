"""Laws of agreement between individuals and flows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.coherence import (
    flow_samples,
    logit_shift,
    reconciled_total,
    shifted,
    shock_spread,
)
from models.simulation.careers import AT_HOME, HOSTS, LEFT_SCIENCE, simulate_careers

people = arrays(float, st.integers(2, 60), elements=st.floats(1e-4, 1 - 1e-4))
part = st.floats(0.001, 0.999)


@given(people, part)
def test_shifted_probabilities_sum_to_the_target(probability: np.ndarray, share: float) -> None:
    target = share * len(probability)
    moved = shifted(probability, logit_shift(probability, target))
    assert abs(moved.sum() - target) < 1e-6
    assert ((moved > 0) & (moved < 1)).all()


@given(people, part)
def test_a_shift_keeps_every_rank(probability: np.ndarray, share: float) -> None:
    moved = shifted(probability, logit_shift(probability, share * len(probability)))
    order = np.argsort(probability, kind="stable")
    assert (np.diff(moved[order]) >= 0).all()


@given(people)
def test_what_is_coherent_already_is_not_touched(probability: np.ndarray) -> None:
    delta = logit_shift(probability, float(probability.sum()))
    assert delta == 0
    assert (shifted(probability, delta) == probability).all()


@given(people, part, part)
def test_a_larger_target_needs_a_larger_shift(
    probability: np.ndarray, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    if high - low > 1e-6:
        n = len(probability)
        assert logit_shift(probability, low * n) < logit_shift(probability, high * n)


@pytest.mark.parametrize("target", [0.0, 2.0, -1.0])
def test_an_impossible_target_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match="cannot be expected"):
        logit_shift(np.array([0.2, 0.3]), target)


@given(st.floats(0.1, 1e4), st.floats(0.1, 1e4), st.floats(1e-3, 10), st.floats(1e-3, 10))
def test_the_agreed_flow_lies_between_both_forecasts(
    individual: float, aggregate: float, individual_variance: float, aggregate_variance: float
) -> None:
    total = reconciled_total(
        individual,
        aggregate,
        individual_variance=individual_variance,
        aggregate_variance=aggregate_variance,
    )
    assert (
        min(individual, aggregate) * (1 - 1e-9) <= total <= max(individual, aggregate) * (1 + 1e-9)
    )


def test_flow_samples_have_the_mean_and_spread_of_a_poisson_binomial_sum() -> None:
    rng = np.random.default_rng(0)
    for n in (40, 4000):
        probability = rng.uniform(0.02, 0.3, n)
        drawn = flow_samples(probability, 0.0, rng, n_draws=20_000)
        assert drawn.mean() == pytest.approx(probability.sum(), rel=0.02)
        assert drawn.var() == pytest.approx((probability * (1 - probability)).sum(), rel=0.06)


def test_a_shared_shock_widens_the_flow() -> None:
    probability = np.full(500, 0.1)
    calm = flow_samples(probability, 0.0, np.random.default_rng(0))
    shaken = flow_samples(probability, 0.5, np.random.default_rng(0))
    assert shaken.std() > 2 * calm.std()


def test_the_spread_of_shocks_is_recovered() -> None:
    rng = np.random.default_rng(0)
    expected = rng.uniform(50, 200, 3000)
    observed = rng.poisson(expected * np.exp(0.3 * rng.standard_normal(3000)))
    assert shock_spread(observed.astype(float), expected) == pytest.approx(0.3, abs=0.05)
    assert shock_spread(rng.poisson(expected).astype(float), expected) < 0.06


def test_the_stock_identity_holds_for_every_host_and_year() -> None:
    simulated = simulate_careers(3_000, np.random.default_rng(2))
    places = simulated.places.astype(int)
    for column in range(places.shape[1] - 1):
        now, later = places[:, column], places[:, column + 1]
        is_abroad, will_be = now >= 0, later >= 0

        def count(chosen: np.ndarray, host: np.ndarray) -> np.ndarray:
            return np.bincount(host[chosen], minlength=len(HOSTS)).astype(float)

        changes = is_abroad & will_be & (now != later)
        found = (
            count(is_abroad, now)
            + count(~is_abroad & will_be, later)
            - count(is_abroad & (later == AT_HOME), now)
            - count(changes, now)
            + count(changes, later)
            - count(is_abroad & (later == LEFT_SCIENCE), now)
        )
        assert np.abs(found - count(will_be, later)).max() < 1e-6
