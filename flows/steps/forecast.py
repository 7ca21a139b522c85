"""Forecast one population with one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.panel import Panel
from features.series import rows_of
from features.vintages import KnownCounts
from flows.steps.plan import Plan
from models.scenarios import changed_draws
from models.shares.fallbacks import fallback_report
from models.shares.registry import ModelContext, create
from models.shares.stock import sample_stocks
from publication.observations import observation_rows
from publication.share_forecasts import forecast_rows
from talentcast.domain.checks import CheckReport
from talentcast.domain.types import BASELINE


@dataclass(frozen=True, eq=False)
class Forecast:
    """Rows of `forecasts`, and which series the model could not fit."""

    rows: pd.DataFrame
    report: CheckReport


def forecast(
    panel: Panel, model: str, plan: Plan, context: ModelContext, changes: Mapping[str, pd.DataFrame]
) -> Forecast:
    """Forecast one population with one model; the default one also under each scenario."""
    is_default = model == plan.default_model
    fitted = create(model, context.until(panel.origin)).fit(panel, plan.horizons)
    rng = np.random.default_rng([plan.seed, panel.origin.year])
    drawn = sample_stocks(fitted, panel, n_draws=plan.n_draws, rng=rng)
    scenarios = {BASELINE: drawn}
    if is_default:
        scenarios |= {name: changed_draws(drawn, change) for name, change in changes.items()}
    n_samples = plan.n_samples if is_default else 0
    rows = forecast_rows(scenarios, panel.key, model=model, n_samples=n_samples)
    return Forecast(rows, fallback_report(model, fitted, panel))


def observe(known: KnownCounts, panel: Panel) -> pd.DataFrame:
    """Put the counts of one population into the parts that are forecast."""
    return observation_rows(rows_of(known.counts, panel.key), panel)
