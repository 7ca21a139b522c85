"""Delta tables, wherever they are: opened with the conditions and the patience that we want."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from storage.files import readable
from storage.objects import PATIENCE, RETRIES, ObjectPath
from storage.paths import StorePath


def opened(folder: StorePath, *, version: int | None = None) -> DeltaTable:
    """Open a table; errors are those of the table library."""
    return DeltaTable(str(folder), version=version, storage_options=options(folder))


def is_table(folder: StorePath) -> bool:
    """Return whether a table lies there."""
    if isinstance(folder, ObjectPath):  # the library would stop all of Python until it is answered
        return (folder / "_delta_log").is_dir()
    return DeltaTable.is_deltatable(str(folder))


def options(folder: StorePath) -> dict[str, str] | None:
    """Return how to use a store; the library reads the credentials from the environment."""
    if isinstance(folder, Path):
        return None
    patience = {"max_retries": str(RETRIES), "retry_timeout": f"{PATIENCE.seconds}s"}
    return patience | ({"aws_conditional_put": "etag"} if folder.scheme == "s3" else {})


def data_files(delta: DeltaTable) -> list[tuple[str, str | None]]:
    """Return the path of every data file of a table, and the id of the release that it holds."""
    actions = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
    return [(unquote(each["path"]), each.get("partition.release_id")) for each in actions]


def files_since(folder: StorePath, version: int) -> list[Path]:
    """Return the log and data files of every commit after `version`, to be flushed to the disk.

    Of an object store none: what it acknowledged is kept.
    """
    if isinstance(folder, ObjectPath):
        return []
    log = folder / "_delta_log"
    commits = [path for path in log.glob("*.json") if int(path.stem) > version]
    actions = (json.loads(line) for path in commits for line in path.read_text().splitlines())
    added = [folder / unquote(action["add"]["path"]) for action in actions if "add" in action]
    return [*commits, *added]


def newest_commit(folder: StorePath, *, known: str = "") -> str:
    """Return the name of the newest commit of a table; empty before the first.

    Args:
        folder: Of the table.
        known: A commit that is there; an object store is asked for later ones only.
    """
    log = folder / "_delta_log"
    if isinstance(log, ObjectPath):
        later = (name for name in log.names_after(known) if name.endswith(".json"))
        return max(later, default=known)
    return max((entry.name for entry in log.glob("*.json")), default="")


def rows_of_files(paths: Sequence[StorePath], schema: pa.Schema, **constants: str) -> pa.Table:
    """Return the rows of Parquet files as columns of a schema, those that the files hold.

    Args:
        paths: Files of one table.
        schema: What the columns should be.
        **constants: Values of columns that are part of the path instead of the file.
    """
    if not paths:
        return schema.empty_table()
    rows = pa.concat_tables(rows_of_each_file(paths), promote_options="permissive")
    for name, value in constants.items():
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
    present = [schema.field(name) for name in schema.names if name in rows.column_names]
    return rows.select([field.name for field in present]).cast(pa.schema(present))


def rows_of_each_file(paths: Sequence[StorePath]) -> list[pa.Table]:
    """Return the rows of each Parquet file, with the columns that it holds.

    Objects are fetched whole, each by one request: a file of a release takes some megabytes, and
    Arrow's own clients of object stores want credentials of their own.
    """
    return [pq.read_table(source) for source in readable(paths)]
