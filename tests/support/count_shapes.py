"""The same counts in the nine shapes in which people have them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from openpyxl import Workbook

YEARS = range(2000, 2015)
#: Size in the first year and growth a year; names as in many a spreadsheet.
COUNTRIES = {"France": (1900.5, 110), "Italy": (700.0, 120), "Spain": (990.0, 50.5)}

Cell = str | int | float
Grid = Sequence[Sequence[Cell]]


def count(country: str, year: int) -> float:
    """Return the count of a country in a year."""
    size, growth = COUNTRIES[country]
    return size + growth * (year - YEARS[0])


def long_grid() -> list[list[Cell]]:
    """Return one row per country and year, with a header."""
    rows = [[country, year, count(country, year)] for country in COUNTRIES for year in YEARS]
    return [["country", "year", "researchers"], *rows]


def wide_grid(heading: str = "country") -> list[list[Cell]]:
    """Return one row per country and a column per year."""
    rows = [[country, *(count(country, year) for year in YEARS)] for country in COUNTRIES]
    return [[heading, *YEARS], *rows]


def text(grid: Grid, separator: str = ",", *, decimal: str = ".", thousands: str = "") -> bytes:
    """Return a text file; cells that hold the separator are quoted."""

    def cell(value: Cell) -> str:
        written = f"{value:,}" if isinstance(value, float) else str(value)
        swapped = written.translate(str.maketrans({",": thousands, ".": decimal}))
        return f'"{swapped}"' if separator in swapped else swapped

    lines = [separator.join(cell(value) for value in row) for row in grid]
    return "\n".join([*lines, ""]).encode()


def workbook(sheets: Mapping[str, Grid]) -> bytes:
    """Return an Excel workbook."""
    book = Workbook(write_only=True)
    for name, grid in sheets.items():
        sheet = book.create_sheet(name)
        for row in grid:
            sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """Return a workbook with one file of its archive exchanged."""
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for one in old.namelist():
            new.writestr(one, part if one == name else old.read(one))
    return changed.getvalue()


NOTES: Grid = [["What is counted:", "heads"]]
#: Name as a source, bytes, and what is said of how they were read.
SHAPES: Mapping[str, tuple[str, bytes, str]] = {
    "plain CSV": ("lab.csv", text(long_grid()), ""),
    "semicolons": ("lab.csv", text(long_grid(), ";"), "semicolons"),
    "tabs": ("lab.tsv", text(long_grid(), "\t"), "tabs"),
    "decimal comma": (
        "lab.csv",
        text(long_grid(), ";", decimal=",", thousands="."),
        "semicolons, decimal comma, thousands point",
    ),
    "thousands separators": ("lab.csv", text(long_grid(), thousands=","), "thousands comma"),
    "first sheet": (
        "lab.xlsx",
        workbook({"Counts": long_grid(), "Notes": NOTES}),
        "sheet Counts",
    ),
    "named sheet": (
        "lab.xlsx#Counts 2024",
        workbook({"Notes": NOTES, "Counts 2024": long_grid()}),
        "sheet Counts 2024",
    ),
    "wide CSV": ("lab.csv", text(wide_grid()), "wide"),
    "wide workbook": (
        "lab.xlsx",
        workbook({"Counts": [["Researchers by country"], [], *wide_grid("Country or area")]}),
        "sheet Counts, wide",
    ),
}
