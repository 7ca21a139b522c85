"""Wide tables to long ones: years, or countries, as columns become one row per country and year."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sources.columns import KNOWN_NAMES, NET_MOVES_NAMES, RESEARCHERS_NAMES
from sources.countries import country_code
from sources.parquet import too_large
from sources.tabular import MAX_CELLS, TextTable
from talentcast.domain.errors import InputRejectedError, some_of

#: A year as a heading, also as spreadsheets and the World Bank write it: 2010.0, 2010 [YR2010].
_YEAR: Final = re.compile(r"((?:1[89]|20|21)[0-9]{2})(?:\.0+| \[YR\1\])?")
_COUNTED: Final = "researchers"
#: Columns of a long table that may stand beside the counts of a wide one.
_BESIDE: Final = ("population", "counting_rule", "source", "vintage", "is_provisional")
_COUNTS: Final = frozenset(
    (*RESEARCHERS_NAMES, *NET_MOVES_NAMES, *KNOWN_NAMES["arrivals"], *KNOWN_NAMES["departures"])
)


def to_long(table: TextTable) -> TextTable:
    """Return a table with one row per country and year; a long one comes back as it is.

    A table is wide where its headings leave no doubt: two or more of them are years and none is
    called a year, or it has a column of years and every other heading is a country.

    Raises:
        InputRejectedError: `WIDE_TABLE` if it is wide but its countries cannot be told;
            `TOO_LARGE`.
    """
    years = [name for name in table.columns if _YEAR.fullmatch(name)]
    if len(years) > 1 and _known(table, "year") is None:
        return _with_rows_per_heading(
            table, years, heading="year", written=_year_text, other=_country_column(table, years)
        )
    if _known(table, "country") is None and _has_no_counts(table):
        return _from_country_headings(table)
    return table


def _from_country_headings(table: TextTable) -> TextTable:
    years = _year_column(table)
    headings = [name for name in table.columns if name != years and name.lower() not in _BESIDE]
    if years is None or len(headings) < 2 or not any(map(_is_country, headings)):
        return table
    if unknown := [name for name in headings if not _is_country(name)]:
        raise InputRejectedError(
            "WIDE_TABLE",
            f"{table.name} has countries as columns, but {some_of(unknown)} are not understood as "
            "countries. Use English names or ISO codes, and remove sums.",
        )
    return _with_rows_per_heading(table, headings, heading="country", written=str, other=years)


def _with_rows_per_heading(
    table: TextTable,
    headings: Sequence[str],
    *,
    heading: str,
    written: Callable[[str], str],
    other: str,
) -> TextTable:
    """Return one row per row and heading, rows first.

    Args:
        table: The wide table.
        headings: Columns that hold counts.
        heading: What a heading says: `year` or `country`.
        written: A heading as a cell.
        other: Column that says the other one.
    """
    if len(table.rows) * len(headings) > MAX_CELLS:
        raise too_large(table.name, f"{len(table.rows) * len(headings)} counts", MAX_CELLS)
    other_name = "country" if heading == "year" else "year"
    times = len(headings)
    repeated: Mapping[str, tuple[str, ...]] = {
        other_name if name == other else name: tuple(cell for cell in cells for _ in range(times))
        for name, cells in table.columns.items()
        if name not in headings
    }
    counts = zip(*(table.columns[name] for name in headings), strict=True)
    columns = {
        **repeated,
        heading: tuple(written(name) for name in headings) * len(table.rows),
        _COUNTED: tuple(cell for row in counts for cell in row),
    }
    numeric = {_COUNTED} if table.numeric.intersection(headings) else set()
    return replace(
        table,
        columns=columns,
        rows=tuple(row for row in table.rows for _ in range(times)),
        form=(*table.form, "wide"),
        numeric=frozenset(numeric),
    )


def _country_column(table: TextTable, years: Sequence[str]) -> str:
    """Return the column of countries: by its name, or as the only one whose cells are countries."""
    named = _known(table, "country")
    if named is not None:
        return named
    others = [name for name in table.columns if name not in years]
    found = [name for name in others if all(map(_is_country, filter(None, table.columns[name])))]
    if len(found) != 1:
        raise InputRejectedError(
            "WIDE_TABLE",
            f"{table.name} has years as columns, but none of {some_of(others)} is called 'country' "
            f"and {len(found)} hold countries alone. Call the one that is meant 'country'.",
        )
    return found[0]


def _year_column(table: TextTable) -> str | None:
    named = _known(table, "year")
    first = next(iter(table.columns))
    if named is None and all(_YEAR.fullmatch(cell.strip()) for cell in table.columns[first]):
        return first
    return named


def _known(table: TextTable, column: str) -> str | None:
    by_lower = {name.lower(): name for name in table.columns}
    return next((by_lower[name] for name in KNOWN_NAMES[column] if name in by_lower), None)


def _has_no_counts(table: TextTable) -> bool:
    return not any(name.lower() in _COUNTS for name in table.columns)


def _is_country(text: str) -> bool:
    """Return whether a text names a country; `id` and `no` are words before they are codes."""
    name = text.strip()
    if len(name) == 2 and not name.isupper():
        return False
    return bool(name) and country_code(name) is not None


def _year_text(heading: str) -> str:
    found = _YEAR.fullmatch(heading)
    return found[1] if found else heading
