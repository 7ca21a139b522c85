"""Moves between pairs of countries, and what they say about counts of arrivals and departures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sources.cells import parse_numbers, parse_years, require_printable
from sources.countries import country_code
from sources.parse_notes import info_note, warning_note
from sources.tabular import TextTable
from talentcast.domain.checks import CheckResult
from talentcast.domain.errors import InputRejectedError, MissingColumnsError
from talentcast.domain.tables import COUNTRY_MOVES
from talentcast.domain.types import UNKNOWN_COUNTRY, Vintage

_COLUMNS: Final = list(COUNTRY_MOVES.column_names)
_KEY: Final = list(COUNTRY_MOVES.key)
#: Names in use, in order of preference: codes of three letters before codes of two.
_KNOWN_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "year": ("year",),
    "from_country": ("from_country", "iso3codefrom", "countrycodefrom", "iso2codefrom"),
    "to_country": ("to_country", "iso3codeto", "countrycodeto", "iso2codeto"),
    "researchers": ("researchers", "n_migrations", "number_of_migrations"),
}
#: Moves over all pairs may miss this part of the stated arrivals: partners without a code.
MAX_MISSING_MOVES: Final = 0.05
#: Countries with fewer arrivals and departures a year change sign by chance.
MIN_MOVES_FOR_SIGN: Final = 100


@dataclass(frozen=True, eq=False)
class ParsedMoves:
    """A `country_moves` table and the notes of its parser."""

    moves: pd.DataFrame
    notes: tuple[CheckResult, ...] = ()


def to_moves(table: TextTable, vintage: Vintage) -> ParsedMoves:
    """Read a table of text into `country_moves`.

    Both directions of a pair are rows of their own, so the sum over all rows counts a move once.
    Moves between unknown countries are parts of one sum, not repeats.

    Raises:
        MissingColumnsError: If a column is absent under every known name.
        InputRejectedError: `PARSE`, `NOT_INTEGER`, `NEG_COUNT`, `EMPTY`, `UNKNOWN_CODE`,
            `YEAR_FUTURE`, `SELF_MOVE` or `DUP_KEY`, naming rows.
    """
    cells = _columns(table)
    years, with_point = parse_years(cells["year"], table.rows)
    frame = pd.DataFrame(
        {
            "vintage": pd.DatetimeIndex([pd.Timestamp(vintage.as_of)] * len(years)).as_unit("us"),
            "year": years,
            "from_country": _codes(cells["from_country"], table.rows),
            "to_country": _codes(cells["to_country"], table.rows),
            "researchers": parse_numbers(cells["researchers"], table.rows, column="researchers"),
        },
        index=pd.Index(table.rows),
    )
    _require_sound(frame, vintage)
    notes = [info_note(table.name, "MOVES", f"{len(frame)} pairs of countries and years")]
    if with_point:
        notes.append(warning_note(table.name, "YEAR_COERCED", f"{with_point} years like '2013.0'"))
    summed = frame.groupby(_KEY, sort=False)["researchers"].sum().reset_index()
    return ParsedMoves(summed[_COLUMNS], tuple(notes))


def arrivals_and_departures(moves: pd.DataFrame) -> pd.DataFrame:
    """Return arrivals and departures by vintage, country and year.

    Over all countries of a year the two are equal: who leaves one country arrives in another.
    """
    by_end = {
        name: moves.groupby(["vintage", end, "year"])["researchers"]
        .sum()
        .rename_axis(["vintage", "country", "year"])
        for name, end in (("arrivals", "to_country"), ("departures", "from_country"))
    }
    return pd.DataFrame(by_end).fillna(0.0).reset_index()


def agreement_notes(
    moves: pd.DataFrame, counts: pd.DataFrame, file_name: str
) -> tuple[CheckResult, ...]:
    """Compare moves with the arrivals and departures stated in counts of the same vintage.

    Args:
        moves: `country_moves`.
        counts: `researcher_counts`, in any vintages.
        file_name: For the notes.
    """
    derived = arrivals_and_departures(moves)
    both = derived.merge(
        counts[["vintage", "country", "year", "arrivals", "departures"]],
        on=["vintage", "country", "year"],
        suffixes=("", "_stated"),
    ).dropna()
    if both.empty:
        return (info_note(file_name, "MOVES_AGREE", "no counts of this vintage to compare with"),)
    return (_missing_moves(both, file_name), _opposite_signs(both, file_name))


def _missing_moves(both: pd.DataFrame, file_name: str) -> CheckResult:
    totals = both.groupby("year")[["arrivals", "arrivals_stated"]].sum()
    missing = 1 - totals["arrivals"] / totals["arrivals_stated"]
    observed = f"moves make up {1 - missing.max():.1%} to {1 - missing.min():.1%} of the arrivals"
    off = missing[missing.abs() > MAX_MISSING_MOVES]
    if off.empty:
        return info_note(file_name, "MOVES_AGREE", observed)
    return warning_note(
        file_name,
        "MOVES_AGREE",
        observed,
        examples=[f"year {year}" for year in off.index],
        message="Counts and moves are of different people or vintages; trust neither blindly.",
    )


def _opposite_signs(both: pd.DataFrame, file_name: str) -> CheckResult:
    net = both["arrivals"] - both["departures"]
    stated = both["arrivals_stated"] - both["departures_stated"]
    is_large = both[["arrivals", "departures"]].max(axis=1) >= MIN_MOVES_FOR_SIGN
    opposite = both[is_large & (np.sign(net) * np.sign(stated) < 0)]
    observed = f"{len(opposite)} of {int(is_large.sum())} net flows have the other sign"
    if opposite.empty:
        return info_note(file_name, "NET_SIGN", observed)
    return warning_note(
        file_name,
        "NET_SIGN",
        observed,
        examples=[f"{row.country} {row.year}" for row in opposite.itertuples()],
        message="Whether these countries gain or lose depends on the table one reads.",
    )


def _columns(table: TextTable) -> dict[str, tuple[str, ...]]:
    by_lower = {name.lower(): name for name in table.columns}
    found = {
        column: by_lower[present[0]]
        for column, names in _KNOWN_NAMES.items()
        if (present := [name for name in names if name in by_lower])
    }
    if missing := set(_KNOWN_NAMES) - set(found):
        raise MissingColumnsError(COUNTRY_MOVES.name, missing, table.columns)
    return {column: table.columns[name] for column, name in found.items()}


def _codes(cells: Sequence[str], rows: Sequence[int]) -> pd.Series:
    require_printable(cells, rows, column="country")
    known = {text: country_code(text) for text in set(cells)}
    bad = [
        f"row {row}: {text!r}" for row, text in zip(rows, cells, strict=True) if known[text] is None
    ]
    if bad:
        raise InputRejectedError(
            "UNKNOWN_CODE",
            f"{', '.join(bad[:5])}: no known country. Use ISO 3166-1 codes or leave it blank.",
        )
    return pd.Series([known[text] for text in cells], index=pd.Index(rows), dtype="str")


def _require_sound(moves: pd.DataFrame, vintage: Vintage) -> None:
    counted = moves["researchers"]
    is_unknown = (moves["from_country"] == UNKNOWN_COUNTRY) | (
        moves["to_country"] == UNKNOWN_COUNTRY
    )
    for code, is_bad, rule in (
        ("EMPTY", counted.isna(), "a pair without moves is left out or 0"),
        ("NEG_COUNT", counted < 0, "moves cannot be negative"),
        ("NOT_INTEGER", counted.mod(1).gt(0), "a move is of a whole person"),
        ("YEAR_FUTURE", moves["year"] > vintage.as_of.year, f"after the vintage {vintage.as_of}"),
        (
            "SELF_MOVE",
            (moves["from_country"] == moves["to_country"]) & ~is_unknown,
            "nobody moves from a country to itself",
        ),
        ("DUP_KEY", moves.duplicated(_KEY) & ~is_unknown, "the pair stands twice in this year"),
    ):
        if is_bad.any():
            bad = moves[is_bad].head(5)
            names = ", ".join(
                f"row {row}: {pair.from_country} to {pair.to_country} {pair.year}"
                for row, pair in zip(bad.index, bad.itertuples(), strict=True)
            )
            raise InputRejectedError(code, f"{int(is_bad.sum())} rows ({names}): {rule}.")
