"""What a run leaves on its page in Prefect: the headline, and how the data checks ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from platform import node

import pandas as pd
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.events import emit_event

from flows.steps.alerts import link_of
from readers.summaries.alerts import Alert
from talentcast.config import Settings
from talentcast.domain.checks import CheckReport
from talentcast.store.release import Release


def show_headline(headline: pd.DataFrame, release: Release) -> None:
    """Put the leading shares with their 80 % intervals on the run's page."""
    show_table(
        "headline-shares",
        headline,
        f"Leading shares in release {release.release_id}, with 80 % intervals.",
    )


def show_table(key: str, rows: pd.DataFrame, description: str) -> None:
    """Put a table on the run's page."""
    create_table_artifact(
        key=key, table=json.loads(rows.to_json(orient="records", date_format="iso")),
        description=description,
    )  # fmt: skip


def show_checks(report: CheckReport, page: Path, reports_url: str | None) -> None:
    """Say how the data checks ended and where their report is; only an address becomes a link."""
    lines = [
        f"{len(report.results)} checks, {len(report.warned)} warned, {len(report.failed)} failed.",
        *(f"- {one.check} on {one.table}: {one.message}" for one in report.warned),
        f"Report: `{page.resolve()}` on {node()}",
    ]
    if reports_url is not None:
        lines.append(f"[Read it]({reports_url.rstrip('/')}/{page.name})")
    create_markdown_artifact("\n\n".join(lines), key="quality-report", description="Data checks")


def list_undelivered(lines: Sequence[str]) -> None:
    """List what could not follow the published release, if anything."""
    if lines:
        markdown = "\n".join(f"- {line}" for line in lines)
        create_markdown_artifact(markdown, key="undelivered", description="Not delivered")


def emit_alerts(alerts: Sequence[Alert], settings: Settings) -> None:
    """Emit an event for each change that a release brought, for automations to act on."""
    for alert in alerts:
        emit_event(
            event=f"talentcast.alert.{alert.kind}",
            resource={
                "prefect.resource.id": f"talentcast.release.{alert.release_id}",
                "prefect.resource.name": alert.release_id,
            },
            payload={"id": alert.id, "text": alert.said, "link": link_of(alert, settings)},
        )
