"""Publish one release from everything known on a day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd
from prefect import flow

from flows.artifacts import list_undelivered, show_checks, show_headline
from flows.connection import end_without_server
from flows.lateness import superseded
from flows.steps.assemble import with_record
from flows.steps.build import build
from flows.steps.check import Gates
from flows.steps.deliver import deliver
from flows.steps.ingest import fetch_all, parse_all
from flows.steps.people import keep_restricted
from flows.steps.plan import Plan
from flows.steps.publish import publish_release
from flows.steps.scenarios import read_scenario
from flows.steps.score import score_releases
from flows.tasks import PrefectRunner
from models.shares.registry import BASELINES, DEFAULT_MODEL
from publication.headline import headline_shares
from talentcast.config import load_settings
from talentcast.domain.approval import Approval
from talentcast.domain.checks import CheckReport
from talentcast.store.pointer import latest_release
from talentcast.store.publisher import next_repeat, published_release
from talentcast.store.reader import read_frame
from talentcast.store.release import Kind, Release

DEFAULT_SOURCES = ["bundled", "synthetic_careers"]
#: Stages of a run beside those of each population: fetch, counts, panels, publish.
COMMON_STAGES = 4


@dataclass(frozen=True, eq=False)
class Refreshed:
    """What became of a run.

    Attributes:
        undelivered: A line for each thing that could not follow the published release.
    """

    release: Release
    is_new: bool
    report: CheckReport
    undelivered: tuple[str, ...] = ()


@flow(name="refresh", on_running=[end_without_server])
def refresh(
    as_of: date | None = None,
    sources: list[str] = DEFAULT_SOURCES,
    populations: list[str] | None = None,
    scenarios: list[str] | None = None,
    researchers_column: str | None = None,
    max_cost: float | None = None,
    models: list[str] | None = None,
    force: bool = False,
    approve_revisions: list[str] | None = None,
    approved_by: str | None = None,
    reason: str | None = None,
    kind: Kind = "manual",
    home: Path | None = None,
) -> Refreshed:
    """Publish one release from everything known on a day.

    Running it again with the same inputs, settings and code publishes nothing and says so.

    Args:
        as_of: Use what was known on this day; empty for everything.
        sources: Built-in sources, counts files, or folders of affiliation records.
        populations: Populations to keep; empty for all.
        scenarios: Scenario files, or names of bundled scenarios.
        researchers_column: Column of a file that counts researchers, if several would.
        max_cost: US dollars that sources may cost; empty for TALENTCAST_OPENALEX_MAX_COST.
        models: Models, the default one first; empty for the usual.
        force: Publish again, superseding the same release.
        approve_revisions: Populations whose closed years may have changed beyond the limit.
        approved_by: Who approves that; published with the release.
        reason: Why it is forced or approved; published with the release.
        kind: Why the run takes place.
        home: Folder for everything a run writes; empty for TALENTCAST_HOME.
    """
    if (skipped := superseded(Refreshed)) is not None:
        return skipped
    settings = load_settings(home, max_cost=max_cost)
    approval = Approval.of(approve_revisions, approved_by, reason)
    plan = Plan(
        sources=tuple(sources),
        models=tuple(models or usual_models()),
        populations=tuple(populations or ()),
        researchers_column=researchers_column,
        scenarios=tuple(read_scenario(name) for name in scenarios or ()),
    )
    run = PrefectRunner(COMMON_STAGES)
    run.progress("Fetching sources")
    fetched = fetch_all(plan, settings, run)
    identity = fetched.identity(plan, as_of)
    already = published_release(identity.release_id, settings.releases)
    if already is not None and not force:
        undelivered = deliver(already, settings, run)
        return Refreshed(already, is_new=False, report=CheckReport(), undelivered=undelivered)
    if already is not None:
        identity = identity.repeated(next_repeat(already.release_id, settings.releases))
    gates = Gates(identity.release_id, settings.reports, approved=approval.populations)

    run.progress("Checking counts")
    inputs = parse_all(fetched, plan, settings, run)
    approval.require_known(inputs.populations)
    served = _served_observations(settings.releases)
    built = build(inputs, identity.as_of, plan, settings, gates=gates, run=run, served=served)

    run.progress("Publishing")
    observations, forecasts = built.tables["observations"], built.tables["forecasts"]
    record = score_releases(observations, settings.releases, run)
    draft = replace(
        built.draft(identity, "scenario" if plan.scenarios else kind, gates),
        supersedes=already.release_id if already is not None else None,
        reason=reason,
        approved_by=approval.approved_by,
    )
    draft = replace(draft, tables=with_record(draft.tables, record))
    for group, made in built.returns:
        counted = inputs.derived[group.key]
        run(keep_restricted, group, counted, made, identity.release_id, settings)
    release = run(publish_release, draft, settings)
    undelivered = deliver(release, settings, run)
    run.progress("Done")
    show_headline(headline_shares(observations, forecasts), release)
    show_checks(gates.report, gates.path, settings.reports_url)
    list_undelivered(undelivered)
    return Refreshed(release, is_new=True, report=gates.report, undelivered=undelivered)


def usual_models() -> tuple[str, ...]:
    """Return the default model, then the baselines it must beat."""
    return (DEFAULT_MODEL, *(name for name in BASELINES if name != DEFAULT_MODEL))


def _served_observations(root: Path) -> pd.DataFrame | None:
    served = latest_release(root)
    return None if served is None else read_frame("observations", served, root)
