"""Forecast and score one population: one task each, so that Prefect shows where time goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from features.panel import Panel
from features.series import rows_of, vintage_of
from features.vintages import KnownCounts
from flows.steps.plan import Plan
from models.evaluation.backtest import backtest
from models.evaluation.origins import evaluation_origins
from models.scenarios import changed_draws
from models.shares.fallbacks import fallback_report
from models.shares.registry import Context, create
from models.shares.stock import sample_stocks
from publication.observations import observation_rows
from publication.scores import backtest_score_rows
from publication.share_forecasts import forecast_rows
from talentcast.domain.checks import CheckReport
from talentcast.domain.types import BASELINE
from talentcast.sources.reference_panel import load_reference_panel


@dataclass(frozen=True, eq=False)
class Forecast:
    """Rows of `forecasts`, and which series the model could not fit."""

    rows: pd.DataFrame
    report: CheckReport


@task(task_run_name="forecast {panel.key.population} with {model}", cache_policy=NO_CACHE)
def forecast(
    panel: Panel, model: str, plan: Plan, context: Context, changes: Mapping[str, pd.DataFrame]
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


@task(cache_policy=NO_CACHE)
def observe(known: KnownCounts, panel: Panel) -> pd.DataFrame:
    """Put the counts of one population into the parts that are forecast."""
    return observation_rows(rows_of(known.counts, panel.key), panel)


@task(task_run_name="score {panel.key.population}", cache_policy=NO_CACHE)
def score(known: KnownCounts, panel: Panel, plan: Plan, context: Context) -> pd.DataFrame:
    """Score every model at past origins of one population; nothing, if it is too short."""
    origins = evaluation_origins(panel)
    if not origins:
        return pd.DataFrame()
    # The reference's countries are chosen by what was known then, as the panel's own are.
    reference = load_reference_panel(min(origins))
    result = backtest(
        known.counts,
        panel.key,
        models=plan.models,
        origins=origins,
        horizons=plan.scored_horizons,
        last_year=panel.origin.year,
        context=Context(context.covariates, reference_panel=reference),
    )
    vintage = vintage_of(known.counts, panel.key)
    # All origins are trained on today's vintage, so every one of these scores is pseudo.
    return backtest_score_rows(
        result, panel.key, training_vintage=vintage, truth_vintage=vintage, is_pseudo_vintage=True
    )
