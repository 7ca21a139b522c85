"""The `releases` table: one row per event, and a release is visible from its row on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from talentcast.domain.errors import StoreError
from talentcast.domain.tables import RELEASES
from talentcast.domain.types import ReleaseId
from talentcast.store.delta import append, dataset, table_for_writing
from talentcast.store.failures import one_line, refusal
from talentcast.store.files import write_atomically
from talentcast.store.release import Release, require_rows
from talentcast.store.schema import arrow_schema


def events(root: Path) -> list[Release]:
    """Return every row of the `releases` table, oldest first; none if nothing was published.

    Raises:
        StoreError: If the table cannot be read, or rows that were acknowledged are gone.
    """
    # Read first: a row that is written meanwhile may be in the table, but not the other way round.
    acknowledged = _acknowledged(root)
    try:
        folder = root / RELEASES.name
        rows = dataset(DeltaTable(str(folder)), folder).to_table().to_pylist()
    except TableNotFoundError:
        rows = []
    except (DeltaError, OSError) as error:
        raise refusal(error, root) or StoreError(
            f"STORE_CORRUPT: the table 'releases' under {root} cannot be read ({one_line(error)}). "
            "Restore it from a backup; nothing was overwritten."
        ) from error
    found = sorted((Release.from_row(row) for row in rows), key=_sequence)
    if next_sequence(found) <= acknowledged:
        raise StoreError(
            f"STORE_CORRUPT: the table 'releases' under {root} ends at row "
            f"{next_sequence(found) - 1}, but row {acknowledged} was acknowledged. Restore it from "
            f"a backup; if the older state is wanted, delete {_mark(root)}."
        )
    return found


def list_releases(root: Path) -> list[Release]:
    """Return the present state of every release, the one published last first.

    A release that was retracted and restored takes its old place again.
    """
    return present_states(events(root))


def present_states(known: Sequence[Release]) -> list[Release]:
    """Return the present state of every release of some events, as `list_releases`."""
    first = {release.release_id: release.sequence for release in reversed(known)}
    newest = {release.release_id: release for release in known}
    return sorted(newest.values(), key=lambda release: first[release.release_id], reverse=True)


def latest_release(root: Path) -> Release | None:
    """Return the release that answers "what is forecast now"; None before the first."""
    return newest_current(list_releases(root))


def newest_current(releases: Iterable[Release]) -> Release | None:
    """Return the first current one of releases given newest first, if any."""
    return next((release for release in releases if release.is_current), None)


def find_release(release: str, root: Path) -> Release:
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


def choose_release(release: str, known: Sequence[Release], root: Path) -> Release:
    """Return one of the releases of a store, given newest first; otherwise as `find_release`."""
    return require_rows(_choose(release, known, root))


def find_recorded(release: str, root: Path) -> Release:
    """Return a release as `find_release` does, also one whose rows were pruned."""
    return _choose(release, list_releases(root), root)


def _choose(release: str, known: Sequence[Release], root: Path) -> Release:
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


def append_event(release: Release, root: Path) -> None:
    """Write one event; the release is visible, or withdrawn, from here on.

    Call it within `Lease.committing`, so that a process that lost the lease cannot.
    """
    table = table_for_writing(RELEASES, root)
    row = pa.Table.from_pylist([release.to_row()], schema=arrow_schema(RELEASES))
    append(table, row, root / RELEASES.name, below=root)
    write_atomically(_mark(root), str(release.sequence).encode())


def _acknowledged(root: Path) -> int:
    try:
        return int(_mark(root).read_text())
    except FileNotFoundError:
        return 0
    except PermissionError as error:
        raise refusal(error, root) or error from error
    except ValueError:
        raise StoreError(
            f"STORE_CORRUPT: {_mark(root)} holds no number. Run `talentcast releases verify` on a "
            "backup, compare, and delete the file if no release is missing."
        ) from None


def _mark(root: Path) -> Path:
    return root / ".acknowledged"


def _sequence(release: Release) -> int:
    return release.sequence
