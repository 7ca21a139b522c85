"""What follows a release: a report for readers, and a mirror where one is set.

The release is published by then and stays so: what cannot be delivered becomes a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from talentcast.config import Settings
from talentcast.store.pointer import latest_release
from talentcast.store.release import Release

_AGAIN: Final = {
    "report": "talentcast export --format report --out DIR --release {release_id}",
    "mirror": "talentcast mirror --to postgresql://user@host:5432/database",
}


@task(name="write report", cache_policy=NO_CACHE)
def write_report(release: Release, settings: Settings) -> list[Path]:
    """Write the report for readers beside the report of the data checks."""
    from readers.report.static_report import export_report

    settings.reports.mkdir(parents=True, exist_ok=True)
    return export_report(release, settings.releases, settings.reports)


@task(name="mirror", cache_policy=NO_CACHE)
def mirror_current(release: Release, settings: Settings) -> bool:
    """Put the release into PostgreSQL if a mirror is set and the release is the current one."""
    from readers.export.postgres import mirror

    current = latest_release(settings.releases)
    if settings.mirror_to is None or current is None or current.release_id != release.release_id:
        return False
    mirror([current], settings.releases, settings.mirror_to.get_secret_value())
    return True


def deliver(release: Release, settings: Settings) -> tuple[str, ...]:
    """Write the report and mirror the release; return a line for each that failed."""
    steps: dict[str, Callable[..., Any]] = {"report": write_report, "mirror": mirror_current}
    failed = []
    for name, step in steps.items():
        state = step(release, settings, return_state=True)
        if not state.is_completed():
            reason = str(state.result(raise_on_failure=False)).partition("\n")[0]
            again = _AGAIN[name].format(release_id=release.release_id)
            failed.append(f"No {name} of {release.release_id}: {reason} Then run: {again}")
    if failed:
        lines = "\n".join(f"- {line}" for line in failed)
        create_markdown_artifact(lines, key="undelivered", description="Published, but")
    return tuple(failed)
