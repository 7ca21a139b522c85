"""Count files as bytes, and what becomes of them at the gate."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.check import check_counts
from sources.counts_file import CountsFile
from talentcast.domain.checks import CheckReport, CheckResult
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.types import CountingRule, Vintage

YEARS = range(2010, 2020)
VINTAGE = Vintage(date(2020, 6, 30))
COUNTRIES = ("FRA", "USA")


def rows_of(countries: Sequence[str] = COUNTRIES, years: Sequence[int] = YEARS) -> list[str]:
    """Sound rows, countries one after the other: FRA 2010 is row 2, FRA 2019 is row 11."""
    return [
        f"{country},{year},{100 * (number + 1) + year - 2000}"
        for number, country in enumerate(countries)
        for year in years
    ]


def csv_bytes(rows: Sequence[str], header: str = "country,year,researchers") -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def parse(
    content: bytes,
    name: str = "counts.csv",
    *,
    vintage: Vintage = VINTAGE,
    counting_rule: CountingRule = CountingRule.MODAL_COUNTRY,
) -> ParsedCounts:
    source = CountsFile(Path(name), counting_rule=counting_rule)
    return source.parse([RawFile(name, content, "file", name, "own", vintage)])


def check(content: bytes, *, previous: pd.DataFrame | None = None) -> CheckReport:
    return check_counts(parse(content).counts, previous=previous)


def result(report: CheckReport, code: str) -> CheckResult:
    (found,) = [one for one in report.results if one.check == code]
    return found


def codes(results: Sequence[CheckResult]) -> list[str]:
    return [one.check for one in results]


def rejection(content: bytes, name: str = "counts.csv") -> InputRejectedError:
    with pytest.raises(InputRejectedError) as caught:
        parse(content, name)
    assert "\n" not in str(caught.value)
    return caught.value


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue()
