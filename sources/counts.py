"""A table of text to canonical `researcher_counts`; whatever is read otherwise is noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.series import SERIES_COLUMNS
from sources.cells import (
    parse_dates,
    parse_flags,
    parse_numbers,
    parse_years,
    require_pattern,
    require_printable,
)
from sources.columns import ColumnMap, match_columns
from sources.countries import country_code
from sources.parse_notes import info_note, warning_note
from sources.tabular import TextTable
from talentcast.domain.checks import CheckResult
from talentcast.domain.countries import TIME_BOUND
from talentcast.domain.errors import InputRejectedError, some_of
from talentcast.domain.provenance import ParsedCounts
from talentcast.domain.tables import NAME_PATTERN, RESEARCHER_COUNTS
from talentcast.domain.types import UNKNOWN_COUNTRY, CountingRule, Vintage

SOURCE_ROW: Final = "source_row"
COUNTS_COLUMNS: Final = (*RESEARCHER_COUNTS.column_names, SOURCE_ROW)


@dataclass(frozen=True, slots=True)
class CountsDefaults:
    """Values for what a file does not say."""

    population: str
    source: str
    vintage: Vintage
    counting_rule: CountingRule = CountingRule.UNSPECIFIED


def to_counts(
    table: TextTable, defaults: CountsDefaults, *, researchers_column: str | None = None
) -> ParsedCounts:
    """Read a table of text into the columns of `researcher_counts`, plus `source_row`.

    Codes that are not understood are kept as written, for the counts gate to name.

    Raises:
        InputRejectedError: If columns are missing or cells cannot be parsed.
        UsageError: If it is not clear which column counts researchers.
    """
    columns = match_columns(table.columns, researchers_column=researchers_column)
    notes = list(_column_notes(table, columns))
    raw = _parsed_columns(table, columns, defaults, notes)
    _require_net_moves(table, columns, raw)
    counted = _without_blank_counts(raw, table.name, notes)
    counted = _without_uncounted_years(counted, table.name, notes)
    counts = _with_codes(counted, table.name, notes)
    return ParsedCounts(counts[list(COUNTS_COLUMNS)].reset_index(drop=True), tuple(notes))


def merge_parsed(parts: Sequence[ParsedCounts]) -> ParsedCounts:
    """Stack what several files gave."""
    counts = pd.concat([part.counts for part in parts], ignore_index=True)
    return ParsedCounts(
        counts,
        notes=tuple(note for part in parts for note in part.notes),
        understood=tuple(line for part in parts for line in part.understood),
    )


def row_key(row: object, country: object, year: object) -> str:
    """Return the name of a row in messages.

    Example:
        >>> row_key(12, "FRA", 2019)
        'row 12: FRA 2019'
    """
    return f"row {row}: {country} {year}"


def row_keys(frame: pd.DataFrame) -> list[str]:
    """Name rows by source row, country and year."""
    triples = zip(frame[SOURCE_ROW], frame["country"], frame["year"], strict=True)
    return [row_key(*triple) for triple in triples]


def _column_notes(table: TextTable, columns: ColumnMap) -> list[CheckResult]:
    notes = []
    if columns.renamed:
        renamed = ", ".join(f"{name} -> {column}" for column, name in columns.renamed.items())
        notes.append(info_note(table.name, "COLUMN_MAPPING", renamed))
    if columns.extra:
        notes.append(
            warning_note(
                table.name,
                "EXTRA_COLUMNS",
                f"not used: {some_of([name or '(no name)' for name in columns.extra])}",
                message="Nothing to do unless one of them was meant; then rename it.",
            )
        )
    return notes


def _parsed_columns(
    table: TextTable, columns: ColumnMap, defaults: CountsDefaults, notes: list[CheckResult]
) -> pd.DataFrame:
    def cells(column: str) -> tuple[str, ...] | None:
        name = columns.found.get(column)
        return None if name is None else table.columns[name]

    years, with_point = parse_years(cells("year") or (), table.rows)
    if with_point:
        notes.append(warning_note(table.name, "YEAR_COERCED", f"{with_point} years like '2013.0'"))
    countries = cells("country") or ()
    require_printable(countries, table.rows, column="country")
    frame = pd.DataFrame(
        {
            SOURCE_ROW: np.array(table.rows, dtype=np.int64),
            "year": years,
            "country": pd.array([cell.strip() for cell in countries], dtype="str"),
        }
    )
    frame["researchers"] = parse_numbers(
        cells("researchers") or (), table.rows, column=columns.found["researchers"]
    )
    for column in ("arrivals", "departures"):
        found = cells(column)
        frame[column] = (
            np.nan
            if found is None
            else parse_numbers(found, table.rows, column=columns.found[column])
        )
    flags = cells("is_provisional")
    frame["is_provisional"] = (
        False if flags is None else parse_flags(flags, table.rows, column="is_provisional")
    )
    return _with_names(frame, table, columns, defaults, notes)


def _with_names(
    frame: pd.DataFrame,
    table: TextTable,
    columns: ColumnMap,
    defaults: CountsDefaults,
    notes: list[CheckResult],
) -> pd.DataFrame:
    stated = dict(columns.found)
    if "population" in stated and _all_numeric(table.columns[stated["population"]]):
        # World Bank files call the inhabitants of a country its population.
        del stated["population"]
        notes.append(
            warning_note(
                table.name,
                "POPULATION_IS_INHABITANTS",
                "'population' holds numbers, so inhabitants: not used",
            )
        )
    named = frame.copy()
    for column, default in (("population", defaults.population), ("source", defaults.source)):
        named[column] = _text_or(table, stated.get(column), default)
        require_pattern(list(named[column]), table.rows, NAME_PATTERN, column=column)
    rules = "|".join(CountingRule)
    named["counting_rule"] = _text_or(table, stated.get("counting_rule"), defaults.counting_rule)
    require_pattern(list(named["counting_rule"]), table.rows, rules, column="counting_rule")
    vintage = pd.Timestamp(defaults.vintage.as_of).as_unit("us")
    named["vintage"] = (
        parse_dates(table.columns[stated["vintage"]], table.rows, column="vintage")
        if "vintage" in stated
        else pd.DatetimeIndex([vintage] * len(frame)).as_unit("us")
    )
    return named


def _text_or(table: TextTable, name: str | None, default: str) -> pd.Series:
    cells = (default,) * len(table.rows) if name is None else table.columns[name]
    return pd.Series([str(cell).strip() or str(default) for cell in cells], dtype="str")


def _all_numeric(cells: Sequence[str]) -> bool:
    return all(not cell or cell.replace(".", "", 1).isdigit() for cell in cells)


def _require_net_moves(table: TextTable, columns: ColumnMap, frame: pd.DataFrame) -> None:
    if columns.net_moves is None or not {"arrivals", "departures"} <= set(columns.found):
        return
    stated = parse_numbers(table.columns[columns.net_moves], table.rows, column=columns.net_moves)
    wrong = frame[stated != (frame["arrivals"] - frame["departures"]).to_numpy()]
    wrong = wrong[~np.isnan(stated[wrong.index])]
    if len(wrong):
        raise InputRejectedError(
            "NET_MOVES",
            f"{table.name}: '{columns.net_moves}' is not arrivals minus departures in "
            f"{len(wrong)} rows: {', '.join(row_keys(wrong)[:5])}. Check which column is which.",
        )


def _without_blank_counts(frame: pd.DataFrame, name: str, notes: list[CheckResult]) -> pd.DataFrame:
    blank = frame["researchers"].isna()
    if blank.all():
        raise InputRejectedError("EMPTY", f"{name} has no number of researchers in any row.")
    if blank.any():
        notes.append(
            warning_note(
                name,
                "BLANK_COUNT",
                f"{int(blank.sum())} rows without a count: taken as not counted",
                examples=row_keys(frame[blank]),
                message="Write 0 if nobody was there.",
            )
        )
    return frame[~blank]


def _without_uncounted_years(
    frame: pd.DataFrame, name: str, notes: list[CheckResult]
) -> pd.DataFrame:
    """Leave out years in which people moved but nobody was counted anywhere."""
    by_year = frame.groupby([*SERIES_COLUMNS, "vintage", "year"])
    nobody = by_year["researchers"].transform("max").eq(0)
    moved = by_year["arrivals"].transform("sum").gt(0)
    uncounted = nobody & moved
    if uncounted.any():
        years = sorted(set(frame.loc[uncounted, "year"]))
        notes.append(
            warning_note(
                name,
                "NOT_COUNTED_YEAR",
                f"{int(uncounted.sum())} rows of {years}: moves are stated but every count is 0",
                examples=row_keys(frame[uncounted]),
                message="The source had not counted these years; they are left out.",
            )
        )
    return frame[~uncounted]


def _with_codes(frame: pd.DataFrame, name: str, notes: list[CheckResult]) -> pd.DataFrame:
    written = frame["country"]
    codes = {text: country_code(text) for text in written.unique()}
    coded = frame.assign(country=[codes[text] or text for text in written])
    too_early = _before_first_year(coded)
    if too_early.any():
        notes.append(
            warning_note(
                name,
                "COUNTRY_TOO_EARLY",
                f"{int(too_early.sum())} rows before the country existed: counted as UNK",
                examples=row_keys(coded[too_early]),
                message="The first years are in talentcast/domain/countries.py.",
            )
        )
    coded["country"] = coded["country"].mask(too_early, UNKNOWN_COUNTRY)
    renamed = {text: code for text, code in codes.items() if code and text and text != code}
    if renamed:
        pairs = ", ".join(f"{text} -> {code}" for text, code in sorted(renamed.items())[:20])
        notes.append(info_note(name, "COUNTRY_MAPPING", f"{len(renamed)} codes or names: {pairs}"))
    unplaced = (written.str.upper() != UNKNOWN_COUNTRY) & (coded["country"] == UNKNOWN_COUNTRY)
    return _with_unknown_summed(coded, unplaced, name, notes)


def _before_first_year(frame: pd.DataFrame) -> pd.Series:
    firsts = {code: bound.first_year for code, bound in TIME_BOUND.items() if bound.first_year}
    return frame["year"] < frame["country"].map(firsts).astype("float64")


def _with_unknown_summed(
    frame: pd.DataFrame, unplaced: pd.Series, name: str, notes: list[CheckResult]
) -> pd.DataFrame:
    """Sum rows without a usable code into one `UNK` row per year: they are parts, not repeats."""
    if not unplaced.any():
        return frame
    notes.append(
        warning_note(
            name,
            "COUNTRY_BLANK",
            f"{int(unplaced.sum())} rows without a usable country: summed into UNK, one row a year",
            examples=row_keys(frame[unplaced]),
        )
    )
    key = list(RESEARCHER_COUNTS.key)
    has_parts = unplaced.groupby([frame[column] for column in key]).transform("any")
    how = {
        "researchers": "sum",
        "is_provisional": "any",
        SOURCE_ROW: "first",
    }
    grouped = frame[has_parts].groupby(key, as_index=False, sort=False)
    summed = grouped.agg(how)
    for column in ("arrivals", "departures"):
        summed[column] = grouped[column].sum(min_count=1)[column]
    together = pd.concat([frame[~has_parts], summed], ignore_index=True)
    return together.sort_values(SOURCE_ROW, kind="stable", ignore_index=True)
