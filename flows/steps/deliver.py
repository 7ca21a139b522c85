"""What follows a release: a report for readers, and a mirror and a site where they are set.

The release is published by then and stays so: what cannot be delivered becomes a warning. What is
undone is found by looking: a report is there or not, a mirror and a site say what they hold. So the
next run makes up for one that was killed, and both follow a retraction.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ParamSpec

from flows.steps.alerts import tell_of_changes
from flows.steps.runner import IN_THIS_PROCESS, Runner
from talentcast.config import Settings
from talentcast.store.pointer import list_releases, newest_current
from talentcast.store.release import Release
from talentcast.store.signing import Verifier
from talentcast.store.verification import require_genuine

P = ParamSpec("P")

#: The report of the current release, and of the one before it, may be missing after a kill.
LOOKED_AT = 2


def write_report(release: Release, settings: Settings) -> list[Path]:
    """Write the report for readers beside the report of the data checks."""
    from readers.report.static_report import export_report

    settings.reports.mkdir(parents=True, exist_ok=True)
    return export_report(release, settings.releases, settings.reports)


def mirror_current(settings: Settings) -> bool:
    """Put the current release into PostgreSQL if a mirror is set and holds anything else."""
    from readers.export.postgres import mirror, mirrored

    if settings.mirror_to is None:
        return False
    address = settings.mirror_to.get_secret_value()
    releases = list_releases(settings.releases)
    current = newest_current(releases)
    wanted = [] if current is None else [current]
    present = mirrored(address)
    newest = [str(release.release_id) for release in wanted]
    served = {str(release.release_id) for release in releases if release.status == "published"}
    if present[:1] == newest and served.issuperset(present):
        return False
    mirror([_genuine(release, settings) for release in wanted], settings.releases, address)
    return True


def write_current_site(settings: Settings) -> bool:
    """Write the site of the current release if a folder is set and shows anything else."""
    from readers.site.index import SiteOptions, shows_newest, write_site

    if settings.site_to is None or newest_current(list_releases(settings.releases)) is None:
        return False
    if shows_newest(settings.releases, settings.site_to):
        return False
    write_site(
        settings.releases,
        settings.site_to,
        SiteOptions(url=settings.site_url or ""),
        require=partial(_genuine, settings=settings),
    )
    return True


def deliver(release: Release, settings: Settings, run: Runner = IN_THIS_PROCESS) -> tuple[str, ...]:
    """Do what is undone for a release and the latest ones; return a line for each failure."""
    from readers.report.static_report import report_page

    latest = [one for one in list_releases(settings.releases) if one.is_current][:LOOKED_AT]
    failed: list[str] = []
    for one in {one.release_id: one for one in (release, *latest)}.values():
        if one.status == "published" and not report_page(one, settings.reports).exists():
            failed += _tried(f"report of {one.release_id}", run, write_report, one, settings)
    # Last, so that an address which does not answer keeps nothing waiting.
    return (
        *failed,
        *update_copies(settings, run),
        *_tried("alerts", run, tell_of_changes, settings),
    )


def update_copies(settings: Settings, run: Runner = IN_THIS_PROCESS) -> tuple[str, ...]:
    """Let the mirror and the site show what is current now; return a line for each failure."""
    return (
        *_tried("mirror", run, mirror_current, settings),
        *_tried("site", run, write_current_site, settings),
    )


def _genuine(release: Release, settings: Settings) -> Release:
    return require_genuine(release, Verifier.configured(settings.verifying_key_file))


def _tried(
    name: str, run: Runner, step: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> list[str]:
    try:
        run(step, *args, **kwargs)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        return [f"No {name}: {reason} Then run: talentcast releases deliver"]
    return []
