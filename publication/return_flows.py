"""From forecast return flows to rows of the `forecasts` table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from models.coherence import flow_quantiles
from models.returns.flows.forecast import OriginFlow
from talentcast.domain.types import (
    PUBLISHED_SAMPLES,
    QUANTILE_LEVELS,
    Origin,
    OutputType,
    SeriesKey,
    Target,
)


def flow_rows(
    flows: Sequence[OriginFlow],
    key: SeriesKey,
    origin: Origin,
    *,
    model: str,
    scenario: str,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return `forecasts` rows of target `return_flow`, without `release_id`; whole persons.

    Args:
        flows: From `forecast_return_flows`.
        key: Who is counted by whom.
        origin: Last year whose records were used.
        model: Name of the model.
        scenario: Name of the scenario.
        rng: Smooths the quantiles of small counts.
    """
    table = pd.concat([_rows(flow, rng) for flow in flows], ignore_index=True)
    return table.assign(
        target=Target.RETURN_FLOW.value,
        population=key.population,
        counting_rule=str(key.counting_rule),
        source=key.source,
        scenario=scenario,
        model=model,
        origin_year=origin.year,
        target_year=origin.year + table["horizon_years"],
    )


def _rows(flow: OriginFlow, rng: np.random.Generator) -> pd.DataFrame:
    quantiles = np.round(flow_quantiles(flow.samples, QUANTILE_LEVELS, rng))
    median, mean = np.round(np.median(flow.samples)), np.round(flow.expected)
    samples = flow.samples[:PUBLISHED_SAMPLES]
    values: list[tuple[str, float, float]] = [
        *(
            (OutputType.QUANTILE.value, level, value)
            for level, value in zip(QUANTILE_LEVELS, quantiles, strict=True)
        ),
        (OutputType.MEDIAN.value, np.nan, float(median)),
        (OutputType.MEAN.value, np.nan, float(mean)),
        *(
            (OutputType.SAMPLE.value, float(number), float(value))
            for number, value in enumerate(samples)
        ),
    ]
    rows = pd.DataFrame(values, columns=["output_type", "output_type_id", "value"])
    return rows.assign(country=flow.origin_country, horizon_years=flow.horizon_years)
