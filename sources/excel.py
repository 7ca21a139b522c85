"""Excel workbooks to rows of text: values and never formulas, and no more than a table may hold.

A workbook is a ZIP archive of XML. Its archive says how large it is unpacked and is held to that;
rows are read one after the other and counted, whatever the sheet says of its own size.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from talentcast.domain.errors import InputRejectedError, TalentcastError, UsageError, some_of

#: Every file of a workbook together, unpacked.
MAX_UNPACKED_BYTES: Final = 64_000_000
#: Cells of a sheet, empty ones to the left of a filled one included.
MAX_SHEET_CELLS: Final = 2_000_000
SUFFIXES: Final = (".xlsx", ".xlsm")
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The filled part of a sheet.

    Attributes:
        name: Of the sheet.
        rows: Cells as text; all rows have the same length, and none is empty.
        numbers: Number of each row in the sheet; the first is 1.
        numeric: Positions of columns that hold a number.
    """

    name: str
    rows: list[tuple[str, ...]]
    numbers: tuple[int, ...]
    numeric: frozenset[int]


def is_workbook(content: bytes) -> bool:
    """Return whether bytes look like a workbook, readable or not."""
    return content.startswith((_ZIP, _OLE))


def require_own_suffix(content: bytes, name: str) -> None:
    """Refuse a workbook under the name of a text file, and the other way round.

    Raises:
        InputRejectedError: `FORMAT`.
    """
    is_named = name.lower().endswith(SUFFIXES)
    if is_workbook(content) and not is_named:
        raise InputRejectedError(
            "FORMAT",
            f"{name} is no text but an Excel workbook, or an archive. Name a workbook .xlsx, and "
            "unpack an archive.",
        )
    if is_named and content.strip() and not is_workbook(content):
        raise InputRejectedError(
            "FORMAT",
            f"{name} is no Excel workbook. If it is text, name it .csv; otherwise save it again.",
        )


def read_sheet(content: bytes, name: str, sheet: str | None = None) -> Sheet:
    """Read one sheet of a workbook.

    Args:
        content: Bytes of the file.
        name: Name of the file, for messages.
        sheet: Name of the sheet; None for the first.

    Raises:
        UsageError: If there is no such sheet.
        InputRejectedError: `ENCRYPTED`, `FORMAT`, `CORRUPT`, `TOO_LARGE`, `FORMULA` or `EMPTY`.
    """
    _require_readable(content, name)
    try:
        found, cells, has_formula = _cells(content, name, sheet, values=False)
        if has_formula:
            # Read again for the values that Excel stored beside its formulas.
            _require_values(cells, values := _cells(content, name, sheet, values=True)[1], name)
            cells = values
    except TalentcastError:
        raise
    except Exception as error:
        # The library lets through whatever a broken part of an archive makes it raise.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputRejectedError(
            "CORRUPT", f"{name} cannot be read as an Excel workbook: {reason}. Save it again."
        ) from None
    return _filled_part(found, cells, name)


def _require_readable(content: bytes, name: str) -> None:
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise InputRejectedError(
                "ENCRYPTED", f"{name} is locked with a password. Save a copy without one."
            )
        raise InputRejectedError(
            "FORMAT", f"{name} has the format of Excel before 2007. Save it as .xlsx."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            is_excel = "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputRejectedError(
            "CORRUPT", f"{name} cannot be read as an Excel workbook: {error}. Save it again."
        ) from None
    if unpacked > MAX_UNPACKED_BYTES:
        raise InputRejectedError(
            "TOO_LARGE",
            f"{name} unfolds to {unpacked} bytes; the limit is {MAX_UNPACKED_BYTES}. Keep the "
            "sheet with the counts, or save it as CSV.",
        )
    if not is_excel:
        raise InputRejectedError(
            "FORMAT", f"{name} is an archive, but no Excel workbook. Save the table as .xlsx."
        )


def _cells(
    content: bytes, name: str, sheet: str | None, *, values: bool
) -> tuple[str, list[list[Any]], bool]:
    """Return the name of the sheet, its cells by row from row 1, and whether one is a formula."""
    from openpyxl import load_workbook  # a run without a workbook spares it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and validations that no count depends on
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=values)
        worksheet = _chosen(book, name, sheet)
        # What a sheet says of its size may be a million empty rows, or wrong.
        worksheet.reset_dimensions()
        rows: list[list[Any]] = []
        total, has_formula = 0, False
        for row in worksheet.iter_rows():
            total += len(row)
            if total > MAX_SHEET_CELLS or len(rows) > MAX_SHEET_CELLS:
                raise InputRejectedError(
                    "TOO_LARGE",
                    f"{name}, sheet {worksheet.title}: more than {MAX_SHEET_CELLS} cells. Delete "
                    "what is no count, or save it as CSV.",
                )
            has_formula = has_formula or any(cell.data_type == "f" for cell in row)
            rows.append([cell.value for cell in row])
    return worksheet.title, rows, has_formula


def _chosen(book: Any, name: str, sheet: str | None) -> Any:
    sheets = {worksheet.title: worksheet for worksheet in book.worksheets}
    if not sheets:
        raise InputRejectedError("EMPTY", f"{name} holds no sheet with cells.")
    if sheet is None:
        return next(iter(sheets.values()))
    if sheet not in sheets:
        raise UsageError(f"{name} has no sheet '{sheet}'; it has {some_of(list(sheets))}.")
    return sheets[sheet]


def _require_values(formulas: list[list[Any]], values: list[list[Any]], name: str) -> None:
    for number, (asked, found) in enumerate(zip(formulas, values, strict=True), 1):
        for formula, value in zip(asked, found, strict=True):
            if value is None and formula is not None:
                raise InputRejectedError(
                    "FORMULA",
                    f"{name}, row {number}: a formula without a stored value. Open it in a "
                    "spreadsheet program and save it, or paste the values.",
                )


def _filled_part(sheet: str, cells: list[list[Any]], name: str) -> Sheet:
    """Leave out empty rows and columns, and lines above the table that hold one cell alone."""
    filled = [
        (number, row)
        for number, row in enumerate(cells, 1)
        if any(value not in (None, "") for value in row)
    ]
    while filled and sum(value not in (None, "") for value in filled[0][1]) < 2:
        filled.pop(0)
    if not filled:
        raise InputRejectedError("EMPTY", f"{name}, sheet {sheet} holds no table.")
    width = max(len(row) for _, row in filled)
    padded = [[*row, *[None] * (width - len(row))] for _, row in filled]
    kept = [at for at, column in enumerate(zip(*padded, strict=True)) if _is_filled(column)]
    rows = [tuple(_as_text(row[at]) for at in kept) for row in padded]
    numeric = frozenset(
        position
        for position, at in enumerate(kept)
        if any(isinstance(row[at], int | float) for row in padded[1:])
    )
    return Sheet(sheet, rows, tuple(number for number, _ in filled), numeric)


def _is_filled(column: Sequence[Any]) -> bool:
    return any(value not in (None, "") for value in column)


def _as_text(value: object) -> str:
    """Write a value as a text file would: Excel stores every number as a double."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def sheet_of(path: str) -> tuple[str, str | None]:
    """Split `lab.xlsx#Counts` into the path and the name of the sheet.

    Example:
        >>> sheet_of("lab.xlsx#Counts"), sheet_of("a#b.csv")
        (('lab.xlsx', 'Counts'), ('a#b.csv', None))
    """
    file, _, sheet = path.partition("#")
    is_named = bool(sheet) and file.lower().endswith(SUFFIXES)
    return (file, sheet) if is_named else (path, None)
