"""Published tables held in memory: a release never changes, so it is read from disk once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from readers.indexed_rows import IndexedRows, coded, plain
from talentcast.domain.errors import UsageError
from talentcast.domain.tables import RELEASES, table
from talentcast.store import pointer, reader
from talentcast.store.release import Release

#: Bytes of tables held at once; the forecasts of one release take some 30 megabytes.
HELD_TABLES: Final = 400_000_000
#: Bytes of answers held at once.
HELD_ANSWERS: Final = 100_000_000

_Value = TypeVar("_Value")


class Held(Generic[_Value]):
    """The values used last, each made by one thread while others that want it wait.

    Args:
        most: How much is held, in what `weigh` returns; the newest value always is.
        weigh: Weight of a value; by default values are counted.
    """

    def __init__(self, most: int, weigh: Callable[[_Value], int] = lambda _: 1) -> None:
        self._most = most
        self._weigh = weigh
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()
        self._weights: dict[Hashable, int] = {}
        self._weight = 0
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], _Value]) -> _Value:
        """Return the value of a key, made now if it is not held."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            value = make()
            with self._lock:
                self._values[key] = value
                self._weight += self._weigh(value) - self._weights.get(key, 0)
                self._weights[key] = self._weigh(value)
                self._making.pop(key, None)
                while len(self._values) > 1 and self._weight > self._most:
                    oldest, _ = self._values.popitem(last=False)
                    self._weight -= self._weights.pop(oldest)
            return value


_tables: Final[Held[IndexedRows]] = Held(HELD_TABLES, lambda held: held.nbytes)
_answers: Final[Held[pa.Table]] = Held(HELD_ANSWERS, lambda answer: int(answer.nbytes))
_releases: Final[Held[list[Release]]] = Held(4)


def releases(root: Path) -> list[Release]:
    """Return every release, newest first; read again only when something was published."""
    log = root / RELEASES.name / "_delta_log"
    if not log.is_dir():  # nothing was published, or the store is no folder
        return pointer.list_releases(root)
    newest = max((entry.name for entry in log.glob("*.json")), default="")
    return _releases.get((root.resolve(), newest), lambda: pointer.list_releases(root))


def find(release: str, root: Path) -> Release:
    """Return a release by id, or the latest one; errors as `pointer.find_release`."""
    known = releases(root)
    if release == "latest":
        found = pointer.newest_current(known)
    else:
        found = next((r for r in known if str(r.release_id) == release), None)
    return pointer.find_release(release, root) if found is None else found


def rows(
    name: str,
    release: Release,
    root: Path,
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


def _answer(
    name: str,
    release: Release,
    root: Path,
    filters: Mapping[str, Any],
    columns: Sequence[str] | None,
) -> pa.Table:
    reader.condition(name, dict(filters))  # refuses unknown tables and columns
    entry = release.tables.get(name)
    if entry is None:
        raise UsageError(
            f"Release {release.release_id} holds no table '{name}'; it holds "
            f"{', '.join(sorted(release.tables))}."
        )
    key = (root.resolve(), str(release.release_id), name, entry.row_hash)
    asked = {column: tuple(_values(wanted)) for column, wanted in filters.items()}
    # What was asked once is asked again, by every view of a dashboard: keep the answers too.
    return _answers.get(
        (*key, tuple(sorted(asked.items())), columns and tuple(columns)),
        lambda: _tables.get(key, lambda: IndexedRows(_load(name, release, root))).matching(
            asked, columns
        ),
    )


def distinct(
    name: str, release: Release, root: Path, *, filters: Mapping[str, Any], columns: Sequence[str]
) -> pd.DataFrame:
    """Return the different rows that some columns hold; arguments as for `rows`."""
    found = _answer(name, release, root, filters, columns)
    frame: pd.DataFrame = plain(found.group_by(list(columns)).aggregate([])).to_pandas()
    return frame


def _load(name: str, release: Release, root: Path) -> pa.Table:
    """Read a table from the files that the manifest names, text as codes."""
    contract = table(name)
    entry = release.tables[name]
    paths = [root / name / file.path for file in entry.files]
    if not paths or not all(path.is_file() for path in paths):
        return coded(reader.read_rows(name, release, root))  # says what is wrong, if it is
    texts = [
        column.name
        for column in contract.columns
        if column.type == "string" and column.name != "release_id"  # that one is in the path
    ]
    parts = [pq.ParquetFile(path, read_dictionary=texts).read() for path in paths]
    joined = pa.concat_tables(parts, promote_options="permissive")
    if "release_id" not in joined.column_names:
        joined = joined.append_column(
            "release_id", pa.array([str(release.release_id)]).dictionary_encode().take(
                pa.array(np.zeros(joined.num_rows, dtype=np.int32))
            ),
        )  # fmt: skip
    ordered = [column for column in contract.column_names if column in joined.column_names]
    return coded(joined.select(ordered))


def _values(wanted: object) -> list[Any]:
    is_one = isinstance(wanted, str) or not isinstance(wanted, Sequence)
    return [wanted] if is_one else list(wanted)  # type: ignore[call-overload]
