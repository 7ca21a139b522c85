"""Score forecasts: of models fitted to the past, and of releases that were published."""

from __future__ import annotations

import pandas as pd

from features.panel import Panel
from features.series import vintage_of
from features.vintages import KnownCounts
from flows.steps.plan import Plan
from flows.steps.runner import IN_THIS_PROCESS, Runner
from models.evaluation.backtest import backtest
from models.evaluation.origins import evaluation_origins
from models.evaluation.published import score_published
from models.shares.registry import ModelContext
from publication.scores import backtest_score_rows
from sources.reference_panel import load_reference_panel
from storage.paths import StorePath
from talentcast.domain.types import Target, VintageKind
from talentcast.store.pointer import list_releases
from talentcast.store.reader import condition, read_frame
from talentcast.store.release import Release


def score_population(
    known: KnownCounts, panel: Panel, plan: Plan, context: ModelContext, run: Runner
) -> pd.DataFrame:
    """Score one population, unless the plan scores nothing."""
    if not plan.scored_horizons:
        return pd.DataFrame()
    run.progress(f"Scoring {panel.key.population}")
    return run(score, known, panel, plan, context)


def score(known: KnownCounts, panel: Panel, plan: Plan, context: ModelContext) -> pd.DataFrame:
    """Score every model at past origins of one population; nothing, if it is too short."""
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
    return backtest_score_rows(
        result, panel.key, training_vintage=vintage, truth_vintage=vintage, is_pseudo_vintage=True
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
