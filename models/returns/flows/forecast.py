"""Return flows of the coming years, from people abroad now and those who will join them.

The flow of the first year is corrected by the history of such forecasts. No history exists for
later years: they take the model's own correction for drift, and their shocks add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.coherence import flow_samples, shifted
from models.returns.flows.calibration import FlowCalibration
from models.returns.flows.risk_set import ExpectedReturns
from models.returns.model.incidence import incidence_of_return, returns_by_year
from models.scenarios import UNCHANGED, Scenario


@dataclass(frozen=True, eq=False)
class OriginFlow:
    """Returns to one origin country in one coming year; `samples` and `expected` in persons."""

    origin_country: str
    horizon_years: int
    expected: float
    samples: NDArray[np.int64]


def forecast_return_flows(
    returns: ExpectedReturns,
    groups: Mapping[str, NDArray[np.int64]],
    calibration: FlowCalibration,
    rng: np.random.Generator,
    *,
    horizons: Sequence[int] = (1, 2, 3, 4, 5),
    scenario: Scenario = UNCHANGED,
) -> list[OriginFlow]:
    """Return one flow per group of people and horizon.

    Args:
        returns: Who is abroad, and how likely each returns.
        groups: Rows of people abroad, by the origin country that they count for.
        calibration: From the history of one-year forecasts.
        rng: Source of the samples.
        horizons: In years.
        scenario: Changed assumptions.
    """
    changed = returns.under(scenario)
    yearly = returns_by_year(changed.hazards)
    first = incidence_of_return(changed.before_drift)[:, 0]
    # The shift is found in the baseline; a scenario keeps it, so that its own effect remains.
    unchanged = incidence_of_return(returns.before_drift)[:, 0]
    found = []
    for name, rows in groups.items():
        delta = calibration.shift(name, unchanged[rows])
        joined = returns.returns_of_newcomers(rows, scenario)
        for horizon in horizons:
            chances = shifted(first[rows], delta) if horizon == 1 else yearly[rows, horizon - 1]
            late = joined[horizon - 1]
            spread = calibration.tau * np.sqrt(horizon)
            samples = flow_samples(chances, spread, rng, newcomers=late)
            found.append(OriginFlow(name, horizon, float(chances.sum()) + late, samples))
    return found
