"""What a release consists of, with hashes that show any later change."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file, with the hash of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One table of a release.

    Attributes:
        delta_version: Version of the Delta table at which the rows are to be read.
        rows: Number of rows of this release.
        files: Files that hold them, relative to the table's folder.
        row_hash: Hash of the rows themselves; see `row_hash`.
    """

    name: str
    delta_version: int
    rows: int
    files: tuple[DataFile, ...]
    row_hash: str


def row_hash(rows: pa.Table, key: Sequence[str]) -> str:
    """Return a hash that depends on the rows, not on their order or on how they were stored.

    It is the sha256 of the rows as CSV, sorted by key, columns in alphabetical order. The
    release id is left out, so that two releases with the same content have the same hash.
    """
    sort_keys = [(name, "ascending") for name in key if name != "release_id"]
    columns = sorted(name for name in rows.column_names if name != "release_id")
    ordered = rows.select(columns).combine_chunks()
    ordered = ordered.take(pc.sort_indices(ordered, sort_keys=sort_keys))
    sink = io.BytesIO()
    pacsv.write_csv(ordered, sink)
    return sha256(sink.getbuffer()).hexdigest()
