"""Forecast one population with every model of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.panel import Panel
from features.series import rows_of
from features.vintages import KnownCounts
from flows.steps.check import check_shares
from flows.steps.nowcast import NONE_UNFINISHED, Unfinished
from flows.steps.plan import Plan, Stream
from flows.steps.questions import NOTHING_ASKED, Answered, Asked, answer
from flows.steps.runner import Pending, Runner
from flows.steps.stay_rates import Assumed, forecast_stay_rates
from models.nowcast.continuation import forecast_from
from models.shares.fallbacks import fallback_report
from models.shares.later_vintage import RevisionModel, as_later_vintages_say
from models.shares.protocol import FittedForecaster
from models.shares.registry import ModelContext, create
from models.shares.stock import StockDraws
from publication.observations import observation_rows
from publication.share_forecasts import forecast_rows
from sources.bundled import bundled_covariates
from sources.reference_panel import load_reference_panel
from talentcast.domain.checks import CheckReport, merge
from talentcast.domain.types import BASELINE, OutputType, SeriesKey, Target

if TYPE_CHECKING:
    from flows.steps.returns import ReturnRelease


@dataclass(frozen=True, eq=False)
class Forecast:
    """Rows of `forecasts`, which series the model could not fit, and what questions it answers.

    Attributes:
        stay_rates: Rows of `stay_rate_scenarios`.
    """

    rows: pd.DataFrame
    report: CheckReport
    answered: Answered = field(default_factory=Answered)
    stay_rates: pd.DataFrame = field(default_factory=pd.DataFrame)


def context_of(panels: Sequence[Panel]) -> ModelContext:
    """Return what the models may use beside the panels they are fitted to."""
    latest = max(panel.origin for panel in panels)
    return ModelContext(bundled_covariates(), reference_panel=load_reference_panel(latest))


def forecast_population(
    panel: Panel,
    plan: Plan,
    context: ModelContext,
    returns: Mapping[SeriesKey, Pending[ReturnRelease]],
    run: Runner,
    *,
    unfinished: Unfinished = NONE_UNFINISHED,
    revisions: RevisionModel | None = None,
    asked: Asked = NOTHING_ASKED,
    assumed: Assumed | None = None,
) -> Forecast:
    """Forecast one population with every model, and check what readers will see.

    Args:
        panel: The counts of the population.
        plan: Models, horizons, samples and scenarios.
        context: From `context_of`.
        returns: Of the groups of people; waited for only where a scenario carries them into shares.
        run: Carries out the steps.
        unfinished: Years that the source is still counting.
        revisions: What the source may yet revise; None for forecasts about the vintage at hand.
        asked: Questions about the population.
        assumed: What forecasts under other stay rates rest on; None for no such forecasts.
    """
    run.progress(f"Forecasting {panel.key.population}")
    scenarios = plan.scenarios if panel.key in returns else ()
    changes = _changes(panel, plan, returns[panel.key].result()) if scenarios else {}
    made = run(forecast_all, panel, plan, context, changes, unfinished, revisions, asked, assumed)
    checked = run(check_shares, panel, made.rows, plan, len(scenarios), len(unfinished.years))
    return replace(made, report=made.report + checked)


def forecast_all(
    panel: Panel,
    plan: Plan,
    context: ModelContext,
    changes: Mapping[str, pd.DataFrame],
    unfinished: Unfinished,
    revisions: RevisionModel | None,
    asked: Asked,
    assumed: Assumed | None,
) -> Forecast:
    """Forecast one population with every model, and answer what is asked from their draws."""
    made, drawn = [], {}
    for model in plan.models:
        one, drawn[model] = _forecast(panel, model, plan, context, changes, unfinished, revisions)
        made.append(one)
    return Forecast(
        pd.concat([one.rows for one in made]),
        merge(one.report for one in made),
        answer(asked, panel, drawn, plan.n_samples),
        forecast_stay_rates(drawn[plan.default_model], panel, assumed, plan),
    )


def forecast(
    panel: Panel,
    model: str,
    plan: Plan,
    context: ModelContext,
    revisions: RevisionModel | None = None,
) -> Forecast:
    """Forecast one population with one model, from its finished years."""
    made, _ = _forecast(panel, model, plan, context, {}, NONE_UNFINISHED, revisions)
    return made


def mean_shares(
    panel: Panel,
    plan: Plan,
    context: ModelContext,
    unfinished: Unfinished,
    revisions: RevisionModel | None,
) -> pd.Series:
    """Return the mean shares that the default model forecasts; index country, target_year."""
    quick = replace(plan, n_samples=0)
    made, _ = _forecast(panel, plan.default_model, quick, context, {}, unfinished, revisions)
    return published_means(made.rows, plan.default_model)


def published_means(rows: pd.DataFrame, model: str) -> pd.Series:
    """Return the mean shares of a model among `forecasts` rows; index country, target_year."""
    wanted = {
        "model": model,
        "target": str(Target.SHARE),
        "scenario": BASELINE,
        "output_type": str(OutputType.MEAN),
    }
    means = rows[(rows[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    return means.set_index(["country", "target_year"])["value"]


def _forecast(
    panel: Panel,
    model: str,
    plan: Plan,
    context: ModelContext,
    changes: Mapping[str, pd.DataFrame],
    unfinished: Unfinished,
    revisions: RevisionModel | None,
) -> tuple[Forecast, list[StockDraws]]:
    """Forecast with one model, the default one also under each scenario; return its draws too."""
    is_default = model == plan.default_model

    def fit(to: Panel, horizons: Sequence[int]) -> FittedForecaster:
        return create(model, context.until(to.origin)).fit(to, horizons)

    rng = np.random.default_rng([plan.seed, panel.origin.year])
    drawn, fitted = forecast_from(
        fit, panel, unfinished.years, plan.horizons, n_draws=plan.n_draws, rng=rng
    )
    if revisions is not None:
        # The same revisions for all models: they are about the source.
        drawn = [
            as_later_vintages_say(
                one, revisions, panel, plan.random(panel.origin, Stream.REVISIONS)
            )
            for one in drawn
        ]
    n_samples = plan.n_samples if is_default else 0
    rows = []
    for by_origin in drawn:
        scenarios = {BASELINE: by_origin}
        if is_default and changes:
            from models.scenarios import changed_draws  # with all of the models of people behind it

            scenarios |= {name: changed_draws(by_origin, one) for name, one in changes.items()}
        rows.append(forecast_rows(scenarios, panel.key, model=model, n_samples=n_samples))
    report = fallback_report(model, fitted, panel)
    return Forecast(pd.concat(rows, ignore_index=True), report), list(drawn)


def _changes(panel: Panel, plan: Plan, returns: ReturnRelease) -> dict[str, pd.DataFrame]:
    """Return what each scenario of a plan changes."""
    from flows.steps.share_effects import share_changes

    return {
        scenario.name: share_changes(returns, panel, scenario, horizons=plan.horizons)
        for scenario in plan.scenarios
    }


def observe(known: KnownCounts, panel: Panel) -> pd.DataFrame:
    """Put the counts of one population into the parts that are forecast."""
    return observation_rows(rows_of(known.counts, panel.key), panel)
