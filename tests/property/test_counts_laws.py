"""Laws of reading counts: what was written is what is read, whatever the format."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from sources.counts_file import CountsFile
from talentcast.domain.countries import TIME_BOUND, known_codes
from talentcast.domain.errors import TalentcastError
from talentcast.domain.provenance import RawFile
from talentcast.domain.types import Vintage

CODES = sorted(known_codes() - set(TIME_BOUND))

rows = st.lists(
    st.tuples(
        st.integers(1950, 2024),
        st.sampled_from(CODES),
        st.one_of(
            st.integers(0, 2**53).map(float),
            st.floats(0, 1e9, allow_nan=False, allow_subnormal=False),
        ),
    ),
    min_size=1,
    max_size=30,
)


def parse(content: bytes, name: str) -> pd.DataFrame:
    raw = RawFile(name, content, "file", "", "", Vintage(date(2024, 12, 31)))
    return CountsFile(Path(name)).parse([raw]).counts


def as_parquet(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue()


@given(rows)
def test_csv_and_parquet_give_back_what_was_written(written: list[tuple[int, str, float]]) -> None:
    frame = pd.DataFrame(written, columns=["year", "country", "researchers"])
    for counts in (
        parse(frame.to_csv(index=False).encode(), "x.csv"),
        parse(as_parquet(frame), "x.parquet"),
    ):
        read = counts[["year", "country", "researchers"]].itertuples(index=False, name=None)
        assert list(read) == written


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_reason(content: bytes) -> None:
    try:
        parse(content, "x.csv")
    except TalentcastError as error:
        assert str(error)


@given(st.text(max_size=12))
def test_any_cell_is_a_number_or_refused(cell: str) -> None:
    escaped = cell.replace('"', '""')
    try:
        counts = parse(f'year,country,researchers\n2019,FRA,"{escaped}"\n'.encode(), "x.csv")
    except (TalentcastError, UnicodeEncodeError):
        return
    assert counts["researchers"].notna().all()
