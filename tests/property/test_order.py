"""Rows in order: as Arrow sorts them, whatever the columns hold."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talentcast.store import order
from talentcast.store.order import in_order, places

_ROW = st.tuples(
    st.sampled_from(["", "ä", "CHN", "USA", "Z", None]),
    st.one_of(st.none(), st.integers(-(2**40), 2**40)),
    st.sampled_from([-0.5, 0.0, 0.1, 1e300, None]),
)
_NAMES = ("country", "number", "level")
_TYPES = (pa.string(), pa.int64(), pa.float64())


def as_table(rows: list[tuple[object, ...]], chunks: int = 1) -> pa.Table:
    schema = pa.schema(list(zip(_NAMES, _TYPES, strict=True)))
    size = len(rows) // chunks + 1
    parts = [rows[start : start + size] for start in range(0, max(len(rows), 1), size)]
    return pa.concat_tables(
        pa.table({name: [row[at] for row in part] for at, name in enumerate(_NAMES)}, schema=schema)
        for part in parts
    )


@given(st.lists(_ROW, max_size=40), st.integers(1, 3), st.booleans())
def test_rows_lie_as_arrow_sorts_them(
    rows: list[tuple[object, ...]], chunks: int, few: bool
) -> None:
    table = as_table(rows, chunks)
    with pytest.MonkeyPatch.context() as patch:
        if few:  # more combinations of values than there are numbers
            patch.setattr(order, "_MOST", 2)
        found = in_order(table, _NAMES)
    assert found.equals(table.sort_by([(name, "ascending") for name in _NAMES]))


def test_rows_that_lie_in_order_are_not_copied() -> None:
    table = as_table([("CHN", 1, 0.1), ("USA", 0, 0.1), ("USA", 2, 0.1)])
    assert places(table, _NAMES) is None
    assert in_order(table, _NAMES) is table
