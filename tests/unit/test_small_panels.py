"""Panels of a few parts learn from small panels cut out of a large one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from share_panels import FEW, REFERENCE, SMALL, panel

from features.panel import Panel
from models.shares.pooled.distribution import ErrorModel
from models.shares.pooled.forecaster import Pooled
from models.shares.pooled.panel_level import learn_panel_level
from models.shares.pooled.small_panels import (
    SmallPanels,
    SmallPanelSettings,
    is_small,
    scale_before_closure,
)
from models.shares.protocol import Forecaster
from talentcast.domain.types import Origin


def small_model(reference: Panel = REFERENCE) -> SmallPanels:
    return SmallPanels(Pooled(reference_panel=reference), settings=SmallPanelSettings(cuts=FEW))


def shares(model: Forecaster, of: Panel, horizon: int = 1, n_draws: int = 400) -> np.ndarray:
    """Return draws, shape (n_draws, n_parts)."""
    return model.fit(of, [horizon]).sample(n_draws, np.random.default_rng(1)).shares[0]


def test_closing_leaves_the_scale_that_was_asked_for() -> None:
    mean = np.log(np.array([[0.5, 0.3, 0.2]]))
    wanted = np.array([[0.05, 0.06, 0.08]])
    before = scale_before_closure(wanted, mean)
    deviations = np.random.default_rng(0).normal(size=(200_000, 3)) * before
    closed = mean + deviations - np.log(np.exp(mean + deviations).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(closed.std(axis=0), wanted[0], rtol=0.02)


def test_closing_a_large_composition_changes_next_to_nothing() -> None:
    scale, mean = np.full((1, 200), 0.05), np.full((1, 200), np.log(1 / 200))
    np.testing.assert_allclose(scale_before_closure(scale, mean), scale, rtol=0.01)


@pytest.mark.parametrize(("size", "low", "high"), [(0.5, 0.4, 0.8), (1.0, 0.8, 1.3), (2.5, 2, 3)])
def test_the_level_of_a_panel_follows_its_own_errors(size: float, low: float, high: float) -> None:
    flat = ErrorModel(np.zeros(6), np.ones(6), np.zeros(7), np.array([0.0, 1]), np.array([0.0, 2]))
    errors = np.full((1, 20, 3), size)
    level = learn_panel_level([flat], errors, np.zeros((20, 3, 6)))
    assert low < level.quantiles(np.array([0.5]))[0] < high


def test_shares_of_every_draw_sum_to_one_and_come_again() -> None:
    fitted = small_model().fit(SMALL, [1, 3])
    once, again = (fitted.sample(200, np.random.default_rng(5)).shares for _ in range(2))
    np.testing.assert_allclose(once.sum(axis=2), 1.0)
    np.testing.assert_array_equal(once, again)


def test_a_large_panel_is_forecast_as_the_pooled_model_does() -> None:
    large = panel(30, seed=3)
    assert not is_small(large, REFERENCE)
    drawn = [shares(model, large) for model in (small_model(), Pooled(reference_panel=REFERENCE))]
    np.testing.assert_array_equal(drawn[0], drawn[1])


@pytest.mark.parametrize(
    ("of", "small"),
    [
        (panel(3, total=1e7), True),
        (panel(12, total=6_000), True),
        (panel(12, total=1e6), False),
        (panel(12, 5, total=1e6), True),
        (panel(3, 2), False),
        (panel(14, total=6_000), False),
    ],
)
def test_small_is_of_few_parts_or_years_or_persons_a_part(of: Panel, small: bool) -> None:
    """Two years show nothing to learn from, and panels of 14 groups of 80 countries are alike."""
    assert is_small(of, panel(80)) == small


@pytest.mark.parametrize(("n_years", "n_parts"), [(3, 3), (4, 2), (5, 6), (6, 3), (12, 6)])
def test_short_histories_are_forecast_too(n_years: int, n_parts: int) -> None:
    drawn = small_model().fit(panel(n_parts, n_years, total=3000), [1, 10])
    found = drawn.sample(100, np.random.default_rng(1)).shares
    assert found.shape == (2, 100, n_parts)
    assert (found > 0).all()


def test_nothing_after_the_origin_is_seen() -> None:
    counts = REFERENCE.counts.copy()
    counts.loc[2012:] *= np.linspace(0.2, 5, counts.shape[1])
    origin, changed = Origin(2011), Panel(REFERENCE.key, counts)
    drawn = [
        shares(small_model(reference.until(origin)), SMALL.until(origin))
        for reference in (REFERENCE, changed)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_a_forecast_does_not_depend_on_the_other_horizons_asked_for() -> None:
    model = small_model()
    one, several = (
        model.fit(SMALL, asked).sample(200, np.random.default_rng(1)).shares[0]
        for asked in ([2], [2, 5])
    )
    np.testing.assert_array_equal(one, several)


def test_a_panel_whose_own_trend_goes_on_is_expected_to_go_on() -> None:
    """Of a part that has grown by a tenth every year, more growth is expected than of others."""
    years = np.arange(14)
    counts = pd.DataFrame(
        {"P00": 200 * np.exp(0.1 * years), "P01": 800.0, "ROW": 1000.0}, index=SMALL.counts.index
    )
    rising = Panel(SMALL.key, counts)
    last = float(rising.shares()["P00"].iloc[-1])
    median = float(np.median(shares(small_model(), rising, 3)[:, 0]))
    assert median > last * 1.1


def test_draws_of_different_beliefs_come_in_random_order() -> None:
    drawn = shares(small_model(), SMALL, 3, n_draws=1000)[:, 0]
    middle = drawn.mean()
    spread = drawn.std() / np.sqrt(250)
    assert all(abs(block.mean() - middle) < 4 * spread for block in drawn.reshape(4, 250))


def test_chance_in_small_counts_is_not_taken_for_a_trend() -> None:
    """A part that was counted high in its last year by chance is expected back."""
    counts = pd.DataFrame({"P00": 500.0, "P01": 500.0, "ROW": 1000.0}, index=SMALL.counts.index)
    counts.iloc[::2, 0] = 440.0
    counts.iloc[-1, 0] = 560.0
    small = Panel(SMALL.key, counts)
    last = float(small.shares()["P00"].iloc[-1])
    models = (small_model(), Pooled(reference_panel=REFERENCE))
    medians = [float(np.median(shares(model, small)[:, 0])) for model in models]
    assert medians[0] < min(last, medians[1])
