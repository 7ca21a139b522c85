"""Covariates of countries, in the shape of a panel and comparable between years."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.panel import Panel

FloatArray = NDArray[np.float64]

GROWTH_YEARS: Final = 5
#: A country's position among others is carried on for this long when its figures end early.
CARRY_YEARS: Final = 3
#: Robust z scores are cut off here, so that one misprint moves nothing.
LARGEST_SCORE: Final = 3.0


def covariate_scores(covariates: pd.DataFrame, panel: Panel) -> FloatArray:
    """Return where each country stands among the panel's countries in each year.

    `gdp_per_capita` enters as mean growth over up to five years, `population` as log researchers
    per inhabitant, any further column as it is. Each becomes a robust z score within its year.

    Args:
        covariates: Rows of `country_covariates`. Years after the panel's last are not looked at.
        panel: Gives years, countries and researchers.

    Returns:
        Shape (n_years, n_countries, n_covariates). 0, the middle, where nothing is known.
    """
    known = covariates[covariates["year"] <= panel.origin.year]
    names = [name for name in known.columns if name not in ("year", "country")]
    raw = [_as_indicator(name, _matrix(known, name, panel), panel) for name in names]
    scored = [_robust_scores(values) for values in raw]
    if not scored:
        return np.zeros((*panel.counts.shape, 0))
    return np.nan_to_num(np.stack(scored, axis=-1))


def _matrix(covariates: pd.DataFrame, name: str, panel: Panel) -> FloatArray:
    row = panel.counts.index.get_indexer(pd.Index(covariates["year"]))
    column = panel.counts.columns.get_indexer(pd.Index(covariates["country"]))
    inside = (row >= 0) & (column >= 0)
    values = np.full(panel.counts.shape, np.nan)
    values[row[inside], column[inside]] = covariates[name].to_numpy(dtype=np.float64)[inside]
    return values


def _as_indicator(name: str, values: FloatArray, panel: Panel) -> FloatArray:
    if name == "gdp_per_capita":
        return _mean_growth(np.log(values))
    if name == "population":
        counts = panel.carried_forward().to_numpy(dtype=np.float64)
        return np.asarray(np.log(counts / values))
    return values


def _mean_growth(logs: FloatArray) -> FloatArray:
    """Return mean yearly growth over the last five years, or since the first year if fewer."""
    growth = np.full_like(logs, np.nan)
    for year in range(1, len(logs)):
        since = max(0, year - GROWTH_YEARS)
        growth[year] = (logs[year] - logs[since]) / (year - since)
    return growth


def _robust_scores(values: FloatArray) -> FloatArray:
    """Return distances from the year's median in robust standard deviations, carried on."""
    scores = np.full_like(values, np.nan)
    is_known = ~np.isnan(values).all(axis=1)  # a year without any value has no median
    known = values[is_known]
    from_median = known - np.nanmedian(known, axis=1, keepdims=True)
    spread = np.nanmedian(np.abs(from_median), axis=1, keepdims=True) * 1.4826
    scores[is_known] = np.clip(from_median / (spread + 1e-9), -LARGEST_SCORE, LARGEST_SCORE)
    carried = pd.DataFrame(scores).ffill(limit=CARRY_YEARS)
    return carried.to_numpy(dtype=np.float64)
