"""What a release consists of, with hashes that show any later change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa
import pyarrow.csv as pacsv

from talentcast.store.order import in_order


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
    pacsv.write_csv(ordered, pa.PythonFile(hashed, "w"))
    return hashed.sha256.hexdigest()


class _Hashed:
    """A file that is not kept, only hashed: as text, rows take as much room as in memory."""

    closed = False

    def __init__(self) -> None:
        self.sha256 = sha256()

    def write(self, content: bytes) -> int:
        self.sha256.update(content)
        return len(content)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
