"""Panels of a few parts learn from small panels cut out of a large one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from models.shares.pooled.distribution import ErrorModel
from models.shares.pooled.forecaster import Pooled
from models.shares.pooled.panel_level import learn_panel_level
from models.shares.pooled.small_panels import (
    PastForecasts,
    SmallPanels,
    SmallPanelSettings,
    cut_panels,
    forecast_weight,
    scale_before_closure,
)
from talentcast.domain.types import CountingRule, Origin, SeriesKey

FEW = SmallPanelSettings(n_parts=24)


def panel(n_parts: int, n_years: int = 14, *, total: float = 1e6, seed: int = 1) -> Panel:
    rng = np.random.default_rng(seed)
    growth = rng.normal(0, 0.02, n_parts) + rng.normal(0, 0.01, (n_years, n_parts))
    logs = rng.uniform(0, 2, n_parts) + np.cumsum(growth, axis=0)
    shares = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    columns = [*(f"P{number:02d}" for number in range(n_parts - 1)), "ROW"]
    counts = pd.DataFrame(
        total * shares, index=pd.RangeIndex(2000, 2000 + n_years), columns=columns
    )
    return Panel(SeriesKey("made_up", CountingRule.AUTHORSHIPS, "test"), counts)


REFERENCE = panel(40)
SMALL = panel(3, total=2000, seed=2)


def small_model() -> SmallPanels:
    return SmallPanels(Pooled(reference_panel=REFERENCE), settings=FEW)


def test_cut_panels_count_as_many_people_as_the_small_panel_does() -> None:
    cuts = cut_panels(REFERENCE, SMALL, FEW)
    assert cuts.log_shares.shape == (14, 24)
    totals = cuts.counts.reshape(14, 8, 3).sum(axis=2)
    np.testing.assert_allclose(totals.mean(axis=1), 2000, rtol=0.05)


def test_cut_panels_see_nothing_after_the_origin() -> None:
    counts = REFERENCE.counts.copy()
    counts.loc[2012:] = 7.0
    later = Panel(REFERENCE.key, counts)
    origin = Origin(2011)
    before, after = (
        cut_panels(reference.until(origin), SMALL.until(origin), FEW)
        for reference in (REFERENCE, later)
    )
    np.testing.assert_array_equal(before.counts, after.counts)


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


def test_forecasts_count_the_same_without_a_past_and_by_their_squares_with_one() -> None:
    none = np.full((3, 6, 2), np.nan)
    features = np.zeros((6, 2, 6))
    assert (
        forecast_weight(PastForecasts(none, none, features), prior_errors=2.0, half_life=6.0) == 0.5
    )
    small, large = none.copy(), none.copy()
    small[0, 4], large[0, 4] = 0.01, 0.10
    assert (
        forecast_weight(PastForecasts(small, large, features), prior_errors=0.0, half_life=6.0)
        > 0.9
    )
    assert (
        forecast_weight(PastForecasts(large, small, features), prior_errors=0.0, half_life=6.0)
        < 0.1
    )


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
    drawn = [
        model.fit(large, [1]).sample(50, np.random.default_rng(1)).shares
        for model in (small_model(), Pooled(reference_panel=REFERENCE))
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_chance_in_small_counts_is_not_taken_for_a_trend() -> None:
    """A part that was counted high in its last year by chance is expected back."""
    counts = pd.DataFrame({"P00": 500.0, "P01": 500.0, "ROW": 1000.0}, index=SMALL.counts.index)
    counts.iloc[::2, 0] = 440.0
    counts.iloc[-1, 0] = 560.0
    small = Panel(SMALL.key, counts)
    last = float(small.shares()["P00"].iloc[-1])
    models = (small_model(), Pooled(reference_panel=REFERENCE))
    medians = [
        float(np.median(m.fit(small, [1]).sample(400, np.random.default_rng(1)).shares[0, :, 0]))
        for m in models
    ]
    assert medians[0] < min(last, medians[1])
