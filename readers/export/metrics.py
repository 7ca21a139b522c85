"""What a monitor asks of a release store, in the exposition format of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from talentcast.store.pointer import newest_current
from talentcast.store.release import Release


def metrics_text(releases: Sequence[Release], *, now: datetime) -> str:
    """Return the metrics of all releases, and of the one that is served.

    Args:
        releases: Every release in its present state, newest first.
        now: Moment from which ages are counted.
    """
    registry = CollectorRegistry()
    by_status = Gauge("talentcast_releases", "Releases by state.", ["status"], registry=registry)
    for status, number in sorted(Counter(one.status for one in releases).items()):
        by_status.labels(status).set(number)
    served = newest_current(releases)
    if served is not None:
        _about(served, registry, now)
    return generate_latest(registry).decode()


def _about(release: Release, registry: CollectorRegistry, now: datetime) -> None:
    published = release.published_at
    info = Gauge(
        "talentcast_release_info",
        "The release that is served; always 1.",
        ["release_id", "as_of", "code_version"],
        registry=registry,
    )
    info.labels(str(release.release_id), str(release.as_of.as_of), release.code_version).set(1)
    Gauge(
        "talentcast_release_published_timestamp_seconds",
        "When the release that is served was published.",
        registry=registry,
    ).set(published.timestamp())
    Gauge(
        "talentcast_release_age_seconds",
        "Time since the release that is served was published.",
        registry=registry,
    ).set((now - published).total_seconds())
    checks = Gauge(
        "talentcast_release_checks", "Its checks by outcome.", ["outcome"], registry=registry
    )
    for outcome, number in sorted(release.quality.items()):
        checks.labels(outcome).set(number)
    rows = Gauge("talentcast_release_rows", "Its rows by table.", ["table"], registry=registry)
    for entry in release.tables.values():
        rows.labels(entry.name).set(entry.rows)
