"""Weights of beliefs, and the width of their mixture."""

from __future__ import annotations

import numpy as np
from scipy.stats import t

from models.shares.pooled.linear_pool import (
    Judged,
    PoolSettings,
    panel_weights,
    prior_weights,
    width_factors,
)

LEVELS = np.arange(1, 200) / 200
SHAPE = t(5).ppf(LEVELS) / np.abs(t(5).ppf(LEVELS)).mean()


def judged(sizes: tuple[float, ...], *, n_parts: int = 40, n_years: int = 10) -> Judged:
    """Return beliefs whose errors are so many times as large as expected."""
    rng = np.random.default_rng(0)
    errors = np.stack([size * rng.laplace(size=(1, n_years, n_parts)) for size in sizes])
    return Judged(errors, np.ones_like(errors))


def test_densities_are_those_of_a_student_distribution_of_that_mean_size() -> None:
    one = Judged(np.array([[[[0.3, -0.7, np.nan]]]]), np.full((1, 1, 1, 3), 0.2))
    found = one.log_densities()[0, 0, 0]
    expected = t(5, scale=0.2 / t(5).expect(np.abs)).logpdf([0.3, -0.7])
    # Up to a constant that all beliefs share.
    np.testing.assert_allclose(found[:2] - expected, found[0] - expected[0], rtol=1e-6)
    assert found[2] == 0


def test_a_belief_that_explains_cut_panels_weighs_more_and_none_weighs_nothing() -> None:
    settings = PoolSettings(even=0.2)
    weights = prior_weights(judged((0.5, 5.0)), settings)
    np.testing.assert_allclose(weights.sum(), 1)
    assert weights[0] > weights[1] >= 0.1


def test_without_an_own_past_the_prior_stands() -> None:
    none = Judged(np.full((2, 3, 6, 3), np.nan), np.ones((2, 3, 6, 3)))
    prior = np.array([0.7, 0.3])
    np.testing.assert_allclose(panel_weights(prior, none, PoolSettings(), n_parts=3)[:, 0], prior)


def test_own_errors_move_the_weights_by_their_number() -> None:
    prior, settings = np.array([0.5, 0.5]), PoolSettings()
    few, many = (
        panel_weights(prior, judged((1.0, 3.0), n_parts=3, n_years=n), settings, n_parts=3)[0, 0]
        for n in (2, 12)
    )
    assert 0.5 < few < many


def test_each_panel_has_weights_of_its_own() -> None:
    errors = np.ones((2, 1, 8, 4)) * 0.1
    errors[0, :, :, :2], errors[1, :, :, 2:] = 4.0, 4.0
    weights = panel_weights(
        np.array([0.5, 0.5]), Judged(errors, np.ones_like(errors)), PoolSettings(), n_parts=2
    )
    assert weights[0, 0] < 0.5 < weights[0, 1]


def test_mixtures_that_disagree_are_narrowed_until_they_hold_as_often_as_asked() -> None:
    rng = np.random.default_rng(3)
    came = rng.choice(SHAPE, size=(1, 40, 60))
    alike, apart = (
        Judged(np.stack([came - off, came + off]), np.ones((2, 1, 40, 60))) for off in (0.0, 1.5)
    )
    even = np.full((2, 60), 0.5)
    shapes = np.broadcast_to(SHAPE, (2, 1, len(SHAPE)))
    factors = [width_factors(one, even, shapes, LEVELS, 0.8)[0] for one in (alike, apart)]
    np.testing.assert_allclose(factors[0], 1, atol=0.06)
    assert factors[1] < 0.9


def test_a_horizon_with_few_errors_takes_the_factor_of_the_one_before() -> None:
    one = judged((2.0,))
    errors = np.concatenate([one.errors, np.full_like(one.errors, np.nan)], axis=1)
    shapes = np.broadcast_to(SHAPE, (1, 2, len(SHAPE)))
    both = Judged(errors, np.ones_like(errors))
    factors = width_factors(both, np.ones((1, 40)), shapes, LEVELS, 0.8)
    assert factors[0] == factors[1] > 1
