"""From joint draws to rows of the `forecasts` table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.composition import close
from features.panel import Panel
from models.evaluation.quantiles import LEVELS, quantiles
from models.scenarios import changed_shares
from models.shares.protocol import Draws, Forecaster
from models.shares.stock import sample_totals, stocks
from talentcast.domain.tables import FORECASTS
from talentcast.domain.types import BASELINE, OutputType, SeriesKey, Target

FloatArray = NDArray[np.float64]

_MEDIAN: Final = int(np.flatnonzero(LEVELS == 0.5)[0])


def forecast_rows(
    panel: Panel,
    forecaster: Forecaster,
    *,
    horizons: Sequence[int],
    n_draws: int,
    n_samples: int,
    seed: int,
    changes: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Fit a model to a panel and return its share and stock forecasts as table rows.

    Args:
        panel: The last year is the origin.
        forecaster: Unfitted, or fitted to something else.
        horizons: Years ahead.
        n_draws: JointDraws from which quantiles and means are taken.
        n_samples: JointDraws that are published themselves; 0 for none.
        seed: Together with the origin year it fixes every number.
        changes: Scenarios by name: relative change of each country's stock, horizons by countries.

    Returns:
        Columns of `forecasts` without `release_id`. Shares sum to 1 over countries in the mean and
        in every sample; quantiles do not cross.
    """
    rng = np.random.default_rng([seed, panel.origin.year])
    draws = forecaster.fit(panel).sample(horizons, n_draws, rng)
    totals = sample_totals(panel, horizons, n_draws=n_draws, rng=rng)
    baseline = {Target.SHARE: draws.shares, Target.STOCK: stocks(draws, totals)}
    by_scenario = {BASELINE: baseline} | {
        name: _changed(draws, baseline[Target.STOCK], change)
        for name, change in (changes or {}).items()
    }
    return pd.concat(
        [
            _target_rows(
                target, values, draws, panel.key, model=forecaster.name, n_samples=n_samples
            ).assign(scenario=scenario)
            for scenario, by_target in by_scenario.items()
            for target, values in by_target.items()
        ],
        ignore_index=True,
    )[list(FORECASTS.unpublished_columns)]


def _changed(
    draws: Draws, stock_draws: FloatArray, change: pd.DataFrame
) -> dict[Target, FloatArray]:
    """Return share and stock draws under a change of stocks; world by world as in the baseline."""
    factors = 1 + change.reindex(index=list(draws.horizons), columns=list(draws.countries)).fillna(
        0.0
    ).to_numpy(dtype=np.float64)
    return {
        Target.SHARE: changed_shares(draws, change).shares,
        Target.STOCK: stock_draws * factors[:, None, :],
    }


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


def _target_rows(
    target: Target,
    values: FloatArray,
    draws: Draws,
    key: SeriesKey,
    *,
    model: str,
    n_samples: int,
) -> pd.DataFrame:
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
        target=str(target),
        population=key.population,
        counting_rule=str(key.counting_rule),
        source=key.source,
        model=model,
        origin_year=draws.origin.year,
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
