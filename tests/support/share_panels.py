"""Panels that do not exist: a large one, and a small one that borrows from it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.panel import Panel
from models.shares.pooled.cut_panels import CutSettings
from talentcast.domain.types import CountingRule, SeriesKey

FEW = CutSettings(n_parts=24)


def panel(
    n_parts: int, n_years: int = 14, *, total: float = 1e6, seed: int = 1, trend: float = 0.02
) -> Panel:
    """Return a panel whose parts grow at rates of their own, with shocks."""
    rng = np.random.default_rng(seed)
    growth = rng.normal(0, trend, n_parts) + rng.normal(0, 0.01, (n_years, n_parts))
    logs = rng.uniform(0, 2, n_parts) + np.cumsum(growth, axis=0)
    shares = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    columns = [*(f"P{number:02d}" for number in range(n_parts - 1)), "ROW"]
    years = pd.RangeIndex(2000, 2000 + n_years)
    counts = pd.DataFrame(total * shares, index=years, columns=columns)
    return Panel(SeriesKey("made_up", CountingRule.AUTHORSHIPS, "test"), counts)


REFERENCE = panel(40)
SMALL = panel(3, total=2000, seed=2)
