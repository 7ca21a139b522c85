"""Bytes of a CSV, Excel or Parquet file to rows of text, by rules and not by guesses.

A type-guessing reader turns Namibia's `NA` into a missing value, a surplus field into an index and
`9007199254740993` into `9007199254740992` without a word. Here every cell stays text until
`sources.cells` parses it by the rules of its column.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import pyarrow as pa

from sources.excel import is_workbook, read_sheet
from sources.headers import checked_header, require_few_csv_columns
from sources.parquet import read_parquet, too_large
from sources.plain_files import not_utf8
from talentcast.domain.errors import InputRejectedError

#: Rows times columns: twenty thousand years of every country would fit.
MAX_CELLS: Final = 5_000_000
_PARQUET_MAGIC: Final = b"PAR1"
_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
_QUOTED: Final = re.compile(rb'"[^"]*"')
#: A header that is longer names thousands of columns, and is refused for that.
_HEADER_BYTES: Final = 100_000


@dataclass(frozen=True, slots=True)
class TextTable:
    """A file as text.

    Attributes:
        name: Name of the file, for messages.
        columns: Cells by column name, in file order; every column has one cell per row.
        rows: Where each row stands in the file: line of a CSV (the header is line 1), row of a
            sheet, position in a Parquet file (the first row is 1).
        form: What differs from a plain CSV file, in words.
        numeric: Columns that hold numbers as such, which nobody can have written in another style.
    """

    name: str
    columns: dict[str, tuple[str, ...]]
    rows: tuple[int, ...]
    form: tuple[str, ...] = ()
    numeric: frozenset[str] = frozenset()


def read_table(content: bytes, name: str, *, sheet: str | None = None) -> TextTable:
    """Read CSV (UTF-8; commas, semicolons or tabs), Excel or Parquet bytes, whichever they are.

    Args:
        content: Bytes of the file.
        name: Name of the file, for messages.
        sheet: Sheet of an Excel workbook; None for the first.

    Raises:
        InputRejectedError: `EMPTY`, `ENCODING`, `RAGGED`, `DUP_HEADER`, `CORRUPT`,
            `TOO_LARGE` or `TOO_MANY_COLUMNS`; for a workbook as `read_sheet`.
    """
    if not content.strip():
        raise InputRejectedError("EMPTY", f"{name} holds nothing. Check how it was written.")
    if content.startswith(_PARQUET_MAGIC) or name.endswith(".parquet"):
        return _read_parquet(content, name)
    if is_workbook(content):
        return _read_excel(content, name, sheet)
    return _read_csv(content, name)


def _read_csv(content: bytes, name: str) -> TextTable:
    separator = _separator(content)
    require_few_csv_columns(content, name, separator)
    # Decoded piece by piece: as one text, a large file would take four times its size.
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True, delimiter=separator)
    header: list[str] = []
    records: list[list[str]] = []
    rows: list[int] = []
    try:
        for record in reader:
            if not record:  # a blank line
                continue
            if not header:
                header = checked_header(record, name)
            elif len(record) != len(header):
                raise InputRejectedError(
                    "RAGGED",
                    f"{name}, row {reader.line_num}: {len(record)} fields where the header has "
                    f"{len(header)}. Quote cells that hold {_SEPARATORS[separator]}, and close "
                    "every quote.",
                )
            elif len(records) * len(header) > MAX_CELLS:
                raise too_large(name, f"more than {MAX_CELLS} cells", MAX_CELLS)
            else:
                records.append(record)
                rows.append(reader.line_num)
    except UnicodeDecodeError:
        raise not_utf8(name, content, _first_wrong_byte(content)) from None
    except csv.Error as error:
        raise InputRejectedError(
            "RAGGED",
            f"{name}, row {reader.line_num}: {error}. An open quote or a cut file looks like this.",
        ) from None
    _require_rows(records, name)
    cells = zip(*records, strict=True)
    form = () if separator == "," else (_SEPARATORS[separator],)
    return TextTable(name, dict(zip(header, cells, strict=True)), tuple(rows), form)


def _separator(content: bytes) -> str:
    """Return the character that cuts the header into the most names."""
    header = content[:_HEADER_BYTES].lstrip(b"\xef\xbb\xbf\r\n").partition(b"\n")[0]
    unquoted = _QUOTED.sub(b"", header)
    return max(_SEPARATORS, key=lambda character: unquoted.count(character.encode()))


def _read_excel(content: bytes, name: str, sheet: str | None) -> TextTable:
    found = read_sheet(content, name, sheet)
    header = checked_header(found.rows[0], name)
    _require_rows(found.rows[1:], name)
    cells = zip(*found.rows[1:], strict=True)
    return TextTable(
        name,
        dict(zip(header, cells, strict=True)),
        found.numbers[1:],
        form=(f"sheet {found.name}",),
        numeric=frozenset(header[position] for position in found.numeric),
    )


def _read_parquet(content: bytes, name: str) -> TextTable:
    table = read_parquet(content, name, max_cells=MAX_CELLS)
    header = checked_header(table.column_names, name)
    _require_rows(range(table.num_rows), name)
    cells = {
        column: _texts(values, name, column)
        for column, values in zip(header, table.columns, strict=True)
    }
    return TextTable(
        name,
        cells,
        tuple(range(1, table.num_rows + 1)),
        numeric=frozenset(
            field.name.strip()
            for field in table.schema
            if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type))
        ),
    )


def _texts(values: pa.ChunkedArray, name: str, column: str) -> tuple[str, ...]:
    try:
        return tuple(map(_as_text, values.to_pylist()))
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise InputRejectedError(
            "PARSE", f"{name}: column {column!r} holds what no text can show ({error})."
        ) from None


def _first_wrong_byte(content: bytes) -> int:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    raise AssertionError("called for bytes that are not UTF-8")


def _require_rows(records: Sequence[object], name: str) -> None:
    if not records:
        raise InputRejectedError("EMPTY", f"{name} has no rows below its header.")


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
