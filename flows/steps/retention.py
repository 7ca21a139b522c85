"""Which releases may be pruned: decided on the record of events."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from storage.paths import StorePath
from talentcast.domain.errors import StoreError, UsageError
from talentcast.domain.types import ReleaseId
from talentcast.store.pointer import events, next_sequence, present_states
from talentcast.store.pruning import Fate, Pruning, folders_of
from talentcast.store.release import CURRENT_KINDS, Release

#: What happened later may still be read, compared or taken back by somebody.
GRACE: Final = timedelta(days=1)
_DAYS: Final = re.compile(r"([0-9]{1,5})d")
#: Kind and population, and the as-of date of a backfill where each date counts for itself.
_Line = tuple[str, str, date | None]


class Stays(StrEnum):
    """Why a release is not pruned."""

    SERVED = "given to readers by default"
    NAMED = "named to be kept"
    YOUNG = "published, retracted or restored within a day"
    RECORD = "scored for the track record"
    RECENT = "within the rule"


@dataclass(frozen=True, slots=True)
class Retention:
    """What is to stay beside what always stays; exactly one of the first two is given.

    Attributes:
        keep: This many releases of each line, see `fates`.
        older_than: Whatever was first published less than this ago.
        keep_also: These releases as well.
    """

    keep: int | None = None
    older_than: timedelta | None = None
    keep_also: frozenset[ReleaseId] = frozenset()

    def __post_init__(self) -> None:
        if (self.keep is None) == (self.older_than is None):
            raise UsageError(
                "Say either how many releases to keep, or how old is too old.",
                parameters=("keep", "older_than"),
            )

    def __str__(self) -> str:
        """What is said of a release that goes."""
        if self.older_than is not None:
            return f"older than {self.older_than.days} days"
        return f"not among the newest {self.keep}"

    def wants(self, *, n_newer: int, age: timedelta) -> bool:
        """Whether a release stays that has so many newer ones, and was published so long ago."""
        if self.older_than is not None:
            return age < self.older_than
        return n_newer < (self.keep or 0)


def fates(
    known: Sequence[Release],
    retention: Retention,
    *,
    now: datetime,
    recorded: Collection[ReleaseId] = (),
) -> list[Fate]:
    """Decide about every release that still has its rows.

    Releases are counted by lines: refreshes by population, scenarios by population, and backfills
    by population and as-of date, because a backfill of ten years is one release a year and not ten
    versions of one. A release stays while any of its lines wants it. A retracted one takes no place
    from others.

    Args:
        known: All events, oldest first.
        retention: What is to stay.
        now: With a time zone.
        recorded: Releases from which the track record is scored.

    Returns:
        Newest first, backfills by as-of date after all others.
    """
    first = {release.release_id: release.published_at for release in reversed(known)}
    present = [one for one in present_states(known) if one.has_rows]
    ordered = sorted(present, key=_as_of_backfill, reverse=True)  # stable: else newest first
    n_before, n_newer = _n_newer(ordered, _served_lines), _n_newer(ordered, _counted_lines)

    def why(release: Release) -> Stays | None:
        one = release.release_id
        claims = {
            Stays.SERVED: release.status == "published" and n_before[one] == 0,
            Stays.NAMED: one in retention.keep_also,
            Stays.YOUNG: now - release.published_at < GRACE,
            Stays.RECORD: one in recorded,
            Stays.RECENT: retention.wants(n_newer=n_newer[one], age=now - first[one]),
        }
        return next((reason for reason, holds in claims.items() if holds), None)

    return [Fate(one, first[one.release_id], why(one)) for one in ordered]


def plan_pruning(
    root: StorePath, retention: Retention, *, now: datetime, recorded: Collection[ReleaseId] = ()
) -> Pruning:
    """Decide what to prune; nothing is changed. Arguments as for `fates`.

    Raises:
        StoreError: If there is no release that is to be kept by its name.
    """
    known = events(root)
    present = present_states(known)
    if absent := retention.keep_also - {release.release_id for release in present}:
        names = ", ".join(sorted(map(str, absent)))
        raise StoreError(
            f"No release {names} under {root}. See: talentcast releases list",
            parameters=("keep_also",),
        )
    unfinished = (one for one in present if not one.has_rows and folders_of(one.release_id, root))
    decided = fates(known, retention, now=now, recorded=recorded)
    return Pruning(tuple(decided), tuple(unfinished), next_sequence(known), str(retention))


def pruning_rows(pruning: Pruning, sizes: Mapping[ReleaseId, int]) -> list[dict[str, object]]:
    """Return one row for each release that is affected, for people to read."""
    published = {fate.release.release_id: fate.published_at for fate in pruning.fates}
    return [
        {
            "release_id": str(one.release_id),
            "kind": one.kind,
            "as_of": one.as_of.as_of.isoformat(),
            "published (UTC)": f"{published.get(one.release_id, one.published_at):%Y-%m-%d %H:%M}",
            "status": one.status,
            "MB": round(sizes[one.release_id] / 1e6, 1),
        }
        for one in pruning.affected
    ]


def parse_age(text: str) -> timedelta:
    """Read an age in days.

    Raises:
        UsageError: If it is none.

    Example:
        >>> parse_age("90d").days
        90
    """
    found = _DAYS.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise UsageError(f"{text!r} is no age. Write days, as 90d.", parameters=("older_than",))
    return timedelta(days=int(found[1]))


def _n_newer(
    ordered: Sequence[Release], lines_of: Callable[[Release], list[_Line]]
) -> dict[ReleaseId, int]:
    """Count published releases before each one, in the line where they are fewest."""
    seen: Counter[_Line] = Counter()
    found = {}
    for release in ordered:
        lines = lines_of(release)
        found[release.release_id] = min(seen[line] for line in lines)
        if release.status == "published":
            seen.update(lines)
    return found


def _served_lines(release: Release) -> list[_Line]:
    kind = "refresh" if release.kind in CURRENT_KINDS else release.kind
    return [(kind, population, None) for population in release.populations or ("",)]


def _counted_lines(release: Release) -> list[_Line]:
    day = release.as_of.as_of if release.kind == "backfill" else None
    return [(kind, population, day) for kind, population, _ in _served_lines(release)]


def _as_of_backfill(release: Release) -> date:
    return release.as_of.as_of if release.kind == "backfill" else date.max
