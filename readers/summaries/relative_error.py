"""Errors of models beside each other, on the forecasts that both made.

A model that was scored on fewer origins, or on easier ones, is not compared by its mean alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

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
    both = cells[cells[model].notna() & cells[other].notna()]
    return float(both[model].mean() / both[other].mean()) if len(both) else None


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
    models = sorted(scores["model"].unique())
    logs = pd.DataFrame(
        [[_log_ratio(scores, one, other) for other in models] for one in models], models, models
    )
    beside_all = logs.mean(axis=1)
    relative: pd.Series = np.exp(beside_all - beside_all[baseline])
    return relative.where(logs[baseline].notna())


def _log_ratio(scores: pd.DataFrame, one: str, other: str) -> float:
    ratio = error_ratio(scores, one, other)
    return np.nan if ratio is None else float(np.log(ratio))


def _cells(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.pivot_table(index=_CELL, columns="model", values="value")
