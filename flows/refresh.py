"""Publish one release from everything known on a day."""

from __future__ import annotations

from datetime import date
from typing import cast

from prefect import State, flow
from prefect.context import FlowRunContext
from prefect.states import Completed

from flows.artifacts import emit_alerts, list_undelivered, show_checks, show_headline
from flows.connection import end_without_server
from flows.lateness import superseded
from flows.parameters import Home
from flows.steps import pipeline
from flows.steps.alerts import alerts_of
from flows.steps.approval import Approval
from flows.steps.check import check_report_path
from flows.steps.pipeline import COMMON_STAGES, Refreshed
from flows.steps.plan import DEFAULT_SOURCES, Plan
from flows.steps.publish import headline_of
from flows.tasks import PrefectRunner
from talentcast.config import load_settings
from talentcast.store.release import Kind

SOURCES = list(DEFAULT_SOURCES)


@flow(name="refresh", on_running=[end_without_server])
def refresh(
    as_of: date | None = None,
    sources: list[str] = SOURCES,
    populations: list[str] | None = None,
    scenarios: list[str] | None = None,
    researchers_column: str | None = None,
    decimal: str | None = None,
    max_cost: float | None = None,
    models: list[str] | None = None,
    force: bool = False,
    approve_revisions: list[str] | None = None,
    approved_by: str | None = None,
    reason: str | None = None,
    new_ledger: bool = False,
    home: Home = None,
) -> Refreshed:
    """Publish one release from everything known on a day.

    Running it again with the same inputs, settings and code publishes nothing and says so.

    Args:
        as_of: Use what was known on this day; empty for everything.
        sources: Built-in sources, counts files, addresses of such, or records of people.
        populations: Populations to keep; empty for all.
        scenarios: Scenario files, or names of bundled scenarios.
        researchers_column: Column of a file that counts researchers, if several would.
        decimal: Decimal character of a file, if its cells do not decide.
        max_cost: US dollars that sources may cost; empty for TALENTCAST_OPENALEX_MAX_COST.
        models: Models, the default one first; empty for the usual.
        force: Publish again, superseding the same release.
        approve_revisions: Populations whose closed years may have changed beyond the limit.
        approved_by: Who approves that; published with the release.
        reason: Why it is forced, approved or begun anew; published with the release.
        new_ledger: Begin a new disclosure ledger for people whose ledger is lost.
        home: Folder for everything a run writes; empty for TALENTCAST_HOME.
    """
    if (skipped := superseded(Refreshed)) is not None:
        return skipped
    settings = load_settings(home, max_cost=max_cost)
    approval = Approval.of(approve_revisions, approved_by, reason, new_ledger=new_ledger)
    plan = Plan.asked(
        sources=sources,
        models=models,
        populations=populations,
        scenarios=scenarios,
        researchers_column=researchers_column,
        decimal=decimal,
    )
    refreshed = pipeline.refresh(
        plan,
        settings,
        as_of=as_of,
        kind=_kind(),
        force=force,
        approval=approval,
        run=PrefectRunner(COMMON_STAGES),
    )
    list_undelivered(refreshed.undelivered)
    if not refreshed.is_new:
        return _unchanged(refreshed)
    show_headline(headline_of(refreshed.release, settings.releases), refreshed.release)
    emit_alerts(alerts_of(refreshed.release, settings), settings)
    path = check_report_path(refreshed.release.release_id, settings)
    show_checks(refreshed.report, path, settings.reports_url)
    return refreshed


def _kind() -> Kind:
    """Return why the run takes place: a schedule, or somebody who started it."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return "scheduled" if run is not None and run.auto_scheduled else "manual"


def _unchanged(refreshed: Refreshed) -> Refreshed:
    """Return a state in place of the outcome: Prefect shows its name, a caller gets the outcome."""
    message = f"{refreshed.release.release_id} has the same inputs, settings and code."
    state: State[Refreshed] = Completed(name="Nothing changed", message=message, data=refreshed)
    return cast(Refreshed, state)
