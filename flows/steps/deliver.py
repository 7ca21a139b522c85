"""What follows a release: a report for readers, and a mirror where one is set.

The release is published by then and stays so: what cannot be delivered becomes a warning.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flows.steps.runner import Runner
from talentcast.config import Settings
from talentcast.store.pointer import latest_release
from talentcast.store.release import Release

_AGAIN: Final = {
    "report": "talentcast export --format report --out DIR --release {release_id}",
    "mirror": "talentcast mirror --to postgresql://user@host:5432/database",
}


def write_report(release: Release, settings: Settings) -> list[Path]:
    """Write the report for readers beside the report of the data checks."""
    from readers.report.static_report import export_report

    settings.reports.mkdir(parents=True, exist_ok=True)
    return export_report(release, settings.releases, settings.reports)


def mirror_current(release: Release, settings: Settings) -> bool:
    """Put the release into PostgreSQL if a mirror is set and the release is the current one."""
    from readers.export.postgres import mirror

    current = latest_release(settings.releases)
    if settings.mirror_to is None or current is None or current.release_id != release.release_id:
        return False
    mirror([current], settings.releases, settings.mirror_to.get_secret_value())
    return True


def deliver(release: Release, settings: Settings, run: Runner) -> tuple[str, ...]:
    """Write the report and mirror the release; return a line for each that failed."""
    failed = []
    for name, step in (("report", write_report), ("mirror", mirror_current)):
        try:
            run(step, release, settings)
        except Exception as error:
            reason = str(error).partition("\n")[0]
            again = _AGAIN[name].format(release_id=release.release_id)
            failed.append(f"No {name} of {release.release_id}: {reason} Then run: {again}")
    return tuple(failed)
