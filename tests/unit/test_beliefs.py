"""Ways to expect a small panel to go on."""

from __future__ import annotations

import numpy as np
from share_panels import FEW, REFERENCE, SMALL

from models.shares.pooled.beliefs import expect, learn_beliefs
from models.shares.pooled.common import PooledSettings
from models.shares.pooled.cut_panels import cut_panels
from models.shares.pooled.history import History

CUTS = cut_panels(REFERENCE, SMALL, FEW)
assert CUTS is not None
BELIEFS = learn_beliefs(CUTS, History.of(REFERENCE), PooledSettings(), n_horizons=3)


def rising(n_years: int = 12, growth: float = 0.1) -> History:
    logs = np.column_stack([growth * np.arange(n_years), np.zeros(n_years)])
    counts = 1000 * np.exp(logs)
    return History(logs, counts, np.ones(logs.shape, dtype=bool))


def test_a_level_does_not_move_and_an_own_trend_goes_on() -> None:
    mean = {
        belief.name: one
        for belief, one in zip(BELIEFS, expect(rising(), BELIEFS, n_horizons=3).mean, strict=True)
    }
    np.testing.assert_allclose(np.diff(mean["level"][:, 0]), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(mean["own trend"][:, 0]), 0.1, atol=1e-3)


def test_errors_are_what_came_less_what_was_expected() -> None:
    found = expect(rising(), BELIEFS, n_horizons=3, first=6)
    level = next(place for place, belief in enumerate(BELIEFS) if belief.name == "level")
    assert np.isnan(found.errors[:, :, :6]).all()
    assert np.isnan(found.errors[:, 2, -3:]).all()
    assert (found.errors[level, :, 6:9, 0] > 0).all()
    # A level lags a rise by so much that each further year adds its growth.
    np.testing.assert_allclose(np.diff(found.errors[level, :, 7, 0]), 0.1, atol=1e-9)


def test_what_is_not_seen_is_no_error() -> None:
    history = rising()
    seen = history.is_seen.copy()
    seen[8, 0] = False
    gap = History(history.log_shares, history.counts, seen)
    errors = expect(gap, BELIEFS, n_horizons=1).errors
    assert np.isnan(errors[:, 0, 7, 0]).all()
    assert np.isnan(errors[:, 0, 8, 0]).all()
    assert np.isfinite(errors[:, 0, 9, 0]).all()
