"""The tables of a release as Parquet files that a program reads from an address."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.paths import StorePath
from talentcast.domain.tables import TABLES, Table
from talentcast.domain.types import OutputType
from talentcast.store.order import in_order
from talentcast.store.reader import read_rows
from talentcast.store.release import Release

#: Joint samples are ten times the rest: a file of their own, where it is wanted.
SAMPLES: Final = "forecast_samples"
#: Rows of a group, which a program can read apart from the others.
_ROWS: Final = 50_000
#: Binary digits of a forecast: five decimal ones. Chance in the joint samples moves the third.
_FORECAST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class DataTable:
    """One file.

    Attributes:
        path: In the folder of the release.
        contract: What its columns mean.
    """

    name: str
    path: str
    contract: Table
    columns: tuple[str, ...]
    rows: int
    size: int
    sha256: str


def write_tables(
    release: Release, root: StorePath, folder: Path, *, with_samples: bool
) -> list[DataTable]:
    """Write `data/<table>.parquet`, rows in the order of their key.

    Args:
        release: A published release.
        root: Root of its store.
        folder: Of the release in the site.
        with_samples: Write the joint samples too.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    made = []
    for contract in TABLES:
        if contract.name not in release.tables:
            continue
        rows = read_rows(contract.name, release, root)
        if contract.name != "forecasts":
            made.append(_write(contract, contract.name, rows, folder))
            continue
        is_sample = pc.equal(rows.column("output_type"), str(OutputType.SAMPLE))
        made.append(_write(contract, contract.name, rows.filter(pc.invert(is_sample)), folder))
        if with_samples:
            made.append(_write(contract, SAMPLES, rows.filter(is_sample), folder))
    return made


def _write(contract: Table, name: str, rows: pa.Table, folder: Path) -> DataTable:
    path = f"data/{name}.parquet"
    numbers = [c.name for c in contract.columns if c.type == "float" and c.name in _columns(rows)]
    # Notes that the store left on columns have no order, so that two copies would differ.
    rows = pa.table(rows.columns, names=_columns(rows))
    for column in numbers:  # seven digits are more than any forecast has, at a third of the size
        at = rows.schema.get_field_index(column)
        rows = rows.set_column(at, column, rows.column(column).cast(pa.float32()))
    if contract.name == "forecasts":
        at = rows.schema.get_field_index("value")
        rows = rows.set_column(at, "value", _five_digits(rows.column("value")))
    pq.write_table(
        in_order(rows, contract.key),
        folder / path,
        compression="zstd",
        compression_level=19,
        row_group_size=_ROWS,
        use_dictionary=[column for column in _columns(rows) if column not in numbers],
        store_schema=False,
        column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
    )
    content = (folder / path).read_bytes()
    return DataTable(
        name,
        path,
        contract,
        tuple(_columns(rows)),
        rows.num_rows,
        len(content),
        sha256(content).hexdigest(),
    )


def _five_digits(values: pa.ChunkedArray) -> pa.Array:
    part, power = np.frexp(values.to_numpy())
    rounded = np.ldexp(np.round(np.ldexp(part, _FORECAST_DIGITS)), power - _FORECAST_DIGITS)
    return pa.array(rounded, pa.float32())


def _columns(rows: pa.Table) -> list[str]:
    return list(rows.column_names)
