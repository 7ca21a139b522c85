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
        self._places: dict[str, tuple[NDArray[np.int32], NDArray[np.intp]]] = {}
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Memory that is held."""
        return int(self.rows.nbytes) + sum(
            order.nbytes for order, _ in tuple(self._places.values())
        )

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
        _, starts = self._index(column)
        return int((starts[codes + 1] - starts[codes]).sum())

    def find(self, column: str, values: Sequence[Any]) -> NDArray[np.int32]:
        """Return the places of the rows that hold one of some values, in order."""
        codes = self._codes(column, values)
        if codes is None:
            places = np.arange(self.rows.num_rows, dtype=np.int32)
            return places[_matches(self.rows.column(column), values, places)]
        order, starts = self._index(column)
        found = [order[starts[code] : starts[code + 1]] for code in codes]
        return np.sort(np.concatenate(found)) if found else np.array([], dtype=np.int32)

    def _codes(self, column: str, values: Sequence[Any]) -> NDArray[np.intp] | None:
        array = _whole(self.rows.column(column))
        if not pa.types.is_dictionary(array.type):
            return None
        known = pc.is_in(array.dictionary, value_set=pa.array(values, array.dictionary.type))
        return np.flatnonzero(known.to_numpy(zero_copy_only=False))

    def _index(self, column: str) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Return places ordered by the code of a text, and where each code starts."""
        with self._lock:
            if column not in self._places:
                array = _whole(self.rows.column(column))
                # A missing value is code -1 and comes first.
                codes = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False)
                starts = np.cumsum(np.bincount(codes + 1, minlength=len(array.dictionary) + 1))
                is_short = len(array.dictionary) < np.iinfo(np.int16).max
                # Short codes are sorted by radix, ten times as fast.
                order = np.argsort(codes.astype(np.int16) if is_short else codes, kind="stable")
                self._places[column] = order.astype(np.int32), starts
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
    # The code of a missing value is -1: it matches nothing.
    by_code = np.append(known.to_numpy(zero_copy_only=False).astype(bool), False)
    codes = array.indices if array.null_count == 0 else pc.fill_null(array.indices, -1)
    return np.asarray(by_code[codes.to_numpy(zero_copy_only=False)[places]], dtype=bool)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)
