"""An Excel workbook: notes first, then one sheet a table."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from readers.export.release_tables import notes, release_tables, reliability_notes
from readers.export.text import inert
from storage.paths import StorePath
from talentcast.domain.tables import Table
from talentcast.store.release import Release

#: What a person reads in a spreadsheet; all 23 levels and the samples are in the other formats.
_LEVELS: Final = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
_SHEET_NAME: Final = 31  # longest name that Excel takes


def export_xlsx(release: Release, root: StorePath, folder: Path) -> list[Path]:
    """Write `talentcast-<release>.xlsx`; forecasts with seven quantile levels and no samples."""
    book = Workbook(write_only=True)
    _notes(book, release, root)
    for contract, frame in release_tables(release, root):
        _sheet(book, contract, _for_people(contract, frame))
    path = folder / f"talentcast-{release.release_id}.xlsx"
    book.save(path)
    return [path]


def _notes(book: Workbook, release: Release, root: StorePath) -> None:
    sheet = book.create_sheet("notes")
    sheet.column_dimensions["A"].width = 30
    sheet.column_dimensions["B"].width = 110
    for label, text in [*notes(release), *reliability_notes(release, root)]:
        sheet.append([_bold(sheet, label), inert(text)])
    sheet.append(
        ["forecasts", "Seven quantile levels and the mean; the other formats hold 23 and samples."]
    )
    for contract in sorted(release.tables):
        sheet.append([f"Rows of {contract}", release.tables[contract].rows])


def _sheet(book: Workbook, contract: Table, frame: pd.DataFrame) -> None:
    sheet = book.create_sheet(contract.name[:_SHEET_NAME])
    sheet.freeze_panes = "A2"
    sheet.append([_bold(sheet, str(name)) for name in frame.columns])
    for row in frame.itertuples(index=False):
        sheet.append([_value(value) for value in row])


def _for_people(contract: Table, frame: pd.DataFrame) -> pd.DataFrame:
    if contract.name != "forecasts":
        return frame
    is_level = frame["output_type_id"].round(3).isin(_LEVELS)
    kept = (frame["output_type"] == "mean") | ((frame["output_type"] == "quantile") & is_level)
    return frame[kept]


def _value(value: Any) -> object:
    """Return what a cell may hold: never a formula, never not-a-number."""
    if value is None or (not isinstance(value, str | date) and pd.isna(value)):
        return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)  # Excel knows no time zones; all times are UTC
    return inert(value)


def _bold(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font = Font(bold=True)
    return cell
