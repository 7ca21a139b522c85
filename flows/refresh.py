"""Publish one release from everything known on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from pydantic import Field

from features.headline import headline_shares
from features.observations import observation_rows
from features.panel import Panel, build_panel, series_keys
from features.series import rows_of, select_populations, vintage_of
from features.vintages import KnownCounts, known_at
from flows.artifacts import link_report, show_headline
from flows.careers import (
    People,
    count_people,
    forecast_returns,
    gather_people,
    holds_careers,
    keep_restricted,
)
from flows.gates import Gates
from flows.progress import Steps
from flows.scenarios import read_scenario
from flows.score import score_releases
from models.backtest import backtest, score_rows
from models.forecast_rows import forecast_rows, row_count
from models.plan import Plan
from models.registry import BASELINES, DEFAULT_MODEL, Context, create
from models.release_scores import with_true_record
from models.returns.release import ReturnRelease
from models.returns.share_effects import share_changes
from models.track_record import scored_origins
from talentcast.code_version import code_version
from talentcast.config import Settings, load_settings
from talentcast.domain.checks import CheckReport, merge
from talentcast.domain.errors import InputRejectedError, SourceUnavailableError
from talentcast.domain.provenance import ParsedCounts, Snapshot
from talentcast.domain.types import SeriesKey, Vintage, VintageKind
from talentcast.sources.bundled import bundled_covariates, published_figures
from talentcast.sources.countries import country_names
from talentcast.sources.lender import lending_panel
from talentcast.sources.registry import source_for
from talentcast.store.publisher import next_repeat, publish, published_release
from talentcast.store.reader import latest_release, read_frame
from talentcast.store.release import Identity, Kind, Release, ReleaseDraft, settings_hash
from talentcast.store.snapshots import load_raw, quarantine, save_snapshot

DEFAULT_SOURCES = ["bundled", "synthetic_careers"]
#: Steps of a run beside those of each population: fetch, counts, panels, publish.
COMMON_STEPS = 4


@dataclass(frozen=True, eq=False)
class Refreshed:
    """What became of a run."""

    release: Release
    is_new: bool
    report: CheckReport


def _is_bad_luck(_: object, __: TaskRun, state: State[object]) -> bool:
    """Retry what may pass by itself; never a failed check or a model."""
    return isinstance(state.result(raise_on_failure=False), SourceUnavailableError)


@task(
    retries=3,
    retry_delay_seconds=[10, 60, 300],
    retry_condition_fn=_is_bad_luck,
    cache_policy=NO_CACHE,
)
def fetch(source: str, settings: Settings) -> list[Snapshot]:
    """Keep an unchanged copy of every file of a source."""
    now = datetime.now(UTC)
    return [
        save_snapshot(raw, settings.snapshots, retrieved_at=now)
        for raw in source_for(source, max_bytes=settings.max_input_bytes).download()
    ]


@task(cache_policy=NO_CACHE)
def read(
    source: str, snapshots: Sequence[Snapshot], plan: Plan, settings: Settings
) -> ParsedCounts:
    """Parse the copies; rejected ones are put aside with the reason."""
    raws = [load_raw(snapshot) for snapshot in snapshots]
    try:
        return source_for(source, researchers_column=plan.researchers_column).parse(raws)
    except InputRejectedError as error:
        for raw in raws:
            quarantine(raw, str(error), settings.snapshots, rejected_at=datetime.now(UTC))
        raise


@task(cache_policy=NO_CACHE)
def check_known(counts: pd.DataFrame, previous: pd.DataFrame | None) -> CheckReport:
    """First gate: the raw counts, also against what the served release holds."""
    from expectations.counts_gate import check_counts

    return check_counts(counts, previous=previous)


@task(cache_policy=NO_CACHE)
def check_panels(panels: Sequence[Panel]) -> CheckReport:
    """Second gate: what the models see."""
    from expectations.panel_gate import check_panel

    return merge(check_panel(panel) for panel in panels)


@task(task_run_name="forecast {panel.key.population} with {model}", cache_policy=NO_CACHE)
def forecast(
    panel: Panel, model: str, plan: Plan, context: Context, changes: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Forecast one population with one model; the default one also under each scenario."""
    is_default = model == plan.default_model
    return forecast_rows(
        panel,
        create(model, context.until(panel.origin)),
        horizons=plan.horizons,
        n_draws=plan.n_draws,
        n_samples=plan.n_samples if is_default else 0,
        seed=plan.seed,
        changes=changes if is_default else {},
    )


@task(cache_policy=NO_CACHE)
def observe(known: KnownCounts, panel: Panel) -> pd.DataFrame:
    """Put the counts of one population into the parts that are forecast."""
    return observation_rows(rows_of(known.counts, panel.key), panel)


