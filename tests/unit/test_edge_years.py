"""Where the unfinished years of a series begin."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.edge_years import last_finished_year


def totals(*growth_percent: float) -> pd.Series:
    growth = np.cumsum([0.0, *growth_percent]) / 100
    return pd.Series(1e6 * np.exp(growth), index=range(2000, 2001 + len(growth_percent)))


def test_an_edge_that_collapses_is_unfinished_from_its_first_year() -> None:
    assert last_finished_year(totals(6, 6, 5, 5, 5, 4.5, 4, 1, -5, -8)) == 2007


def test_steady_and_slowly_slowing_growth_is_finished() -> None:
    assert last_finished_year(totals(6, 6, 5, 5, 5, 4.5, 4, 3.8)) == 2008
    assert last_finished_year(totals(*[0.0] * 9)) == 2009


def test_a_slump_long_ago_is_history_and_not_an_edge() -> None:
    assert last_finished_year(totals(5, 5, 5, 5, 5, 5, -3, 5, 5, 5, 5, 5, 5, 5)) == 2014


def test_short_series_are_taken_as_they_are() -> None:
    assert last_finished_year(totals(5, 5, -30)) == 2003
