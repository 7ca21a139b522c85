"""Published tables in memory: a release never changes, so each is read from disk once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from threading import Condition
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cachetools import LRUCache, cached

from storage.files import readable
from storage.objects import ObjectPath
from storage.paths import StorePath
from storage.tables import newest_commit
from talentcast.domain.tables import RELEASES, table
from talentcast.store import pointer, reader
from talentcast.store.failures import storage_failures
from talentcast.store.release import Release

#: Bytes of tables in memory; the forecasts of one release take some 50 megabytes.
TABLE_BYTES: Final = 400_000_000
#: Bytes of answers in memory.
ANSWER_BYTES: Final = 100_000_000
#: Lists of releases in memory: one of each store, and of each state of it.
RELEASE_LISTS: Final = 4

#: Newest commit to the releases of each object store that was asked.
_NEWEST: Final[dict[ObjectPath, str]] = {}

#: One value of each column that is asked for, or several.
_Filters = Mapping[str, tuple[Any, ...]]


def releases(root: StorePath) -> list[Release]:
    """Return every release, newest first; read again only when something was published."""
    place = root.resolve()
    if isinstance(place, ObjectPath):
        # One request, for what came after the newest commit that is known.
        with storage_failures(place):
            newest = newest_commit(place / RELEASES.name, known=_NEWEST.get(place, ""))
        _NEWEST[place] = newest
        return _releases(place, newest) if newest else []
    log = root / RELEASES.name / "_delta_log"
    if not log.is_dir():  # nothing was published, or the store is no folder
        return pointer.list_releases(root)
    return _releases(place, newest_commit(root / RELEASES.name))


def find(release: str, root: StorePath) -> Release:
    """Return a release by id, or the latest one; errors as `pointer.find_release`."""
    return pointer.choose_release(release, releases(root), root)


def rows(
    name: str,
    release: Release,
    root: StorePath,
    *,
    filters: Mapping[str, Any],
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the rows of one table in one release for which every filter holds.

    Args:
        name: Name of the table.
        release: A published release.
        root: Root of the release store.
        filters: Value, or values, by column.
        columns: Only these; all of the contract by default.
    """
    frame: pd.DataFrame = plain(_answer(name, release, root, filters, columns)).to_pandas()
    return frame


def distinct(
    name: str,
    release: Release,
    root: StorePath,
    *,
    filters: Mapping[str, Any],
    columns: Sequence[str],
) -> pd.DataFrame:
    """Return the different rows that some columns hold; arguments as for `rows`."""
    found = _answer(name, release, root, filters, columns)
    frame: pd.DataFrame = plain(found.group_by(list(columns)).aggregate([])).to_pandas()
    return frame


def matching(stored: pa.Table, filters: _Filters, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows of a table that every filter keeps, in their order.

    Args:
        stored: Text as codes, see `coded`.
        filters: Wanted values by column.
        columns: Only these; all by default.
    """
    chosen = stored if columns is None else stored.select(list(columns))
    if not filters:
        return chosen
    hits = (_is_in(stored.column(name), wanted) for name, wanted in filters.items())
    return chosen.filter(reduce(pc.and_, hits))


def coded(stored: pa.Table) -> pa.Table:
    """Return a table whose text columns hold codes: half the memory, and quicker to filter."""
    columns = [
        column.dictionary_encode()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        else column
        for column in stored.columns
    ]
    return pa.table(columns, names=stored.column_names).unify_dictionaries().combine_chunks()


def _answer(
    name: str,
    release: Release,
    root: StorePath,
    filters: Mapping[str, Any],
    columns: Sequence[str] | None,
) -> pa.Table:
    reader.condition(name, dict(filters))  # refuses unknown tables and columns
    reader.table_entry(name, release)  # ... and a table that the release does not hold
    # What was asked once is asked again, by every view of a dashboard: keep the answers too.
    asked = {column: tuple(reader.wanted_values(wanted)) for column, wanted in filters.items()}
    return _matching(name, release, root, asked, None if columns is None else tuple(columns))


@cached(LRUCache(RELEASE_LISTS), condition=Condition())
def _releases(root: StorePath, newest_event: str) -> list[Release]:
    return pointer.list_releases(root)


def _key(name: str, release: Release, root: StorePath) -> tuple[object, ...]:
    return (root.resolve(), str(release.release_id), name, release.tables[name].row_hash)


@cached(LRUCache(TABLE_BYTES, getsizeof=lambda t: int(t.nbytes)), key=_key, condition=Condition())
def _table(name: str, release: Release, root: StorePath) -> pa.Table:
    """Read a table from the files that the manifest names, text as codes."""
    contract = table(name)
    entry = release.tables[name]
    paths = [root / name / file.path for file in entry.files]
    if not paths or not all(path.is_file() for path in paths if isinstance(path, Path)):
        return coded(reader.read_rows(name, release, root))  # says what is wrong, if it is
    texts = [
        column.name
        for column in contract.columns
        if column.type == "string" and column.name != "release_id"  # that one is in the path
    ]
    try:
        parts = [pq.ParquetFile(path, read_dictionary=texts).read() for path in readable(paths)]
    except OSError:  # pruned since they were looked for, or refused by an object store
        return coded(reader.read_rows(name, release, root))
    joined = pa.concat_tables(parts, promote_options="permissive")
    if "release_id" not in joined.column_names:
        joined = joined.append_column(
            "release_id",
            pa.array([str(release.release_id)])
            .dictionary_encode()
            .take(pa.array(np.zeros(joined.num_rows, dtype=np.int32))),
        )
    ordered = [column for column in contract.column_names if column in joined.column_names]
    return coded(joined.select(ordered))


def _answer_key(
    name: str, release: Release, root: StorePath, filters: _Filters, columns: tuple[str, ...] | None
) -> tuple[object, ...]:
    return (*_key(name, release, root), tuple(sorted(filters.items())), columns)


@cached(
    LRUCache(ANSWER_BYTES, getsizeof=lambda t: int(t.nbytes)),
    key=_answer_key,
    condition=Condition(),
)
def _matching(
    name: str, release: Release, root: StorePath, filters: _Filters, columns: tuple[str, ...] | None
) -> pa.Table:
    return matching(_table(name, release, root), filters, columns)


def _is_in(column: pa.ChunkedArray, wanted: Sequence[Any]) -> pa.ChunkedArray:
    """Say which rows hold a wanted value; a missing value is never wanted."""
    if not pa.types.is_dictionary(column.type):
        return pc.is_in(column, value_set=pa.array(wanted).cast(column.type))
    return pa.chunked_array([_has_code(chunk, wanted) for chunk in column.chunks], pa.bool_())


def _has_code(chunk: pa.DictionaryArray, wanted: Sequence[Any]) -> pa.BooleanArray:
    # Each text is looked up once, not in every row; and one code is compared ten times as fast.
    known = pc.is_in(chunk.dictionary, value_set=pa.array(wanted, chunk.dictionary.type))
    codes = pc.indices_nonzero(known).cast(chunk.indices.type)
    if len(codes) == 1:
        return pc.equal(chunk.indices, codes[0])
    return pc.is_in(chunk.indices, value_set=codes)


def plain(stored: pa.Table) -> pa.Table:
    """Return the rows with text as text."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in stored.columns
    ]
    return pa.table(columns, names=stored.column_names)
