"""Delta tables of the store: created from their contracts, widened when a contract grows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as fs
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError
from deltalake.schema import Schema

from storage.files import flush
from storage.objects import ObjectPath
from storage.paths import StorePath
from storage.tables import data_files, files_since, is_table, opened, options, rows_of_files
from talentcast.domain.errors import StoreError
from talentcast.domain.tables import Table, table
from talentcast.domain.types import ReleaseId
from talentcast.store.failures import cause, one_line, refusal
from talentcast.store.schema import arrow_schema, constraints

#: A release names the version it is to be read at, so the log is kept for good.
_KEEP_LOG: Final = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}

#: Of a table in an object store, where each commit after the last checkpoint is two requests.
_FEW_REQUESTS: Final = {"delta.checkpointInterval": "10"}

#: Texts that a constraint names.
_VALUES: Final = re.compile(r"'([^']*)'")


def open_table(root: StorePath, name: str, *, version: int | None = None) -> DeltaTable:
    """Open a table of the store.

    Raises:
        StoreError: If its log is missing or damaged.
    """
    try:
        return opened(root / name, version=version)
    except (DeltaError, OSError, ValueError) as error:
        at = "" if version is None else f" at version {version}"
        raise refusal(error, root) or StoreError(
            f"STORE_CORRUPT: table '{name}'{at} under {root} cannot be opened ({one_line(error)}). "
            "Restore its _delta_log from a backup; nothing was overwritten."
        ) from cause(error, root)


def stored_rows(
    delta: DeltaTable,
    folder: StorePath,
    *,
    release_id: ReleaseId | None = None,
    where: ds.Expression | None = None,
) -> pa.Table:
    """Return the rows of an open table, or of one release in it; arguments as for `dataset`."""
    if isinstance(folder, Path):
        return dataset(delta, folder, release_id=release_id).to_table(filter=where)
    files = [path for path, of in data_files(delta) if release_id is None or of == str(release_id)]
    return rows_of_objects(files, folder, release_id, where)


def rows_of_objects(
    files: Sequence[str],
    folder: ObjectPath,
    release_id: ReleaseId | None,
    where: ds.Expression | None = None,
) -> pa.Table:
    """Return the rows of data files of a table, or of one release in it."""
    constants = {} if release_id is None else {"release_id": str(release_id)}
    schema = arrow_schema(table(folder.name))
    rows = rows_of_files([folder / name for name in files], schema, **constants)
    return rows if where is None else rows.filter(where)


def dataset(delta: DeltaTable, folder: Path, *, release_id: ReleaseId | None = None) -> ds.Dataset:
    """Return the rows of an open table, or of one release in it, to be read lazily.

    Arrow reads the files itself: through delta-rs its threads would call back into Python, and one
    that still does so while the interpreter ends aborts the process.

    Args:
        delta: Table opened at some version.
        folder: Where it lies.
        release_id: Leave files of other releases alone.
    """
    files = fs.SubTreeFileSystem(str(folder.resolve()), fs.LocalFileSystem())
    wanted = None if release_id is None else [("release_id", "=", str(release_id))]
    return delta.to_pyarrow_dataset(filesystem=files, file_pruning_predicate=wanted)


def table_for_writing(
    contract: Table, root: StorePath, *, partition_by: list[str] | None = None
) -> DeltaTable:
    """Open a table as its contract wants it, creating or widening it where that is needed.

    What is changed for that is flushed to the disk.

    Raises:
        StoreError: If the stored table holds data without a log, or contradicts the contract.
    """
    path = root / contract.name
    is_new = not is_table(path)
    if is_new:
        _refuse_lost_log(contract, root)
        DeltaTable.create(
            str(path),
            schema=arrow_schema(contract),
            mode="ignore",
            partition_by=partition_by,
            name=contract.name,
            description=contract.grain,
            configuration=_KEEP_LOG | ({} if isinstance(path, Path) else _FEW_REQUESTS),
            storage_options=options(path),
        )
    delta = open_table(root, contract.name)
    before = -1 if is_new else delta.version()
    _widen(delta, contract)
    _constrain(delta, contract)
    _reword(delta, contract)
    if delta.version() > before:
        flush(files_since(root / contract.name, before), below=root)
    return delta


def append(
    delta: DeltaTable, rows: pa.Table, folder: StorePath, *, below: StorePath, **options: Any
) -> None:
    """Add rows to a table and flush them to the disk; a failed write leaves no file behind.

    In an object store it may leave one: which objects are new is known by listing them all.
    `clean` finds it.

    Args:
        delta: Table, opened at its newest version.
        rows: To be added.
        folder: Where the table lies.
        below: Folders up to this one are flushed too.
        **options: Of `write_deltalake`.
    """
    if isinstance(folder, ObjectPath):
        write_deltalake(delta, rows, mode="append", **options)
        return
    before, present = delta.version(), set(folder.rglob("*.parquet"))
    try:
        write_deltalake(delta, rows, mode="append", **options)
    except (OSError, DeltaError):
        with suppress(OSError):  # a disk that refuses even that leaves it to the next clean-up
            named = files_since(folder, before)  # a commit may have come through all the same
            for path in set(folder.rglob("*.parquet")) - present - set(named):
                path.unlink()
        raise
    flush(files_since(folder, before), below=below)


def _widen(delta: DeltaTable, contract: Table) -> None:
    """Add columns that the contract gained; earlier releases have no value there."""
    stored = {field.name: field for field in delta.schema().fields}
    wanted = Schema.from_arrow(arrow_schema(contract)).fields
    changed = [
        field.name
        for field in wanted
        if field.name in stored and stored[field.name].type != field.type
    ]
    lost = sorted(set(stored) - {field.name for field in wanted})
    new = [field for field in wanted if field.name not in stored]
    required = [field.name for field in new if not field.nullable]
    if changed or lost or required:
        raise StoreError(
            f"SCHEMA_BREAKING: the stored table '{contract.name}' has columns of another type "
            f"{changed}, columns the contract lacks {lost}, and lacks columns that may not be "
            f"empty {required}. A table may only gain columns that may be empty; give the changed "
            "one a new table name in talentcast/domain/tables.py."
        )
    if new:
        delta.alter.add_columns(new)


def _constrain(delta: DeltaTable, contract: Table) -> None:
    """Add the rules for values that the contract gained, and widen those that allow more now."""
    present = delta.metadata().configuration
    missing = {}
    for name, rule in constraints(contract).items():
        stored = present.get(f"delta.constraints.{name}")
        # The library stores a list of values in words of its own.
        if stored is not None and _VALUES.findall(stored) and not _allows(stored, rule):
            delta.alter.drop_constraint(name)
            stored = None
        if stored is None:
            missing[name] = rule
    if missing:
        delta.alter.add_constraint(missing)


def _allows(stored: str, rule: str) -> bool:
    return set(_VALUES.findall(rule)) <= set(_VALUES.findall(stored))


def _reword(delta: DeltaTable, contract: Table) -> None:
    """Store what columns mean now, where the contract was reworded."""
    stored = {field.name: dict(field.metadata) for field in delta.schema().fields}
    for field in Schema.from_arrow(arrow_schema(contract)).fields:
        if stored[field.name] != dict(field.metadata):
            delta.alter.set_column_metadata(field.name, dict(field.metadata))


def _refuse_lost_log(contract: Table, root: StorePath) -> None:
    folder = root / contract.name
    if _holds_data(folder):
        raise StoreError(
            f"STORE_CORRUPT: {folder} holds data but no readable _delta_log. Restore the log from "
            "a backup; a new table would hide the old releases."
        )


def _holds_data(folder: StorePath) -> bool:
    if isinstance(folder, ObjectPath):
        return folder.is_dir()  # a store has no empty folders
    return folder.exists() and any(folder.rglob("*.parquet"))
