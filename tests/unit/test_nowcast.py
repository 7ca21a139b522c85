"""Shares of years that a source has not finished counting, and what goes on from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from features.panel import Panel
from models.nowcast.completeness import Completeness, learn_completeness, stated_completeness
from models.nowcast.continuation import PartialYear, forecast_from
from models.nowcast.triangle import StatedDelay, WatchedYear, completeness_at
from models.shares.protocol import FittedForecaster
from models.shares.registry import create
from models.shares.stock import StockDraws
from talentcast.domain.types import CountingRule, SeriesKey

N_COUNTRIES = 60
KEY = SeriesKey("lab", CountingRule.UNSPECIFIED, "file")
DELAY = StatedDelay({6: 0.4, 12: 0.8, 18: 1.0}, 0.5)
FloatArray = NDArray[np.float64]


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def counts_of(random: np.random.Generator, years: int = 14, size: float = 1.0) -> FloatArray:
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


def panel_of(counts: FloatArray) -> Panel:
    years = pd.RangeIndex(2012, 2012 + len(counts), name="year")
    return Panel(KEY, pd.DataFrame(counts, index=years, columns=[f"C{n:02}" for n in range(60)]))


def drawn(
    counts: FloatArray,
    unfinished: Sequence[PartialYear] = (),
    *,
    model: str = "pooled",
    horizons: Sequence[int] = (1, 2, 3),
    seed: int = 1,
) -> list[StockDraws]:
    def fit(panel: Panel, ahead: Sequence[int]) -> FittedForecaster:
        return create(model).fit(panel, ahead)

    found, _ = forecast_from(
        fit, panel_of(counts), unfinished, horizons, n_draws=400, rng=rng(seed)
    )
    return found


def log_draws(found: StockDraws) -> FloatArray:
    return np.log(found.draws.shares)


NOTHING_KNOWN = stated_completeness(0.5, 30.0, N_COUNTRIES)
ALL_KNOWN = Completeness(0.995, np.zeros(N_COUNTRIES), np.full(N_COUNTRIES, 1e-8), 1e-8)


def test_completeness_of_a_country_is_found_and_that_of_a_tiny_one_is_that_of_all() -> None:
    random = rng()
    final = counts_of(random, 4)
    ratio = random.normal(0, 0.1, N_COUNTRIES)
    found = learn_completeness(counted(final, 0.7, ratio, random), final)
    assert found.overall == pytest.approx(0.7, rel=0.1)
    large = slice(N_COUNTRIES // 2, None)
    ratio = ratio - ratio[large].mean()
    np.testing.assert_allclose(
        found.log_ratio[large] - found.log_ratio[large].mean(), ratio[large], atol=0.05
    )
    tiny = learn_completeness(counted(counts_of(random, 4, 0.02), 0.7, 0 * ratio, random), final)
    assert np.abs(tiny.log_ratio[0]) < 0.1


@pytest.mark.parametrize("model", ["pooled", "naive", "drift"])
def test_every_draw_is_a_composition_in_every_year(model: str) -> None:
    counts = counts_of(rng(), 16)
    years = [
        PartialYear(2026, 0.8 * counts[-2], stated_completeness(0.8, 0.1, N_COUNTRIES)),
        PartialYear(2027, 0.2 * counts[-1], stated_completeness(0.2, 0.4, N_COUNTRIES)),
    ]
    first, last = drawn(counts[:-2], years, model=model)
    assert (first.draws.origin.year, first.draws.horizons) == (2026, (0,))
    assert (last.draws.origin.year, last.draws.horizons) == (2027, (0, 1, 2, 3))
    for one in (first, last):
        np.testing.assert_allclose(one.draws.shares.sum(axis=2), 1)
        assert np.isfinite(one.stocks).all()


@pytest.mark.parametrize("model", ["pooled", "naive", "drift"])
def test_a_year_of_which_nothing_is_known_changes_no_forecast(model: str) -> None:
    counts = counts_of(rng())
    skewed = 0.5 * counts[-1] * np.exp(rng(3).normal(0, 0.5, N_COUNTRIES))
    (found,) = drawn(counts[:-1], [PartialYear(2025, skewed, NOTHING_KNOWN)], model=model)
    (plain,) = drawn(counts[:-1], model=model, horizons=(1, 2, 3, 4))
    ours, theirs = log_draws(found), log_draws(plain)
    np.testing.assert_allclose(ours.std(axis=1), theirs.std(axis=1), rtol=0.1)
    apart = np.abs(np.median(ours, axis=1) - np.median(theirs, axis=1)) / theirs.std(axis=1)
    assert apart.mean() < 0.1


@pytest.mark.parametrize("model", ["pooled", "naive", "drift"])
def test_a_year_that_is_all_but_complete_counts_like_a_finished_one(model: str) -> None:
    counts = counts_of(rng())
    (found,) = drawn(counts[:-1], [PartialYear(2025, 0.995 * counts[-1], ALL_KNOWN)], model=model)
    np.testing.assert_allclose(
        found.draws.shares[0].mean(axis=0), counts[-1] / counts[-1].sum(), rtol=0.01
    )
    (full,) = drawn(counts, model=model)
    ours, theirs = log_draws(found)[1:], log_draws(full)
    np.testing.assert_allclose(ours.std(axis=1), theirs.std(axis=1), rtol=0.1)
    apart = np.abs(np.median(ours, axis=1) - np.median(theirs, axis=1)) / theirs.std(axis=1)
    assert apart.mean() < 0.1


@pytest.mark.parametrize("size", [0.05, 1.0])
def test_intervals_of_nowcasts_hold_and_are_narrower_than_those_before(size: float) -> None:
    random = rng(5)
    held, better = [], []
    for _ in range(12):
        ratio = random.normal(0, 0.1, N_COUNTRIES)
        final = counts_of(random, 14, size)
        partial = counted(final, 0.8, ratio, random)
        known = slice(-4, -1)
        completeness = learn_completeness(partial[known], final[known])
        (found,) = drawn(final[:-1], [PartialYear(2025, partial[-1], completeness)])
        draws = log_draws(found)[0]
        truth = np.log(final[-1] / final[-1].sum())
        lower, upper = np.quantile(draws, [0.1, 0.9], axis=0)
        held.append(((lower <= truth) & (truth <= upper)).mean())
        carried = np.log(final[-2] / final[-2].sum())
        better.append(np.abs(draws.mean(axis=0) - truth).mean() / np.abs(carried - truth).mean())
    assert 0.75 < np.mean(held) < 0.88
    assert np.mean(better) < 0.9


def test_the_years_after_a_nowcast_go_on_from_its_draws() -> None:
    counts = counts_of(rng())
    known = stated_completeness(0.8, 0.1, N_COUNTRIES)
    (found,) = drawn(counts[:-1], [PartialYear(2025, 0.8 * counts[-1], known)])
    now, *later = log_draws(found)
    for year in later:
        together = [np.corrcoef(now[:, n], year[:, n])[0, 1] for n in range(N_COUNTRIES)]
        assert np.mean(together) > 0.2


def test_what_is_unknown_of_completeness_widens_shares_and_totals() -> None:
    counts = counts_of(rng())
    sure, unsure = (
        drawn(
            counts[:-1],
            [PartialYear(2025, 0.8 * counts[-1], stated_completeness(0.8, spread, N_COUNTRIES))],
        )[0]
        for spread in (0.01, 0.3)
    )
    wider = log_draws(unsure)[0].std(axis=0) > log_draws(sure)[0].std(axis=0)
    assert wider.mean() > 0.9
    totals = [np.log(one.stocks[0].sum(axis=1)).std() for one in (sure, unsure)]
    assert totals[1] > totals[0]


def test_without_unfinished_years_the_draws_are_those_of_the_model() -> None:
    counts = counts_of(rng())
    (found,) = drawn(counts)
    panel = panel_of(counts)
    expected = create("pooled").fit(panel, (1, 2, 3)).sample(400, rng())
    np.testing.assert_array_equal(found.draws.shares, expected.shares)


# Completeness by age


def test_without_own_vintages_completeness_is_what_is_stated() -> None:
    found = completeness_at(15, N_COUNTRIES, DELAY, [])
    assert (found.overall, found.n_years) == (pytest.approx(0.9), 0)
    np.testing.assert_allclose(found.log_ratio, 0)
    np.testing.assert_allclose(found.variance, (0.5 * 0.1) ** 2)


def watched(
    random: np.random.Generator, overall: float, ratio: FloatArray, last_age: float = 18
) -> WatchedYear:
    final = counts_of(random, 1)[0]
    return WatchedYear(9, last_age, counted(final, overall, ratio, random), final)


def test_years_that_were_watched_correct_what_is_stated() -> None:
    random = rng(7)
    ratio = random.normal(0, 0.1, N_COUNTRIES)
    stated = DELAY.completeness(9)
    years = [watched(random, 0.75, ratio) for _ in range(3)]
    found = [completeness_at(9, N_COUNTRIES, DELAY, years[:n]) for n in (1, 3)]
    for one in found:
        assert stated < one.overall < 0.85
        assert one.overall_variance < (DELAY.spread * (1 - stated)) ** 2
        assert np.corrcoef(one.log_ratio[30:], ratio[30:])[0, 1] > 0.8
    assert found[1].variance.mean() < found[0].variance.mean() < (0.5 * (1 - stated)) ** 2
    assert [one.n_years for one in found] == [1, 3]


def test_a_year_that_is_still_filling_up_says_less_than_one_seen_to_its_end() -> None:
    random = rng(7)
    ratio = np.zeros(N_COUNTRIES)
    whole, part = (
        completeness_at(9, N_COUNTRIES, DELAY, [watched(rng(7), 0.8, ratio, last_age)])
        for last_age in (18, 12)
    )
    nothing = completeness_at(9, N_COUNTRIES, DELAY, [watched(random, 0.8, ratio, 9)])
    assert whole.variance.mean() < part.variance.mean() < nothing.variance.mean()
    assert nothing.n_years == 0


def test_a_country_that_a_vintage_lacked_is_as_full_as_all() -> None:
    year = watched(rng(7), 0.75, np.zeros(N_COUNTRIES))
    year.partial[3] = np.nan
    found = completeness_at(9, N_COUNTRIES, DELAY, [year])
    assert found.log_ratio[3] == 0
    assert np.isfinite(found.variance).all()


def test_too_few_years_and_counts_that_are_not_positive_are_refused() -> None:
    final = counts_of(rng())
    with pytest.raises(ValueError, match="Two or more years"):
        learn_completeness(final[:1], final[:1])
    with pytest.raises(ValueError, match="Add one half"):
        learn_completeness(0 * final, final)
