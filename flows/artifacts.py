"""What a run leaves on its page in Prefect: the headline, and where the report is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

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


def link_report(report: Path) -> None:
    """Link the report of the data checks from the run's page."""
    create_link_artifact(
        key="quality-report",
        link=report.resolve().as_uri(),
        link_text="Report of the data checks",
        description=f"Also at {report}",
    )


def list_undelivered(lines: Sequence[str]) -> None:
    """List what could not follow the published release, if anything."""
    if lines:
        markdown = "\n".join(f"- {line}" for line in lines)
        create_markdown_artifact(markdown, key="undelivered", description="Published, but")
