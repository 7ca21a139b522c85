"""Rows of `releases` by hand, for decisions that look at nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from talentcast.domain.types import ReleaseId, Vintage, VintageKind
from talentcast.store.release import Kind, Release, Status

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def release_id(number: int) -> ReleaseId:
    """Return the id of release number `number`."""
    return ReleaseId(f"r20240101-{number:012}")


def event(
    number: int,
    *,
    days_ago: float,
    kind: Kind = "scheduled",
    status: Status = "published",
    populations: tuple[str, ...] = ("robotics_authors",),
    as_of: date = date(2024, 1, 1),
    sequence: int | None = None,
) -> Release:
    """Return an event of release number `number`; later events have larger numbers."""
    return Release(
        release_id=release_id(number),
        sequence=number if sequence is None else sequence,
        kind=kind,
        as_of=Vintage(as_of),
        vintage_kind=VintageKind.TRUE,
        published_at=NOW - timedelta(days=days_ago),
        status=status,
        supersedes=None,
        reason=None,
        approved_by=None,
        code_version="0.1.0+test",
        settings_sha256="0" * 64,
        populations=populations,
        inputs=(),
        tables={},
        quality={},
    )
