"""Parquet bytes to columns, without ever unpacking more than a table of that kind can hold.

Kilobytes of Parquet can stand for gigabytes: one value repeated a thousand million times takes one
run, and one long text in a dictionary can be every cell. Both are looked at before they unfold.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.headers import require_few_columns
from talentcast.domain.errors import InputRejectedError, some_of

#: Text of all cells of a table.
MAX_TEXT_BYTES: Final = 500_000_000


def parquet_schema(content: bytes, name: str) -> pa.Schema:
    """Return names and types of the columns.

    Raises:
        InputRejectedError: `CORRUPT` or `TOO_MANY_COLUMNS`.
    """
    return _opened(content, name).schema_arrow


def read_parquet(
    content: bytes, name: str, *, max_cells: int, columns: Collection[str] | None = None
) -> pa.Table:
    """Read columns of a Parquet file.

    Args:
        content: Bytes of the file.
        name: Name of the file, for messages.
        max_cells: Largest number of rows times columns.
        columns: Columns to read; None reads all.

    Raises:
        InputRejectedError: `CORRUPT`, `TOO_LARGE`, `TOO_MANY_COLUMNS`, or `PARSE` for a column of
            lists or records.
    """
    file = _opened(content, name)
    wanted = [c for c in file.schema_arrow if columns is None or c.name in columns]
    if nested := [column.name for column in wanted if pa.types.is_nested(column.type)]:
        raise InputRejectedError(
            "PARSE",
            f"{name}: columns {some_of(nested)} hold lists or records. Write one value per cell.",
        )
    cells = file.metadata.num_rows * len(wanted)
    if cells > max_cells or _unpacked_bytes(file) > MAX_TEXT_BYTES:
        raise too_large(name, f"{cells} cells", max_cells)
    texts = [c.name for c in wanted if pa.types.is_string(c.type) or pa.types.is_binary(c.type)]
    try:
        coded = pq.ParquetFile(io.BytesIO(content), read_dictionary=texts)
        table = coded.read(columns=[column.name for column in wanted])
        _require_short_text(table, name)
        return _as_plain_text(table)
    except (pa.ArrowException, OSError) as error:
        raise _corrupt(name, error) from None


def too_large(name: str, found: str, max_cells: int) -> InputRejectedError:
    """Return the refusal of a table that unfolds to more than it may."""
    return InputRejectedError(
        "TOO_LARGE",
        f"{name} unfolds to {found}; the limit is {max_cells} cells of {MAX_TEXT_BYTES} bytes in "
        "all. Is this the right file?",
    )


def _opened(content: bytes, name: str) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        require_few_columns(file.metadata.num_columns, name)
        file.schema_arrow.names  # noqa: B018 - decodes them
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _corrupt(name, error) from None
    return file


def _unpacked_bytes(file: pq.ParquetFile) -> int:
    groups = range(file.metadata.num_row_groups)
    return sum(file.metadata.row_group(number).total_byte_size for number in groups)


def _require_short_text(table: pa.Table, name: str) -> None:
    total = 0
    for column in table.columns:
        for chunk in column.chunks:
            if pa.types.is_dictionary(chunk.type):
                lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
                total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    if total > MAX_TEXT_BYTES:
        raise too_large(name, f"{total} bytes of text", table.num_rows * table.num_columns)


def _as_plain_text(table: pa.Table) -> pa.Table:
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _corrupt(name: str, error: Exception) -> InputRejectedError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return InputRejectedError(
        "CORRUPT", f"{name} cannot be read as Parquet: {reason} Fetch or write the file again."
    )
