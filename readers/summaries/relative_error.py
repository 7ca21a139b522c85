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


def error_ratios(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean error of each model, by row, over that of each other, by column.

    Each pair is compared on the cells that both have; missing where there are none.

    Args:
        scores: `scores` rows of one series, target, country group and metric.
    """
    cells = scores.pivot_table(index=_CELL, columns="model", values="value")
    columns = cells.to_numpy().T
    ratios = [[_ratio(one, other) for other in columns] for one in columns]
    return pd.DataFrame(ratios, cells.columns, cells.columns)


def error_ratio(ratios: pd.DataFrame, model: str, other: str) -> float | None:
    """Return one of `error_ratios`; None if no cell has both models."""
    if not {model, other} <= set(ratios):
        return None
    ratio = float(ratios[other][model])
    return None if np.isnan(ratio) else ratio


def relative_errors(ratios: pd.DataFrame, baseline: str) -> pd.Series:
    """Return the error of every model beside a baseline, by comparisons of all pairs.

    A model's geometric mean over all others is set beside that of the baseline, which is 1
    (Cramer et al. 2022, section "relative WIS").

    Args:
        ratios: From `error_ratios`.
        baseline: A model of them.

    Returns:
        By model; missing where a model shares no cell with the baseline.
    """
    beside_all = np.log(ratios).mean(axis=1)
    relative: pd.Series = np.exp(beside_all - beside_all[baseline])
    return relative.where(ratios[baseline].notna())


def _ratio(one: FloatArray, other: FloatArray) -> float:
    """Return the ratio of means where both are known; NaN where nothing is."""
    is_both = ~np.isnan(one) & ~np.isnan(other)
    return float(one[is_both].mean() / other[is_both].mean()) if is_both.any() else np.nan
