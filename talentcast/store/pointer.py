"""The `releases` table: one row per event, and a release is visible from its row on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from storage.files import write_atomically
from storage.objects import ObjectPath
from storage.paths import StorePath
from storage.tables import opened
from talentcast.domain.errors import StoreError
from talentcast.domain.tables import RELEASES
from talentcast.domain.types import ReleaseId
from talentcast.store.delta import append, table_for_writing
from talentcast.store.event_rows import event_rows, keep_copy
from talentcast.store.failures import cause, one_line, refusal
from talentcast.store.release import Release, require_rows
from talentcast.store.schema import arrow_schema

#: Property of the table: the token of the last holder that took over from a late one.
_FENCE: Final = "talentcast.fence"


def events(root: StorePath) -> list[Release]:
    """Return every row of the `releases` table, oldest first; none if nothing was published.

    Raises:
        StoreError: If the table cannot be read, or rows that were acknowledged are gone.
    """
    # Read first: a row that is written meanwhile may be in the table, but not the other way round.
    acknowledged = _acknowledged(root)
    try:
        found = _rows(opened(root / RELEASES.name), root)
    except TableNotFoundError:
        found = []
    except (DeltaError, OSError) as error:
        raise refusal(error, root) or StoreError(
            f"STORE_CORRUPT: the table 'releases' under {root} cannot be read ({one_line(error)}). "
            "Restore it from a backup; nothing was overwritten."
        ) from cause(error, root)
    if next_sequence(found) <= acknowledged:
        raise StoreError(
            f"STORE_CORRUPT: the table 'releases' under {root} ends at row "
            f"{next_sequence(found) - 1}, but row {acknowledged} was acknowledged. Restore it from "
            f"a backup; if the older state is wanted, delete {_mark(root)}."
        )
    return found


def list_releases(root: StorePath) -> list[Release]:
    """Return the present state of every release, the one published last first.

    A release that was retracted and restored takes its old place again.
    """
    return present_states(events(root))


def present_states(known: Sequence[Release]) -> list[Release]:
    """Return the present state of every release of some events, as `list_releases`."""
    first = {release.release_id: release.sequence for release in reversed(known)}
    newest = {release.release_id: release for release in known}
    return sorted(newest.values(), key=lambda release: first[release.release_id], reverse=True)


def latest_release(root: StorePath) -> Release | None:
    """Return the release that answers "what is forecast now"; None before the first."""
    return newest_current(list_releases(root))


def newest_current(releases: Iterable[Release]) -> Release | None:
    """Return the first current one of releases given newest first, if any."""
    return next((release for release in releases if release.is_current), None)


def find_release(release: str, root: StorePath) -> Release:
    """Return a release by id, or the latest one.

    Args:
        release: A release id or ``latest``.
        root: Root of the release store.

    Raises:
        PrunedError: If its rows were removed.
        StoreError: If there is no such release, or none at all.
        UsageError: If it is not an id.
    """
    return choose_release(release, list_releases(root), root)


def choose_release(release: str, known: Sequence[Release], root: StorePath) -> Release:
    """Return one of the releases of a store, given newest first; otherwise as `find_release`."""
    return require_rows(_choose(release, known, root))


def find_recorded(release: str, root: StorePath) -> Release:
    """Return a release as `find_release` does, also one whose rows were pruned."""
    return _choose(release, list_releases(root), root)


def _choose(release: str, known: Sequence[Release], root: StorePath) -> Release:
    if release == "latest":
        latest = newest_current(known)
        if latest is None:
            raise StoreError(f"No release under {root} yet. Make one: talentcast refresh")
        return latest
    wanted = ReleaseId(release)
    for candidate in known:
        if candidate.release_id == wanted:
            return candidate
    raise StoreError(f"No release {wanted} under {root}. See: talentcast releases list")


def next_sequence(known: Sequence[Release]) -> int:
    """Return the number of the next event; the clock orders nothing."""
    return 1 + max(map(_sequence, known), default=0)


def append_event(release: Release, root: StorePath) -> None:
    """Write one event; the release is visible, or withdrawn, from here on.

    Call it within `Lease.committing`, so that a process that lost the lease cannot.

    Raises:
        StoreError: If an object store holds another event of this number already, or was
            fenced off: this process lost the lease meanwhile.
    """
    table = table_for_writing(RELEASES, root)
    row = pa.Table.from_pylist([release.to_row()], schema=arrow_schema(RELEASES))
    if isinstance(root, ObjectPath):
        _append_next(release, row, table, root)
    else:
        append(table, row, root / RELEASES.name, below=root)
    write_atomically(_mark(root), str(release.sequence).encode())
    if isinstance(root, ObjectPath):
        keep_copy(root)


def fence(token: int, root: ObjectPath) -> None:
    """Commit the token of a new holder, so that the one before can commit nothing any more."""
    table = table_for_writing(RELEASES, root)
    table.alter.set_table_properties({_FENCE: str(token)}, raise_if_not_exists=False)


def _append_next(release: Release, row: pa.Table, table: DeltaTable, root: ObjectPath) -> None:
    """Commit as the version after the one that was looked at, or not at all.

    No lock can be held during a commit to an object store. The log itself decides: only one
    commit of each version is accepted, and it is not tried again as a later one.
    """
    if next_sequence(_rows(table, root)) != release.sequence:
        raise _overtaken(root)
    pinned = CommitProperties(max_commit_retries=0)
    try:
        append(table, row, root / RELEASES.name, below=root, commit_properties=pinned)
    except (DeltaError, OSError) as error:
        # The answer may have been lost, not the commit.
        if release not in _rows(opened(root / RELEASES.name), root):
            if isinstance(error, CommitFailedError):
                raise _overtaken(root) from None
            raise


def _overtaken(root: ObjectPath) -> StoreError:
    return StoreError(
        f"LEASE_LOST: another process has published to {root}, or took over publishing. Nothing "
        "of this release is visible; run again."
    )


def _rows(table: DeltaTable, root: StorePath) -> list[Release]:
    rows = event_rows(table, root).to_pylist()
    return sorted((Release.from_row(row) for row in rows), key=_sequence)


def _acknowledged(root: StorePath) -> int:
    try:
        return int(_mark(root).read_text())
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise refusal(error, root) or error from cause(error, root)
    except ValueError:
        raise StoreError(
            f"STORE_CORRUPT: {_mark(root)} holds no number. Run `talentcast releases verify` on a "
            "backup, compare, and delete the file if no release is missing."
        ) from None


def _mark(root: StorePath) -> StorePath:
    return root / ".acknowledged"


def _sequence(release: Release) -> int:
    return release.sequence
