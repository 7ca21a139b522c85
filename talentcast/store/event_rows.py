"""Rows of the `releases` table; in an object store, those of many events by one request.

Each event is a file of its own there, which never changes. Who publishes now and then writes the
rows of all of them, with the names of their files, into one object beside the tables. The log alone
says which files count: a copy that is old, damaged or gone costs requests and nothing else.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cachetools import LRUCache
from deltalake import DeltaTable

from storage.objects import ObjectPath
from storage.paths import StorePath
from storage.tables import data_files, rows_of_each_file
from talentcast.domain.tables import RELEASES
from talentcast.store.delta import stored_rows
from talentcast.store.schema import arrow_schema

#: Events that are read one by one before the copy is asked for, or written anew.
_MOST_APART: Final = 16
_FILE: Final = "file"
#: Bytes of a sha256.
_DIGEST: Final = 32
_SCHEMA: Final = arrow_schema(RELEASES).append(pa.field(_FILE, pa.string()))


@dataclass(frozen=True, slots=True)
class _Known:
    """Events that this process has read from a store.

    Attributes:
        rows: With the file that each is in.
        copied: Files in the copy, when it was read or written last.
    """

    rows: pa.Table
    copied: frozenset[str] = frozenset()

    @property
    def files(self) -> frozenset[str]:
        """Files whose rows are known."""
        return frozenset(self.rows[_FILE].to_pylist())

    def having(self, more: pa.Table) -> _Known:
        """Return this with the rows of files that it lacks."""
        new = more.filter(pc.invert(pc.is_in(more[_FILE], pa.array(self.files, pa.string()))))
        return replace(self, rows=pa.concat_tables([self.rows, new]).combine_chunks())


_NOTHING: Final = _Known(_SCHEMA.empty_table())
_KNOWN: Final[LRUCache[ObjectPath, _Known]] = LRUCache(16)
_LOCK: Final = Lock()


def event_rows(delta: DeltaTable, root: StorePath) -> pa.Table:
    """Return the rows of the `releases` table, opened at some version.

    Raises:
        OSError: If a file cannot be read.
    """
    if isinstance(root, Path):
        return stored_rows(delta, root / RELEASES.name)
    files = [path for path, _ in data_files(delta)]
    known = _known(root)
    if len({*files} - known.files) > _MOST_APART:
        copy = _read_copy(root)
        known = replace(known.having(copy), copied=frozenset(copy[_FILE].to_pylist()))
    if missing := sorted({*files} - known.files):
        known = known.having(_read_apart(missing, root / RELEASES.name))
    _remember(root, known)
    rows = known.rows.filter(pc.is_in(known.rows[_FILE], pa.array(files, pa.string())))
    return rows.drop_columns([_FILE])


def keep_copy(root: ObjectPath) -> None:
    """Write what this process knows of the events, if the copy lacks many of them.

    A store that refuses keeps the copy that it has.
    """
    known = _known(root)
    if len(known.files - known.copied) < _MOST_APART:
        return
    with suppress(OSError):
        _copy_of(root).write_bytes(_encoded(known.rows))
        _remember(root, replace(known, copied=known.files))


def _read_copy(root: ObjectPath) -> pa.Table:
    try:
        return _decoded(_copy_of(root).read_bytes())
    except FileNotFoundError:
        return _SCHEMA.empty_table()


def _encoded(rows: pa.Table) -> bytes:
    """Return rows as Parquet, after the sha256 of that: checksums of Parquet leave its end out."""
    content = BytesIO()
    pq.write_table(rows, content, compression="zstd")
    return sha256(content.getvalue()).digest() + content.getvalue()


def _decoded(content: bytes) -> pa.Table:
    """Return the rows of a copy; none if it is damaged, or written before a column was added."""
    digest, parquet = content[:_DIGEST], content[_DIGEST:]
    if sha256(parquet).digest() != digest:
        return _SCHEMA.empty_table()
    rows = pq.read_table(pa.BufferReader(parquet))
    if not {*_SCHEMA.names} <= {*rows.column_names}:
        return _SCHEMA.empty_table()
    return rows.select(_SCHEMA.names).cast(_SCHEMA)


def _read_apart(files: list[str], folder: ObjectPath) -> pa.Table:
    """Return the rows of single files; a column that came later is empty in older ones."""
    parts = rows_of_each_file([folder / name for name in files])
    named = [
        part.append_column(_FILE, pa.repeat(name, part.num_rows))
        for name, part in zip(files, parts, strict=True)
    ]
    rows = pa.concat_tables([_SCHEMA.empty_table(), *named], promote_options="permissive")
    return rows.select(_SCHEMA.names).cast(_SCHEMA)


def _known(root: ObjectPath) -> _Known:
    with _LOCK:
        return _KNOWN.get(root, _NOTHING)


def _remember(root: ObjectPath, known: _Known) -> None:
    with _LOCK:
        _KNOWN[root] = known


def _copy_of(root: ObjectPath) -> ObjectPath:
    return root / ".events"
