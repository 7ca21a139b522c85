"""Rows in memory answer every question as the plain table does."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from readers.cache import coded, matching, plain

COUNTRIES = st.one_of(st.none(), st.sampled_from(["CHN", "IND", "NAM", "USA"]))


@given(
    rows=st.lists(st.tuples(COUNTRIES, st.integers(2020, 2023)), max_size=30),
    countries=st.lists(st.sampled_from(["CHN", "USA", "ATA"]), max_size=3, unique=True),
    years=st.lists(st.integers(2019, 2023), min_size=1, max_size=2),
)
def test_filters_keep_the_same_rows_in_the_same_order(
    rows: list[tuple[str | None, int]], countries: list[str], years: list[int]
) -> None:
    table = pa.table(
        {
            "country": pa.array([country for country, _ in rows], pa.string()),
            "year": pa.array([year for _, year in rows], pa.int64()),
            "place": pa.array(range(len(rows)), pa.int64()),
        }
    )
    stored = coded(table)
    found = plain(matching(stored, {"year": tuple(years), "country": tuple(countries)}))
    assert found.to_pylist() == [
        row for row in table.to_pylist() if row["country"] in countries and row["year"] in years
    ]
    assert plain(matching(stored, {})).equals(table)
