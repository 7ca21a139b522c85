"""One bucket: rows of the scan become career records of some of the people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.layout import PERSON
from engine.profile import WEIGHT_TOLERANCE
from features.career_records import CareerRecords, IdSpan
from features.careers import person_years
from features.engine import EngineLimits, in_locked_duckdb
from sources.affiliations import empty_table, table_columns

_PERSON_YEAR: Final = ["researcher_id", "year"]
_KEY: Final = [*_PERSON_YEAR, "country"]


def spans_of(n_buckets: int) -> list[IdSpan]:
    """Return the span of pseudonyms of each bucket.

    Example:
        >>> [(span.first, span.end) for span in spans_of(2)]
        [('', '80000000'), ('80000000', '')]
    """
    starts = [f"{-(-(number << 32) // n_buckets):08x}" for number in range(1, n_buckets)]
    return [IdSpan(first, end) for first, end in zip(["", *starts], [*starts, ""], strict=True)]


def bucket_records(
    number: int, scanned: Mapping[str, Sequence[Path]], limits: EngineLimits
) -> tuple[CareerRecords, dict[str, int]]:
    """Return the records of a bucket, in the order of people, years and countries.

    Args:
        number: Of the bucket.
        scanned: Files of the scan by table; each has a row group a bucket.
        limits: Of the engine.

    Returns:
        The records, and for the profile: `duplicates`, `person_years`, `odd_weights`.
    """
    rows = {table: _rows(number, paths) for table, paths in scanned.items()}
    names = _names([table["person"] for table in rows.values()])
    tables, duplicates = {}, 0
    for table, found in rows.items():
        key = _PERSON_YEAR if table == "careers" else _KEY
        tables[table], twice = _unique(_numbered(found, names), key)
        duplicates += twice
    careers, weights = _careers(tables, limits)
    found = {
        "duplicates": duplicates,
        "person_years": len(careers),
        "odd_weights": _odd_weights(tables.get("affiliations")),
    }
    coauthors = tables.get("coauthor_countries", empty_table("coauthor_countries"))
    named = (_named(table, names) for table in (careers, coauthors, weights))
    return CareerRecords(*named), found  # type: ignore[arg-type]


def _rows(number: int, paths: Sequence[Path]) -> pa.Table:
    parts = []
    for path in paths:
        with pq.ParquetFile(path) as file:
            parts.append(file.read_row_group(number))
    return pa.concat_tables(parts, promote_options="default")


def _names(columns: Sequence[pa.ChunkedArray]) -> pa.Array:
    """Return everybody's pseudonym once, in order."""
    chunks = [chunk for column in columns for chunk in column.chunks]
    everybody = pc.unique(pa.chunked_array(chunks, PERSON))
    return everybody.take(pc.sort_indices(everybody.cast(pa.binary())))


def _numbered(rows: pa.Table, names: pa.Array) -> pd.DataFrame:
    """Return rows with the place of a person among the names in the place of the pseudonym."""
    numbers = pc.index_in(rows["person"], value_set=names)
    frame: pd.DataFrame = rows.drop_columns("person").to_pandas()
    years = frame["year"].astype("int64")
    return frame.assign(researcher_id=numbers.to_numpy(), year=years)


def _unique(rows: pd.DataFrame, key: list[str]) -> tuple[pd.DataFrame, int]:
    """Return rows sorted by everything, the first of each key; whatever order they came in."""
    others = sorted(set(rows.columns) - set(key))
    ordered = rows.sort_values([*key, *others], ignore_index=True)
    is_twice = ordered.duplicated(key)
    return ordered[~is_twice].reset_index(drop=True), int(is_twice.sum())


def _careers(
    tables: dict[str, pd.DataFrame], limits: EngineLimits
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row per person and year, and the weights behind them."""
    weights = tables.get("affiliation_weights", empty_table("affiliation_weights"))
    if "careers" in tables:
        given = tables["careers"]
        return given[[name for name in table_columns("careers") if name in given]], weights
    affiliations = tables["affiliations"]
    if weights.empty:
        weights = affiliations[list(table_columns("affiliation_weights"))]
    with in_locked_duckdb(affiliations, limits) as table:
        careers = person_years(table).to_pandas()
    return careers.sort_values(_PERSON_YEAR, ignore_index=True), weights


def _odd_weights(affiliations: pd.DataFrame | None) -> int:
    """Return in how many person-years the weights do not sum to one."""
    if affiliations is None:
        return 0
    sums = affiliations.groupby(_PERSON_YEAR)["weight"].sum()
    return int((np.abs(sums - 1) > WEIGHT_TOLERANCE).sum())


def _named(table: pd.DataFrame, names: pa.Array) -> pd.DataFrame:
    texts = pd.Index([name.hex() for name in names.to_pylist()], dtype="str")
    ids = texts.take(table["researcher_id"].to_numpy(dtype=np.int64))
    first = pd.Series(ids, index=table.index, dtype="str")
    rest = table.drop(columns="researcher_id")
    return pd.concat([first.rename("researcher_id"), rest], axis=1).astype({"country": "str"})