@task(task_run_name="score {panel.key.population}", cache_policy=NO_CACHE)
def score(known: KnownCounts, panel: Panel, plan: Plan, context: Context) -> pd.DataFrame:
    """Score every model at past origins of one population; nothing, if it is too short."""
    origins = scored_origins(panel)
    if not origins:
        return pd.DataFrame()
    # The lender's countries are chosen by what was known then, as the panel's own are.
    lender = lending_panel(min(origins))
    result = backtest(
        known.counts,
        panel.key,
        models=plan.models,
        origins=origins,
        horizons=plan.scored_horizons,
        last_year=panel.origin.year,
        context=Context(context.covariates, larger_panel=lender),
    )
    vintage = vintage_of(known.counts, panel.key)
    # All origins are trained on today's vintage, so every one of these scores is pseudo.
    return score_rows(
        result, panel.key, training_vintage=vintage, truth_vintage=vintage, is_pseudo_vintage=True
    )


@task(task_run_name="check forecasts of {panel.key.population}", cache_policy=NO_CACHE)
def check_published(
    panel: Panel, forecasts: pd.DataFrame, plan: Plan, n_scenarios: int
) -> CheckReport:
    """Third gate: what readers will see."""
    from expectations.forecasts_gate import check_forecasts

    expected = row_count(
        panel,
        n_horizons=len(plan.horizons),
        n_models=len(plan.models),
        n_samples=plan.n_samples,
        n_scenarios=n_scenarios,
    )
    return check_forecasts(
        forecasts,
        expected_rows=expected,
        countries=panel.countries,
        table=panel.key.population,
    )


@task(task_run_name="check returns of {people.key.population}", cache_policy=NO_CACHE)
def check_returns(people: People, returns: ReturnRelease) -> CheckReport:
    """Third gate, for the flows of returning researchers."""
    from expectations.forecasts_gate import check_forecasts

    return check_forecasts(returns.forecasts, table=f"{people.key.population} returns")


@task(cache_policy=NO_CACHE)
def publish_release(draft: ReleaseDraft, settings: Settings) -> Release:
    """Write the release; its pointer row comes last."""
    return publish(draft, settings.releases, published_at=datetime.now(UTC))


@flow(name="refresh")
def refresh(
    as_of: Annotated[
        date | None, Field(description="Use what was known on this day; empty for everything.")
    ] = None,
    sources: Annotated[
        list[str],
        Field(description="Built-in sources, counts files, or folders of affiliation records."),
    ] = DEFAULT_SOURCES,
    populations: Annotated[
        list[str] | None, Field(description="Populations to keep; empty for all.")
    ] = None,
    scenarios: Annotated[
        list[str] | None, Field(description="Scenario files, or names of bundled scenarios.")
    ] = None,
    researchers_column: Annotated[
        str | None, Field(description="Column of a file that counts researchers, if several would.")
    ] = None,
    models: Annotated[
        list[str] | None, Field(description="Models, the default one first; empty for the usual.")
    ] = None,
    force: Annotated[
        bool, Field(description="Publish again, superseding the same release.")
    ] = False,
    reason: Annotated[str | None, Field(description="Why it is forced.")] = None,
    kind: Annotated[Kind, Field(description="Why the run takes place.")] = "manual",
    home: Annotated[Path | None, Field(description="Folder for everything a run writes.")] = None,
) -> Refreshed:
    """Publish one release from everything known on a day.

    Running it again with the same inputs, settings and code publishes nothing and says so.
    """
    settings = load_settings(home)
    plan = Plan(
        sources=tuple(sources),
        models=tuple(models or usual_models()),
        populations=tuple(populations or ()),
        researchers_column=researchers_column,
        scenarios=tuple(read_scenario(name) for name in scenarios or ()),
    )
    steps = Steps(total=COMMON_STEPS)
    steps.begin("Fetching sources")
    now = datetime.now(UTC)
    people = [gather_people(s, settings, now=now) for s in plan.sources if holds_careers(s)]
    fetched = {s: fetch(s, settings) for s in plan.sources if not holds_careers(s)}
    snapshots = [snapshot for copies in fetched.values() for snapshot in copies]
    snapshots += [group.snapshot for group in people]
    identity = _identity(snapshots, plan, as_of)
    already = published_release(identity.release_id, settings.releases)
    if already is not None and not force:
        return Refreshed(already, is_new=False, report=CheckReport())
    if already is not None:
        identity = identity.repeated(next_repeat(already.release_id, settings.releases))
    gates = Gates(identity.release_id, settings.reports)

    steps.finish("Checking counts")
    parsed = [read(source, snapshots, plan, settings) for source, snapshots in fetched.items()]
    gates.require("input", CheckReport(tuple(note for one in parsed for note in one.notes)))
    derived = {group.key: count_people(group, settings) for group in people}
    tables = [*(one.counts for one in parsed), *(one.counts for one in derived.values())]
    counts = select_populations(pd.concat(tables), plan.populations)
    gates.require("counts", check_known(counts, _served_observations(settings.releases)))

    steps.finish("Checking panels")
    known = known_at(counts, identity.as_of)
    panels = [build_panel(known.counts, key) for key in series_keys(known.counts)]
    gates.require("panel", check_panels(panels))
    steps.expect(2 * len(panels) + len(people))

    latest = max(panel.origin for panel in panels)
    context = Context(bundled_covariates(), larger_panel=lending_panel(latest))
    origins = {panel.key: panel.origin for panel in panels}
    # Trees are grown on the second core while the shares are forecast and scored.
    pending = {
        group.key: forecast_returns.submit(
            group, origins[group.key], plan.scenarios, settings, seed=plan.seed
        )
        for group in people
        if group.key in origins
    }
    by_panel = []
    for panel in panels:
        steps.finish(f"Forecasting {panel.key.population}")
        changes = _changes(pending, panel, plan)
        rows = pd.concat([forecast(panel, model, plan, context, changes) for model in plan.models])
        gates.require("forecasts", check_published(panel, rows, plan, len(changes)))
        by_panel.append(rows)
    observations = pd.concat([observe(known, panel) for panel in panels])

    scores = []
    for panel in panels:
        steps.finish(f"Scoring {panel.key.population}")
        scores.append(score(known, panel, plan, context))

    returns = []
    for group in (group for group in people if group.key in pending):
        steps.finish(f"Forecasting returns of {group.key.population}")
        made = pending[group.key].result()
        gates.require("forecasts", check_returns(group, made))
        returns.append((group, made))
    forecasts = pd.concat([*by_panel, *(made.forecasts for _, made in returns)])

    steps.finish("Publishing")
    draft = ReleaseDraft(
        identity=identity,
        kind="scenario" if plan.scenarios else kind,
        vintage_kind=_vintage_kind(known),
        populations=tuple(sorted({panel.key.population for panel in panels})),
        quality=gates.counts,
        tables={
            "observations": observations,
            "forecasts": forecasts,
            **_scores_table(scores, score_releases(observations, settings.releases)),
            "quality_checks": gates.report.to_frame(),
            "country_names": country_names(observations["country"]),
            "published_figures": published_figures(),
            **_return_tables([made for _, made in returns]),
        },
        supersedes=already.release_id if already is not None else None,
        reason=reason,
    )
    release = publish_release(draft, settings)
    for group, made in returns:
        keep_restricted(group, derived[group.key], made, release.release_id, settings)
    steps.finish("Done")
    show_headline(headline_shares(observations, forecasts), release)
    link_report(gates.path)
    return Refreshed(release, is_new=True, report=gates.report)


