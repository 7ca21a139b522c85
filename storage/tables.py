"""Delta tables, wherever they are: opened with the conditions and the patience that we want."""

from __future__ import annotations

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


def rows_of_files(
    paths: Sequence[StorePath], schema: pa.Schema, *, keep: bool = False, **constants: str
) -> pa.Table:
    """Return the rows of Parquet files as columns of a schema, those that the files hold.

    Objects are fetched whole, each by one request: a file of a release takes some megabytes, and
    Arrow's own clients of object stores want credentials of their own.

    Args:
        paths: Files of one table.
        schema: What the columns should be.
        keep: As of `storage.objects.read_all`.
        **constants: Values of columns that are part of the path instead of the file.
    """
    if not paths:
        return schema.empty_table()
    parts = [pq.read_table(source) for source in readable(paths, keep=keep)]
    rows = pa.concat_tables(parts, promote_options="permissive")
    for name, value in constants.items():
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
    present = [schema.field(name) for name in schema.names if name in rows.column_names]
    return rows.select([field.name for field in present]).cast(pa.schema(present))
