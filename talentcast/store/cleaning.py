"""Remove what dead publications left behind; a visible release is never touched."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from deltalake import DeltaTable

from storage.paths import StorePath
from storage.tables import is_table
from talentcast.domain.tables import RELEASES, TABLES
from talentcast.store.delta import open_table
from talentcast.store.failures import storage_failures
from talentcast.store.lease import publishing
from talentcast.store.pointer import events

#: Younger leftovers may belong to a publication that is still going on, or be read by someone.
KEEP_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What a table holds that no release names.

    Attributes:
        releases: Ids of publications that never became visible, whose rows are removed.
        files: Files that no version of the table names, relative to its folder.
    """

    table: str
    releases: tuple[str, ...]
    files: tuple[str, ...]


def clean(root: StorePath, *, dry_run: bool, keep_hours: int = KEEP_HOURS) -> list[Leftovers]:
    """Remove leftovers older than `keep_hours`, or with `dry_run` only name them.

    Rows of a dead publication go first; the files that held them follow at a clean-up at least
    `keep_hours` later, so that nothing is taken from under a reader.

    Raises:
        StoreError: If a table cannot be opened or another process holds the store for long.
    """
    with storage_failures(root), nullcontext() if dry_run else publishing(root) as lease:
        visible = {str(release.release_id) for release in events(root)}
        found = []
        for contract in TABLES:
            if not is_table(root / contract.name):
                continue
            if lease is not None:
                lease.renew()
            delta = open_table(root, contract.name)
            dead = () if contract is RELEASES else _dead(delta, visible, keep_hours)
            if not dry_run:
                for release_id in dead:
                    delta.delete(f"release_id = '{release_id}'")
            files = delta.vacuum(
                retention_hours=keep_hours,
                dry_run=dry_run,
                enforce_retention_duration=False,
                full=True,
            )
            found.append(Leftovers(contract.name, dead, tuple(sorted(files))))
    return [leftovers for leftovers in found if leftovers.releases or leftovers.files]


def _dead(delta: DeltaTable, visible: set[str], keep_hours: int) -> tuple[str, ...]:
    newest: dict[str, int] = {}
    for action in pa.table(delta.get_add_actions(flatten=True)).to_pylist():
        release_id = action["partition.release_id"]
        written = int(action["modification_time"])
        newest[release_id] = max(written, newest.get(release_id, 0))
    oldest_kept = (time.time() - keep_hours * 3600) * 1000
    return tuple(
        sorted(
            release_id
            for release_id, written in newest.items()
            if release_id not in visible and written < oldest_kept
        )
    )
