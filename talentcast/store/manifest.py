"""What a release consists of, with hashes that show any later change."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pacsv

from talentcast.store.order import in_order

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer


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
    columns = sorted(name for name in rows.column_names if name != "release_id")
    ordered = in_order(rows.select(columns), [name for name in key if name != "release_id"])
    hashed = _Hashed()
    pacsv.write_csv(ordered, hashed)
    return hashed.sha256.hexdigest()


class _Hashed(io.RawIOBase):
    """A file that is not kept, only hashed: as text, rows take as much room as in memory."""

    def __init__(self) -> None:
        self.sha256 = sha256()

    def writable(self) -> bool:
        return True

    def write(self, content: Buffer) -> int:
        self.sha256.update(content)
        return memoryview(content).nbytes
