"""Errors of models beside each other, on the forecasts that both made.

A model that was scored on fewer origins, or on easier ones, is not compared by its mean alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_CELL: Final = ["origin_year", "horizon_years"]


def error_ratio(scores: pd.DataFrame, model: str, other: str) -> float | None:
    """Return the mean error of a model over that of another; None if no cell has both.

    Args:
        scores: `scores` rows of one series, target, country group and metric.
        model: In the numerator.
        other: In the denominator.
    """
    cells = _cells(scores)
    if not {model, other} <= set(cells):
        return None
    ratio = _ratio(cells[model].to_numpy(), cells[other].to_numpy())
    return None if np.isnan(ratio) else ratio


def relative_errors(scores: pd.DataFrame, baseline: str) -> pd.Series:
    """Return the error of every model beside a baseline, by comparisons of all pairs.

    Each pair is compared on the cells that both have; a model's geometric mean over all others is
    set beside that of the baseline, which is 1 (Cramer et al. 2022, section "relative WIS").

    Args:
        scores: As those of `error_ratio`.
        baseline: A model of the scores.

    Returns:
        By model; missing where a model shares no cell with the baseline.
    """
    cells = _cells(scores)
    columns = cells.to_numpy().T
    ratios = [[_ratio(one, other) for other in columns] for one in columns]
    logs = pd.DataFrame(np.log(ratios), cells.columns, cells.columns)
    beside_all = logs.mean(axis=1)
    relative: pd.Series = np.exp(beside_all - beside_all[baseline])
    return relative.where(logs[baseline].notna())


def _ratio(one: FloatArray, other: FloatArray) -> float:
    """Return the ratio of means where both are known; NaN where nothing is."""
    is_both = ~np.isnan(one) & ~np.isnan(other)
    return float(one[is_both].mean() / other[is_both].mean()) if is_both.any() else np.nan


def _cells(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.pivot_table(index=_CELL, columns="model", values="value")
