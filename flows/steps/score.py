"""Score forecasts: of models fitted to the past, and of releases that were published."""

from __future__ import annotations

import pandas as pd

from features.panel import Panel, build_panel
from features.series import vintage_of
from features.vintage_pairs import EarlierVintage
from features.vintages import KnownCounts
from flows.steps.plan import Plan
from flows.steps.runner import IN_THIS_PROCESS, Runner
from models.evaluation.across_vintages import backtest_across_vintages
from models.evaluation.backtest import backtest
from models.evaluation.origins import evaluation_origins, origins_across
from models.evaluation.published import score_published
from models.shares.registry import ModelContext
from publication.scores import across_vintages_rows, backtest_score_rows
from sources.reference_panel import load_reference_panel
from storage.paths import StorePath
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import Target, VintageKind
from talentcast.store.pointer import list_releases
from talentcast.store.reader import condition, read_frame
from talentcast.store.release import Release


def score_population(
    known: KnownCounts,
    panel: Panel,
    plan: Plan,
    context: ModelContext,
    run: Runner,
    earlier: EarlierVintage | None = None,
) -> pd.DataFrame:
    """Score one population, unless the plan scores nothing."""
    if not plan.scored_horizons:
        return pd.DataFrame()
    run.progress(f"Scoring {panel.key.population}")
    return run(score, known, panel, plan, context, earlier)


def score(
    known: KnownCounts,
    panel: Panel,
    plan: Plan,
    context: ModelContext,
    earlier: EarlierVintage | None = None,
) -> pd.DataFrame:
    """Score every model at past origins of one population; nothing, if it is too short.

    With an earlier vintage, models are also trained on that one and scored against today's.
    """
    origins = evaluation_origins(panel, at_most=plan.n_origins)
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
        context=ModelContext(context.covariates, reference_panel=reference),
        rule=panel.rule,
    )
    vintage = vintage_of(known.counts, panel.key)
    # All origins are trained on today's vintage, so every one of these scores is pseudo.
    rows = backtest_score_rows(
        result, panel.key, training_vintage=vintage, truth_vintage=vintage, is_pseudo_vintage=True
    )
    if earlier is None:
        return rows
    return pd.concat([rows, _across_vintages(known, panel, plan, context, earlier)])


def _across_vintages(
    known: KnownCounts, panel: Panel, plan: Plan, context: ModelContext, earlier: EarlierVintage
) -> pd.DataFrame:
    """Score models trained on an earlier vintage; nothing, if it shares too little with today's."""
    try:
        before = build_panel(earlier.counts, panel.key, rule=panel.rule)
        origins = origins_across(before, panel, at_most=plan.n_origins)
        if not origins:
            return pd.DataFrame()
        first = min(origins)
        before, now = (
            build_panel(counts, panel.key, eligible_by=first, rule=panel.rule)
            for counts in (earlier.counts, known.counts)
        )
        result = backtest_across_vintages(
            before,
            now,
            years_between=earlier.years_between,
            models=plan.models,
            origins=origins,
            horizons=plan.scored_horizons,
            context=ModelContext(context.covariates, reference_panel=load_reference_panel(first)),
        )
    except InputRejectedError:
        return pd.DataFrame()
    return across_vintages_rows(
        result,
        panel.key,
        training_vintage=earlier.vintage,
        truth_vintage=vintage_of(known.counts, panel.key),
        finished_until=before.origin,
    )


def score_release(release: Release, observations: pd.DataFrame, root: StorePath) -> pd.DataFrame:
    """Score one release against today's observations."""
    quantiles = condition("forecasts", {"target": str(Target.SHARE), "output_type": "quantile"})
    return score_published(
        read_frame("forecasts", release, root, where=quantiles),
        read_frame("observations", release, root),
        observations,
        training_vintage=release.as_of,
        is_pseudo_vintage=release.vintage_kind is VintageKind.PSEUDO,
    ).assign(made_by=str(release.release_id))


def score_releases(
    observations: pd.DataFrame, root: StorePath, run: Runner = IN_THIS_PROCESS
) -> pd.DataFrame:
    """Score every served release against today's observations, the oldest first."""
    scored = [
        run(score_release, release, observations, root)
        for release in reversed(list_releases(root))
        if release.is_current
    ]
    return pd.concat(scored, ignore_index=True) if scored else pd.DataFrame()
