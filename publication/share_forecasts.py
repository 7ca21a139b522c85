"""From joint draws to rows of the `forecasts` table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.composition import close
from features.panel import Panel
from models.evaluation.quantiles import LEVELS, quantiles
from models.shares.protocol import Draws
from models.shares.stock import StockDraws
from talentcast.domain.tables import FORECASTS
from talentcast.domain.types import OutputType, SeriesKey, Target

FloatArray = NDArray[np.float64]

_MEDIAN: Final = int(np.flatnonzero(LEVELS == 0.5)[0])


def forecast_rows(
    scenarios: Mapping[str, StockDraws], key: SeriesKey, *, model: str, n_samples: int
) -> pd.DataFrame:
    """Return share and stock forecasts as table rows.

    Args:
        scenarios: Joint draws by scenario; quantiles and means are taken from all of them.
        key: What is forecast.
        model: Name of the model that drew.
        n_samples: How many draws are published themselves; 0 for none.

    Returns:
        Columns of `forecasts` without `release_id`. Shares sum to 1 over countries in the mean and
        in every sample; quantiles do not cross.
    """
    parts = [
        _target_rows(target, values, sampled.draws, n_samples).assign(scenario=scenario)
        for scenario, sampled in scenarios.items()
        for target, values in (
            (Target.SHARE, sampled.draws.shares),
            (Target.STOCK, sampled.stocks),
        )
    ]
    return pd.concat(parts, ignore_index=True).assign(
        population=key.population,
        counting_rule=str(key.counting_rule),
        source=key.source,
        model=model,
    )[list(FORECASTS.unpublished_columns)]


def row_count(
    panel: Panel, *, n_horizons: int, n_models: int, n_samples: int, n_scenarios: int = 0
) -> int:
    """Return how many rows a panel's forecasts have.

    One model publishes its samples, and the scenarios beside the baseline.
    """
    per_model = len(LEVELS) + len((OutputType.MEAN, OutputType.MEDIAN))
    per_country = n_models * per_model + n_samples + n_scenarios * (per_model + n_samples)
    targets = (Target.SHARE, Target.STOCK)
    return len(targets) * len(panel.countries) * n_horizons * per_country


def _target_rows(target: Target, values: FloatArray, draws: Draws, n_samples: int) -> pd.DataFrame:
    predicted = quantiles(values, axis=1)
    mean = values.mean(axis=1, keepdims=True)
    if target is Target.SHARE:
        # The mean of closed draws sums to 1 up to rounding; closing takes the rounding out too.
        mean = close(mean)
    numbers = np.arange(n_samples, dtype=np.float64)
    missing = np.array([np.nan])
    blocks = [
        _block(OutputType.QUANTILE, LEVELS, predicted, draws),
        _block(OutputType.MEAN, missing, mean, draws),
        _block(OutputType.MEDIAN, missing, predicted[:, [_MEDIAN]], draws),
        _block(OutputType.SAMPLE, numbers, values[:, :n_samples], draws),
    ]
    return pd.concat(blocks, ignore_index=True).assign(
        target=str(target), origin_year=draws.origin.year
    )


def _block(
    output_type: OutputType, ids: FloatArray, values: FloatArray, draws: Draws
) -> pd.DataFrame:
    """Return rows for values of shape (n_horizons, n_ids, n_countries)."""
    horizons = np.array(draws.horizons, dtype=np.int64)
    n_countries = len(draws.countries)
    horizon = np.repeat(horizons, len(ids) * n_countries)
    return pd.DataFrame(
        {
            "output_type": str(output_type),
            "output_type_id": np.tile(np.repeat(ids, n_countries), len(horizons)),
            "country": np.tile(np.array(draws.countries), len(horizons) * len(ids)),
            "horizon_years": horizon,
            "target_year": horizon + draws.origin.year,
            "value": values.reshape(-1),
        }
    )
