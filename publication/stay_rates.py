"""Forecast shares by change of the stay rate: rows of `stay_rate_scenarios`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from features.stay_rates import HOST
from models.shares.stock import StockDraws
from talentcast.domain.tables import STAY_RATE_SCENARIOS
from talentcast.domain.types import SeriesKey

_LEVELS: Final = (0.1, 0.9)


def stay_rate_rows(
    by_points: Mapping[int, StockDraws], key: SeriesKey, *, model: str, are_arrivals_counted: bool
) -> pd.DataFrame:
    """Return the rows of one series.

    Args:
        by_points: Forecasts by change of the stay rate in percentage points.
        key: What is forecast.
        model: Name of the model behind them.
        are_arrivals_counted: The population counts arrivals; otherwise those of another are taken.

    Returns:
        The contract's columns except `release_id`. Means of a year sum to 1.
    """
    made = [_rows(drawn).assign(points=points) for points, drawn in by_points.items()]
    return pd.concat(made, ignore_index=True).assign(
        population=key.population,
        counting_rule=str(key.counting_rule),
        source=key.source,
        model=model,
        host_country=HOST,
        arrival_basis="counted" if are_arrivals_counted else "assumed",
    )[list(STAY_RATE_SCENARIOS.unpublished_columns)]


def _rows(drawn: StockDraws) -> pd.DataFrame:
    draws = drawn.draws
    lower, upper = np.quantile(draws.shares, _LEVELS, axis=1)
    years = [draws.origin.year + horizon for horizon in draws.horizons]
    return pd.DataFrame(
        {
            "country": np.tile(np.array(draws.countries), len(years)),
            "target_year": np.repeat(years, len(draws.countries)),
            "mean": draws.shares.mean(axis=1).reshape(-1),
            "lower_80": lower.reshape(-1),
            "upper_80": upper.reshape(-1),
        }
    )
