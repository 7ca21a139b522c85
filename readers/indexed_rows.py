"""Rows of a table in memory: text as codes, and the places of each text found once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


class IndexedRows:
    """Rows in one piece, text as codes, with the places of each text found once."""

    def __init__(self, rows_: pa.Table) -> None:
        self.rows = rows_
        self._start_of: dict[str, NDArray[np.intp]] = {}
        self._places: dict[str, NDArray[np.int32]] = {}
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Memory that is held at most."""
        # Each text column that is asked for keeps its places, 4 bytes a row.
        texts = sum(pa.types.is_dictionary(kind) for kind in self.rows.schema.types)
        return int(self.rows.nbytes + 4 * texts * self.rows.num_rows)

    def matching(
        self, asked: Mapping[str, Sequence[Any]], columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return the rows that every filter keeps.

        Args:
            asked: Wanted values by column.
            columns: Only these; all by default.
        """
        kept: NDArray[np.int32] | None = None
        for column, values in sorted(asked.items(), key=lambda item: self.many(*item)):
            if kept is None:
                kept = self.find(column, values)
            else:
                kept = kept[_matches(self.rows.column(column), values, kept)]
        chosen = self.rows if columns is None else self.rows.select(list(columns))
        return chosen if kept is None else chosen.take(pa.array(kept))

    def many(self, column: str, values: Sequence[Any]) -> int:
        """Return how many rows hold one of some texts; for numbers, how many rows there are."""
        codes = self._codes(column, values)
        if codes is None:
            return int(self.rows.num_rows)
        starts = self._starts(column)
        return int((starts[codes + 1] - starts[codes]).sum())

    def find(self, column: str, values: Sequence[Any]) -> NDArray[np.int32]:
        """Return the places of the rows that hold one of some values, in order."""
        codes = self._codes(column, values)
        if codes is None:
            places = np.arange(self.rows.num_rows, dtype=np.int32)
            return places[_matches(self.rows.column(column), values, places)]
        order, starts = self._order(column), self._starts(column)
        found = [order[starts[code] : starts[code + 1]] for code in codes]
        return np.sort(np.concatenate(found)) if found else np.array([], dtype=np.int32)

    def _codes(self, column: str, values: Sequence[Any]) -> NDArray[np.intp] | None:
        """Return the codes of some texts; None for a column of numbers."""
        array = _whole(self.rows.column(column))
        if not pa.types.is_dictionary(array.type):
            return None
        known = pc.is_in(array.dictionary, value_set=pa.array(values, array.dictionary.type))
        return np.flatnonzero(known.to_numpy(zero_copy_only=False))

    def _starts(self, column: str) -> NDArray[np.intp]:
        """Return where the rows of each code start once they are in the order of codes."""
        with self._lock:
            if column not in self._start_of:
                array = _whole(self.rows.column(column))
                counts = np.bincount(_code_of(array) + 1, minlength=len(array.dictionary) + 1)
                self._start_of[column] = np.cumsum(counts)
            return self._start_of[column]

    def _order(self, column: str) -> NDArray[np.int32]:
        """Return the places of rows in the order of their codes, missing values first."""
        with self._lock:
            if column not in self._places:
                array = _whole(self.rows.column(column))
                codes = _code_of(array)
                # Short codes are sorted by radix, ten times as fast.
                if len(array.dictionary) < np.iinfo(np.int16).max:
                    codes = codes.astype(np.int16)
                self._places[column] = np.argsort(codes, kind="stable").astype(np.int32)
            return self._places[column]


def coded(rows_: pa.Table) -> pa.Table:
    """Return the rows in one piece, every text column as codes."""
    columns = []
    for column in rows_.columns:
        whole = column.combine_chunks()
        if isinstance(whole, pa.ChunkedArray):
            whole = whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
        if pa.types.is_string(whole.type) or pa.types.is_large_string(whole.type):
            whole = whole.dictionary_encode()
        columns.append(whole)
    return pa.table(columns, names=rows_.column_names)


def plain(rows_: pa.Table) -> pa.Table:
    """Return the rows with text as text."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in rows_.columns
    ]
    return pa.table(columns, names=rows_.column_names)


def _matches(
    column: pa.ChunkedArray, wanted: Sequence[Any], places: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Say which of some rows hold a wanted value."""
    array = _whole(column)
    if not pa.types.is_dictionary(array.type):
        hits = pc.is_in(array.take(pa.array(places)), value_set=pa.array(wanted).cast(array.type))
        return np.asarray(hits.to_numpy(zero_copy_only=False), dtype=bool)
    known = pc.is_in(array.dictionary, value_set=pa.array(wanted, array.dictionary.type))
    by_code = np.append(known.to_numpy(zero_copy_only=False).astype(bool), False)
    return np.asarray(by_code[_code_of(array)[places]], dtype=bool)


def _code_of(array: pa.DictionaryArray) -> NDArray[np.int32]:
    """Return the code of each row; -1, and so the last entry of a lookup, where it is missing."""
    codes = array.indices if array.null_count == 0 else pc.fill_null(array.indices, -1)
    return np.asarray(codes.to_numpy(zero_copy_only=False))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)
