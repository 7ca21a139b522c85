"""Shares of a year that a source has not finished counting."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.nowcast.completeness import Completeness, learn_completeness, stated_completeness
from models.nowcast.local_trend import next_log_shares
from models.nowcast.nowcast import nowcast

N_COUNTRIES = 60
FloatArray = NDArray[np.float64]


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def panel(random: np.random.Generator, years: int = 14, size: float = 1.0) -> FloatArray:
    """Counts of countries from a hundred to a hundred thousand that drift apart slowly."""
    start = np.geomspace(100, 100_000, N_COUNTRIES) * size
    growth = random.normal(0, 0.03, (years, N_COUNTRIES)).cumsum(axis=0)
    return random.poisson(start * np.exp(growth)) + 0.5


def counted(
    final: FloatArray, overall: float, ratio: FloatArray, random: np.random.Generator
) -> FloatArray:
    within = random.normal(0, 0.02, final.shape)
    share = np.minimum(overall * np.exp(ratio + within), 0.99)
    return random.binomial((final - 0.5).astype(int), share) + 0.5


def test_completeness_of_a_country_is_found_and_that_of_a_tiny_one_is_that_of_all() -> None:
    random = rng()
    final = panel(random, 4)
    ratio = random.normal(0, 0.1, N_COUNTRIES)
    found = learn_completeness(counted(final, 0.7, ratio, random), final)
    assert found.overall == pytest.approx(0.7, rel=0.1)
    large = slice(N_COUNTRIES // 2, None)
    ratio = ratio - ratio[large].mean()
    np.testing.assert_allclose(
        found.log_ratio[large] - found.log_ratio[large].mean(), ratio[large], atol=0.05
    )
    tiny = learn_completeness(counted(panel(random, 4, 0.02), 0.7, 0 * ratio, random), final)
    assert np.abs(tiny.log_ratio[0]) < 0.1


def test_a_trend_is_followed_and_a_noisy_one_is_not() -> None:
    years = np.arange(12)
    smooth = 50_000 * np.exp(0.05 * years)
    flat = np.full(12, 400_000.0)
    noisy = np.array([20, 30, 22, 31, 19, 28, 24, 30, 21, 29, 23, 34.0])
    counts = np.column_stack([smooth, flat, noisy])
    found = next_log_shares(counts)
    shares = np.log(counts / counts.sum(axis=1, keepdims=True))
    assert found.mean[0] - shares[-1, 0] > 0.02
    assert found.mean[2] < shares[-1, 2]
    assert found.variance[2] > found.variance[0]


@pytest.mark.parametrize("size", [0.05, 1.0])
def test_intervals_of_nowcasts_hold_and_are_narrower_than_those_before(size: float) -> None:
    random = rng(5)
    held, better = [], []
    for _ in range(12):
        ratio = random.normal(0, 0.1, N_COUNTRIES)
        final = panel(random, 14, size)
        partial = counted(final, 0.8, ratio, random)
        known = slice(-4, -1)
        completeness = learn_completeness(partial[known], final[known])
        draws = np.log(nowcast(final[:-1], partial[-1], completeness, 400, random))
        truth = np.log(final[-1] / final[-1].sum())
        lower, upper = np.quantile(draws, [0.1, 0.9], axis=0)
        held.append(((lower <= truth) & (truth <= upper)).mean())
        carried = np.log(final[-2] / final[-2].sum())
        better.append(np.abs(draws.mean(axis=0) - truth).mean() / np.abs(carried - truth).mean())
    assert 0.75 < np.mean(held) < 0.88
    assert np.mean(better) < 0.9


def test_a_year_that_is_all_but_complete_is_what_is_counted() -> None:
    final = panel(rng())
    sure = Completeness(0.995, np.zeros(N_COUNTRIES), np.full(N_COUNTRIES, 1e-8))
    draws = nowcast(final[:-1], final[-1], sure, 200, rng())
    counted_share = final[-1] / final[-1].sum()
    np.testing.assert_allclose(draws.mean(axis=0), counted_share, rtol=0.01)


def test_draws_are_compositions_and_follow_the_seed() -> None:
    final = panel(rng())
    stated = stated_completeness(0.8, 0.1, N_COUNTRIES)
    one, other = (nowcast(final[:-1], 0.8 * final[-1], stated, 50, rng(3)) for _ in range(2))
    assert one.shape == (50, N_COUNTRIES)
    np.testing.assert_allclose(one.sum(axis=1), 1)
    np.testing.assert_array_equal(one, other)


def test_what_is_unknown_of_completeness_widens_a_nowcast() -> None:
    final = panel(rng())
    sds = [
        np.log(
            nowcast(
                final[:-1], 0.8 * final[-1], stated_completeness(0.8, s, N_COUNTRIES), 400, rng()
            )
        ).std(axis=0)
        for s in (0.01, 0.3)
    ]
    assert (sds[1] > sds[0]).mean() > 0.9


def test_too_few_years_and_counts_that_are_not_positive_are_refused() -> None:
    final = panel(rng())
    with pytest.raises(ValueError, match="Two or more years"):
        learn_completeness(final[:1], final[:1])
    with pytest.raises(ValueError, match="Add one half"):
        learn_completeness(0 * final, final)
    with pytest.raises(ValueError, match="Four or more"):
        next_log_shares(final[:3])
