"""Rows in the order of their key, by numbers: text is compared once for each different value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_MOST: Final = 2**63


def in_order(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Return the rows sorted by columns, ascending, missing values last."""
    found = places(rows, keys)
    return rows if found is None else rows.combine_chunks().take(found)


def places(rows: pa.Table, keys: Sequence[str]) -> pa.Array | None:
    """Return the places of the rows in the order of columns; None if they lie in it already."""
    combined, n_before = np.zeros(rows.num_rows, dtype=np.int64), 1
    for name in keys:
        ranks, n_values = _ranks(rows[name])
        n_before *= n_values
        if n_before >= _MOST:
            return pc.sort_indices(rows, sort_keys=[(key, "ascending") for key in keys])
        combined = combined * n_values + ranks
    if not (np.diff(combined) < 0).any():
        return None
    return pa.array(np.argsort(combined, kind="stable"))


def _ranks(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], int]:
    """Return the rank of each value among the different ones, and how many ranks there are."""
    coded = column.combine_chunks().dictionary_encode()
    order = pc.array_sort_indices(coded.dictionary).to_numpy(zero_copy_only=False)
    last = len(order)  # of missing values
    rank = np.empty(last + 1, dtype=np.int64)
    rank[order] = np.arange(last)
    rank[last] = last
    codes = pc.fill_null(coded.indices, last).to_numpy(zero_copy_only=False)
    return rank[codes], last + 1
