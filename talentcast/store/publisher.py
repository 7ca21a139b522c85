"""Write releases: data first, the row that makes them visible last."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from talentcast.domain.errors import StoreError
from talentcast.domain.tables import RELEASES, Table, table
from talentcast.domain.types import ReleaseId
from talentcast.store.lease import publishing
from talentcast.store.manifest import DataFile, TableEntry, row_hash
from talentcast.store.reader import events
from talentcast.store.release import Release, ReleaseDraft, describe_inputs
from talentcast.store.schema import arrow_schema, constraints, to_arrow


def published_release(release_id: ReleaseId, root: Path) -> Release | None:
    """Return the release if it is visible already."""
    return {release.release_id: release for release in events(root)}.get(release_id)


def next_repeat(release_id: ReleaseId, root: Path) -> int:
    """Return the number for a forced repeat of a release: 1 for the first."""
    repeats = [release for release in events(root) if release.release_id.base == release_id.base]
    return len({release.release_id for release in repeats})


def publish(draft: ReleaseDraft, root: Path, *, published_at: datetime) -> Release:
    """Write a release; if it is published already, write nothing and return it.

    A reader sees either the whole release or nothing of it: the row in `releases` is written after
    all its tables. An attempt that died before that leaves rows that no reader resolves, and that
    the next attempt takes over when they are the same, or removes.

    Raises:
        StoreError: If a table breaks its contract or another process holds the store for long.
    """
    release_id = draft.identity.release_id
    rows = {
        name: to_arrow(_with_release_id(frame, release_id), table(name))
        for name, frame in draft.tables.items()
    }
    with publishing(root):
        known = events(root)
        already = next((r for r in known if r.release_id == release_id), None)
        if already is not None:
            return already
        entries = {
            name: _write_table(arrow, table(name), release_id, root) for name, arrow in rows.items()
        }
        release = Release(
            release_id=release_id,
            sequence=1 + max((r.sequence for r in known), default=0),
            kind=draft.kind,
            as_of=draft.identity.as_of,
            vintage_kind=draft.vintage_kind,
            published_at=published_at,
            status="published",
            supersedes=draft.supersedes,
            reason=draft.reason,
            approved_by=draft.approved_by,
            code_version=draft.identity.code_version,
            settings_sha256=draft.identity.settings_sha256,
            populations=draft.populations,
            inputs=describe_inputs(draft.identity.inputs),
            tables=entries,
            quality=draft.quality,
        )
        _append_event(release, root)
    return release


def _with_release_id(frame: pd.DataFrame, release_id: ReleaseId) -> pd.DataFrame:
    return frame.assign(release_id=str(release_id))


def _write_table(rows: pa.Table, contract: Table, release_id: ReleaseId, root: Path) -> TableEntry:
    wanted = row_hash(rows, contract.key)
    delta = _ensure_table(contract, root, partition_by=["release_id"])
    if delta.transaction_version(str(release_id)) is not None:
        entry = _entry(delta, contract, release_id, root, expected=rows.num_rows)
        if _stored_hash(delta, contract, release_id) == wanted:
            return entry
        # An earlier attempt died half-way and wrote other rows; nobody can have read them.
        delta.delete(f"release_id = '{release_id}'")
    write_deltalake(
        delta,
        rows,
        mode="append",
        commit_properties=CommitProperties(app_transactions=[Transaction(str(release_id), 1)]),
    )
    delta.update_incremental()
    return _entry(delta, contract, release_id, root, expected=rows.num_rows)


def _ensure_table(
    contract: Table, root: Path, *, partition_by: list[str] | None = None
) -> DeltaTable:
    path = str(root / contract.name)
    if not DeltaTable.is_deltatable(path):
        _refuse_lost_log(contract, root)
        DeltaTable.create(
            path,
            schema=arrow_schema(contract),
            mode="ignore",
            partition_by=partition_by,
            name=contract.name,
            description=contract.grain,
        )
    delta = DeltaTable(path)
    present = delta.metadata().configuration
    missing = {
        name: rule
        for name, rule in constraints(contract).items()
        if f"delta.constraints.{name}" not in present
    }
    if missing:
        delta.alter.add_constraint(missing)
    return delta


def _refuse_lost_log(contract: Table, root: Path) -> None:
    folder = root / contract.name
    if folder.exists() and any(folder.rglob("*.parquet")):
        raise StoreError(
            f"STORE_CORRUPT: {folder} holds data but no readable _delta_log. Restore the log from "
            "a backup; a new table would hide the old releases."
        )


def _entry(
    delta: DeltaTable, contract: Table, release_id: ReleaseId, root: Path, *, expected: int
) -> TableEntry:
    folder = root / contract.name
    actions = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
    mine = [action for action in actions if action["partition.release_id"] == str(release_id)]
    paths = sorted(unquote(action["path"]) for action in mine)
    return TableEntry(
        name=contract.name,
        delta_version=delta.version(),
        rows=expected,
        files=tuple(
            DataFile(path, sha256((folder / path).read_bytes()).hexdigest()) for path in paths
        ),
        row_hash=_stored_hash(delta, contract, release_id),
    )


def _stored_hash(delta: DeltaTable, contract: Table, release_id: ReleaseId) -> str:
    """Hash what can be read back, so that a manifest never vouches for rows that cannot."""
    rows = delta.to_pyarrow_dataset(
        file_pruning_predicate=[("release_id", "=", str(release_id))]
    ).to_table()
    return row_hash(rows, contract.key)


def _append_event(release: Release, root: Path) -> None:
    _ensure_table(RELEASES, root)
    row = pa.Table.from_pylist([release.to_row()], schema=arrow_schema(RELEASES))
    write_deltalake(str(root / RELEASES.name), row, mode="append")