def usual_models() -> tuple[str, ...]:
    """Return the default model, then the baselines it must beat."""
    return (DEFAULT_MODEL, *(name for name in BASELINES if name != DEFAULT_MODEL))


def _identity(snapshots: Sequence[Snapshot], plan: Plan, as_of: date | None) -> Identity:
    newest = max(snapshot.vintage for snapshot in snapshots)
    return Identity(
        inputs=tuple(snapshots),
        settings_sha256=settings_hash(plan.settings()),
        code_version=code_version(),
        as_of=Vintage(as_of) if as_of is not None else newest,
    )


def _vintage_kind(known: KnownCounts) -> VintageKind:
    """Return `true` only if every series was archived on the as-of date."""
    is_true = all(kind is VintageKind.TRUE for kind in known.kinds.values())
    return VintageKind.TRUE if is_true else VintageKind.PSEUDO


def _served_observations(root: Path) -> pd.DataFrame | None:
    served = latest_release(root)
    return None if served is None else read_frame("observations", served, root)


def _changes(
    pending: Mapping[SeriesKey, PrefectFuture[ReturnRelease]], panel: Panel, plan: Plan
) -> dict[str, pd.DataFrame]:
    """Wait for the returns only where a scenario carries them into the shares."""
    if panel.key not in pending or not plan.scenarios:
        return {}
    made = pending[panel.key].result()
    return {
        scenario.name: share_changes(made, panel, scenario, horizons=plan.horizons)
        for scenario in plan.scenarios
    }


def _scores_table(
    backtests: Sequence[pd.DataFrame], published: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """No table where every series is too short to be scored."""
    scored = [rows for rows in backtests if len(rows)]
    if not scored:
        return {}
    record = published.drop(columns="made_by", errors="ignore")
    return {"scores": with_true_record(pd.concat(scored, ignore_index=True), record)}


def _return_tables(made: Sequence[ReturnRelease]) -> dict[str, pd.DataFrame]:
    if not made:
        return {}
    return {
        "return_cohorts": pd.concat([one.return_cohorts for one in made]),
        "model_cards": pd.concat([one.model_cards for one in made]),
    }
