"""talentcast refresh: publish a release."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.steps.approval import Approval
from storage.paths import StorePath
from talentcast.cli.options import Decimal, Home, Json, MaxCost, ResearchersColumn
from talentcast.cli.orchestrator import orchestrator
from talentcast.cli.output import print_rows, print_warnings
from talentcast.cli.progress import progress_bar
from talentcast.cli.summary import print_headline
from talentcast.cli.terminal import say
from talentcast.config import Settings, load_settings, server_url
from talentcast.domain.types import Vintage

if TYPE_CHECKING:
    from flows.steps.pipeline import Refreshed


AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Use what was known on this day.")
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        help="Built-in source, file, folder, or https:// or s3:// address; repeat for several.",
    ),
]
Populations = Annotated[
    list[str] | None, typer.Option("--population", help="Keep only this; repeat for several.")
]
Scenarios = Annotated[
    list[str] | None,
    typer.Option("--scenario", help="Scenario file, or bundled scenario; repeat for several."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Publish again, superseding the same release.")
]
ApprovedRevisions = Annotated[
    list[str] | None,
    typer.Option(
        "--approve-revision",
        metavar="POPULATION",
        help="Let closed years of this change beyond the limit; repeat for several.",
    ),
]
ApprovedBy = Annotated[
    str | None, typer.Option("--approved-by", metavar="NAME", help="Who approves that.")
]
Reason = Annotated[
    str | None, typer.Option("--reason", help="Why it is forced, approved or begun anew.")
]
NewLedger = Annotated[
    bool,
    typer.Option(
        "--new-ledger", help="Begin a new disclosure ledger for people whose ledger is lost."
    ),
]


def refresh(
    *,
    as_of: AsOf = None,
    source: Sources = None,
    population: Populations = None,
    scenario: Scenarios = None,
    researchers_column: ResearchersColumn = None,
    decimal: Decimal = None,
    max_cost: MaxCost = None,
    force: Force = False,
    approve_revision: ApprovedRevisions = None,
    approved_by: ApprovedBy = None,
    reason: Reason = None,
    new_ledger: NewLedger = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Ingest, check, forecast and publish one release.

    Run again with the same inputs it publishes nothing and says so.

    Example: talentcast refresh --source counts.csv
    """
    started = time.monotonic()
    # Refused before anything is started.
    approval = Approval.of(approve_revision, approved_by, reason, new_ledger=new_ledger)
    day = Vintage.parse(as_of).as_of if as_of else None
    settings = load_settings(home, max_cost=max_cost)
    choices: dict[str, Any] = {
        **({"sources": source} if source else {}),
        "populations": population,
        "scenarios": scenario,
        "researchers_column": researchers_column,
        "decimal": decimal,
    }
    if server_url() is None:
        refreshed = _here(choices, settings, approval, as_of=day, force=force)
    else:
        approved = {"approve_revisions": approve_revision, "approved_by": approved_by}
        given = {"reason": reason, "new_ledger": new_ledger, "max_cost": max_cost}
        choices |= approved | given | {"as_of": day, "force": force}
        refreshed = _reported(choices, settings)
    _print_undelivered(refreshed)
    if json:
        _print_json(refreshed)
    else:
        seconds = time.monotonic() - started
        print_summary(refreshed, settings.releases, settings.reports, seconds)


def _here(
    choices: Mapping[str, Any],
    settings: Settings,
    approval: Approval,
    *,
    as_of: date | None,
    force: bool,
) -> Refreshed:
    """Run in this process: there is no server that would show the run to anybody."""
    from flows.steps import pipeline  # takes seconds: not for a page of help
    from flows.steps.plan import Plan
    from flows.steps.runner import LocalRunner

    with progress_bar() as update:
        return pipeline.refresh(
            Plan.asked(**choices),
            settings,
            as_of=as_of,
            force=force,
            approval=approval,
            run=LocalRunner(update, pipeline.COMMON_STAGES),
        )


def _reported(choices: Mapping[str, Any], settings: Settings) -> Refreshed:
    """Run as a flow of the configured Prefect server."""
    with orchestrator(settings):
        from flows.refresh import refresh as refresh_flow

        refreshed: Refreshed = refresh_flow(**choices, home=str(settings.home))
        return refreshed


def _print_undelivered(refreshed: Refreshed) -> None:
    for line in refreshed.undelivered:
        say(f"Warning: {line}", err=True)


def print_summary(refreshed: Refreshed, root: StorePath, reports: Path, seconds: float) -> None:
    """Print what was published and what it says."""
    release = refreshed.release
    done = "Published" if refreshed.is_new else "Already published:"
    say(f"{done} release {release.release_id} in {seconds:.0f} s")
    say(
        f"as of {release.as_of.as_of}, {release.vintage_kind} vintage, "
        f"{len(release.populations)} populations, in {root}"
    )
    for line in refreshed.understood:
        say(line)
    print_headline(release, root)
    print_warnings(refreshed.report.warned)
    quality = ", ".join(f"{count} {name}" for name, count in release.quality.items())
    say(f"\nChecks: {quality}. Report: {reports / f'{release.release_id}.html'}")
    say(f"Next: talentcast releases show {release.release_id}")
    if release.status == "retracted":
        say(
            f"It was retracted since: {release.reason}. Serve it again: "
            f"talentcast releases restore {release.release_id} --reason TEXT"
        )
    elif not refreshed.is_new:
        say("Nothing changed since then; --force publishes it again.")


def _print_json(refreshed: Refreshed) -> None:
    release = refreshed.release
    row = {
        "release_id": str(release.release_id),
        "is_new": refreshed.is_new,
        "as_of": release.as_of.as_of,
        "vintage_kind": str(release.vintage_kind),
        "populations": list(release.populations),
        "quality": dict(release.quality),
    }
    print_rows([row], as_json=True)
