"""Publish one release from everything known on a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from prefect import flow

from flows.artifacts import list_undelivered, show_checks, show_headline
from flows.connection import end_without_server
from flows.lateness import superseded
from flows.steps import pipeline
from flows.steps.check import check_report_path
from flows.steps.pipeline import Refreshed
from flows.steps.plan import USUAL_MODELS, Plan
from flows.steps.publish import headline_of
from flows.steps.scenarios import read_scenario
from flows.tasks import PrefectRunner
from talentcast.config import load_settings
from talentcast.domain.approval import Approval
from talentcast.store.release import Kind

DEFAULT_SOURCES = ["bundled", "synthetic_careers"]
#: Stages of a run beside those of each population: fetch, counts, panels, publish.
COMMON_STAGES = 4


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
        models=tuple(models or USUAL_MODELS),
        populations=tuple(populations or ()),
        researchers_column=researchers_column,
        scenarios=tuple(read_scenario(name) for name in scenarios or ()),
    )
    refreshed = pipeline.refresh(
        plan,
        settings,
        as_of=as_of,
        kind=kind,
        force=force,
        approval=approval,
        run=PrefectRunner(COMMON_STAGES),
    )
    if refreshed.is_new:
        show_headline(headline_of(refreshed.release, settings.releases), refreshed.release)
        path = check_report_path(refreshed.release.release_id, settings)
        show_checks(refreshed.report, path, settings.reports_url)
        list_undelivered(refreshed.undelivered)
    return refreshed
