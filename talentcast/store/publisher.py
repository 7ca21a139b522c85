"""Write releases: data first, the row that makes them visible last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties
from deltalake.exceptions import DeltaError

from storage.files import flush
from storage.paths import StorePath
from storage.tables import data_files, files_since
from talentcast.domain.errors import StoreError
from talentcast.domain.tables import Table, table
from talentcast.domain.types import ReleaseId
from talentcast.store.delta import (
    append,
    open_table,
    stored_rows,
    table_for_writing,
)
from talentcast.store.failures import storage_failures
from talentcast.store.lease import publishing
from talentcast.store.manifest import DataFile, TableEntry, row_hash
from talentcast.store.order import in_order
from talentcast.store.pointer import append_event, events, next_sequence, present_states
from talentcast.store.release import Release, ReleaseDraft, describe_inputs, require_rows
from talentcast.store.schema import to_arrow
from talentcast.store.signing import Signer

#: Small enough for a reader of one population to pass over most of a large release.
_ROWS_A_GROUP = 16_384


class Stage(StrEnum):
    """How far a publication has come."""

    STARTED = "started"
    TABLE_WRITTEN = "table written"
    DATA_FLUSHED = "data flushed"
    COMMITTING = "committing"
    VISIBLE = "visible"


def published_release(release_id: ReleaseId, root: StorePath) -> Release | None:
    """Return the release if it is visible already; if it was pruned, what was made in its place.

    Its rows may not come back under the same id: those of people would not be the same ones.
    """
    known = events(root)
    release = _newest(release_id, known)
    if release is None or release.has_rows:
        return release
    again = (
        one
        for one in present_states(known)
        if one.release_id.base == release_id.base and one.has_rows
    )
    return next(again, release)


def next_repeat(release_id: ReleaseId, root: StorePath) -> int:
    """Return the number for a forced repeat of a release: 1 for the first."""
    repeats = [release for release in events(root) if release.release_id.base == release_id.base]
    return len({release.release_id for release in repeats})


def publish(
    draft: ReleaseDraft,
    root: StorePath,
    *,
    published_at: datetime,
    signer: Signer | None = None,
    on_stage: Callable[[Stage], None] = lambda _: None,
) -> Release:
    """Write a release; if it is published already, write nothing and return it.

    A reader sees either the whole release or nothing of it: the row in `releases` is written after
    all its tables, under a fencing token that is still the newest. An attempt that died before that
    leaves rows that no reader resolves, and that the next attempt takes over when they are the
    same, or removes. Everything is flushed to the disk before the row, and the row before this
    returns.

    Args:
        draft: What to publish.
        root: Root of the release store.
        published_at: When, with a time zone.
        signer: Signs the manifest, if there is a key.
        on_stage: Called at every stage.

    Raises:
        PrunedError: If it was published and its rows were removed since.
        StoreError: If a table breaks its contract, the id stands for other rows already, the disk
            is full or read-only, or another process holds the store for long.
    """
    release_id = draft.identity.release_id
    rows = {name: _stored(frame, table(name), release_id) for name, frame in draft.tables.items()}
    with storage_failures(root), publishing(root) as lease:
        on_stage(Stage.STARTED)
        known = events(root)
        if already := _newest(release_id, known):
            _refuse_other_rows(rows, require_rows(already))
            return already
        _refuse_lost_commits(known, root)
        entries = {}
        for name, arrow in rows.items():
            lease.renew()
            entries[name] = _write_table(arrow, table(name), release_id, root)
            on_stage(Stage.TABLE_WRITTEN)
        on_stage(Stage.DATA_FLUSHED)
        release = _visible(draft, entries, published_at).sealed(
            sequence=next_sequence(known), signer=signer
        )
        # Only the holder of the lease writes events, so that `known` is still all of them.
        with lease.committing():
            on_stage(Stage.COMMITTING)
            append_event(release, root)
            on_stage(Stage.VISIBLE)
    return release


def _stored(frame: pd.DataFrame, contract: Table, release_id: ReleaseId) -> pa.Table:
    """Return rows as they are stored: by key, so that a filtered read passes over most groups."""
    return in_order(to_arrow(frame.assign(release_id=str(release_id)), contract), contract.key)


def _visible(
    draft: ReleaseDraft, entries: Mapping[str, TableEntry], published_at: datetime
) -> Release:
    return Release(
        release_id=draft.identity.release_id,
        sequence=0,
        kind=draft.kind,
        as_of=draft.identity.as_of,
        vintage_kind=draft.vintage_kind,
        published_at=published_at.astimezone(UTC),
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
        settings=draft.settings,
    )


def _newest(release_id: ReleaseId, known: Sequence[Release]) -> Release | None:
    return next((r for r in reversed(known) if r.release_id == release_id), None)


def _refuse_other_rows(rows: Mapping[str, pa.Table], already: Release) -> None:
    changed = [
        name
        for name in sorted({*rows, *already.tables})
        if name not in rows
        or name not in already.tables
        or row_hash(rows[name], table(name).key) != already.tables[name].row_hash
    ]
    if changed:
        raise StoreError(
            f"RELEASE_IMMUTABLE: {already.release_id} is published with other rows in "
            f"{', '.join(changed)}. The same inputs, settings and code must give the same rows; "
            "to publish the new ones, force a repeat, which gives them an id of their own.",
            parameters=("force",),
        )


def _refuse_lost_commits(known: Sequence[Release], root: StorePath) -> None:
    """A table that ends before a version some release names has lost its newest commits."""
    needed: dict[str, int] = {}
    for release in known:
        for name, entry in release.tables.items():
            needed[name] = max(entry.delta_version, needed.get(name, 0))
    for name, version in needed.items():
        if not (root / name / "_delta_log" / f"{version:020}.json").exists():
            raise StoreError(
                f"STORE_CORRUPT: table '{name}' under {root} has lost version {version}, which a "
                "release names. Restore its _delta_log from a backup; nothing was written."
            )


def _write_table(
    rows: pa.Table, contract: Table, release_id: ReleaseId, root: StorePath
) -> TableEntry:
    try:
        return _written(rows, contract, release_id, root)
    except (DeltaError, OSError):
        # The answer of an object store may have been lost, not what it was asked to write.
        if isinstance(root, Path) or not _holds(contract, release_id, root):
            raise
    return _written(rows, contract, release_id, root)


def _holds(contract: Table, release_id: ReleaseId, root: StorePath) -> bool:
    delta = open_table(root, contract.name)
    return delta.transaction_version(str(release_id)) is not None


def _written(rows: pa.Table, contract: Table, release_id: ReleaseId, root: StorePath) -> TableEntry:
    delta = table_for_writing(contract, root, partition_by=["release_id"])
    if any(of == str(release_id) for _, of in data_files(delta)):
        if _stored_hash(delta, contract, release_id, root) == row_hash(rows, contract.key):
            # Whether the dead attempt came to flush them is not known.
            flush(files_since(root / contract.name, -1), below=root)
            return _entry(delta, contract, release_id, root, expected=rows.num_rows)
        # An earlier attempt died half-way and wrote other rows; nobody can have read them.
        before = delta.version()
        delta.delete(f"release_id = '{release_id}'")
        flush(files_since(root / contract.name, before), below=root)
    append(
        delta,
        rows,
        root / contract.name,
        below=root,
        commit_properties=CommitProperties(app_transactions=[Transaction(str(release_id), 1)]),
        writer_properties=WriterProperties(max_row_group_size=_ROWS_A_GROUP),
    )
    delta.update_incremental()
    return _entry(delta, contract, release_id, root, expected=rows.num_rows)


def _entry(
    delta: DeltaTable, contract: Table, release_id: ReleaseId, root: StorePath, *, expected: int
) -> TableEntry:
    folder = root / contract.name
    paths = sorted(path for path, of in data_files(delta) if of == str(release_id))
    return TableEntry(
        name=contract.name,
        delta_version=delta.version(),
        rows=expected,
        files=tuple(
            DataFile(path, sha256((folder / path).read_bytes()).hexdigest()) for path in paths
        ),
        row_hash=_stored_hash(delta, contract, release_id, root),
    )


def _stored_hash(delta: DeltaTable, contract: Table, release_id: ReleaseId, root: StorePath) -> str:
    """Hash what can be read back, so that a manifest never vouches for rows that cannot."""
    rows = stored_rows(delta, root / contract.name, release_id=release_id)
    return row_hash(rows, contract.key)
