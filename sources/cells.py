"""Cells of text to values, by the rules of their column; every refusal names its rows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talentcast.domain.errors import InputRejectedError

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_WHOLE_WITH_POINT: Final = re.compile(r"[+-]?[0-9]+\.0*")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_LARGEST_EXACT: Final = 2**53  # above it, a double no longer holds every whole number
_MAX_EXAMPLES: Final = 5


def parse_years(cells: Sequence[str], rows: Sequence[int]) -> tuple[NDArray[np.int64], int]:
    """Return whole years, and how many were written with a decimal point ("2013.0").

    Raises:
        InputRejectedError: `NOT_INTEGER` for 2019.5, `PARSE` for what is no number, `RANGE` for
            what is no year by any calendar.
    """
    texts = [cell.strip() for cell in cells]
    with_point = [bool(_WHOLE_WITH_POINT.fullmatch(text)) for text in texts]
    _refuse(
        "NOT_INTEGER",
        "a year must be a whole number",
        [
            bool(_NUMBER.fullmatch(text)) and not point and not _INTEGER.fullmatch(text)
            for text, point in zip(texts, with_point, strict=True)
        ],
        cells,
        rows,
    )
    whole = [
        text.partition(".")[0] if point else text
        for text, point in zip(texts, with_point, strict=True)
    ]
    _refuse(
        "PARSE",
        "not a year in plain digits",
        [not _INTEGER.fullmatch(text) for text in whole],
        cells,
        rows,
    )
    _refuse("RANGE", "no year", [len(text) > 9 for text in whole], cells, rows)
    return np.array([int(text) for text in whole], dtype=np.int64), sum(with_point)


def parse_numbers(cells: Sequence[str], rows: Sequence[int], *, column: str) -> NDArray[np.float64]:
    """Return numbers; a blank is NaN, to be judged by the caller.

    Raises:
        InputRejectedError: `NON_FINITE` (inf, nan, 1e309), `PARSE` (thousands separators, other
            digits, U+2212) or `RANGE` (no exact value in double precision).
    """
    texts = [cell.strip() for cell in cells]
    _refuse(
        "NON_FINITE",
        f"'{column}' must be finite",
        [bool(_NOT_FINITE.fullmatch(text)) for text in texts],
        cells,
        rows,
    )
    _refuse(
        "PARSE",
        f"'{column}' is not a number in plain digits; write 1234.5, without thousands separators",
        [bool(text) and not _NUMBER.fullmatch(text) for text in texts],
        cells,
        rows,
    )
    values = [float(text) if text else math.nan for text in texts]
    _refuse(
        "NON_FINITE",
        f"'{column}' must be finite",
        [math.isinf(value) for value in values],
        cells,
        rows,
    )
    _refuse(
        "RANGE",
        f"'{column}' is beyond what can be stored exactly",
        [
            abs(value) > _LARGEST_EXACT or _is_rounded(text, value)
            for text, value in zip(texts, values, strict=True)
        ],
        cells,
        rows,
    )
    return np.array(values, dtype=np.float64)


def parse_flags(cells: Sequence[str], rows: Sequence[int], *, column: str) -> NDArray[np.bool_]:
    """Return booleans from true/false or 1/0; a blank is false.

    Raises:
        InputRejectedError: `PARSE`.
    """
    meanings = {"true": True, "1": True, "false": False, "0": False, "": False}
    texts = [cell.strip().lower() for cell in cells]
    _refuse(
        "PARSE",
        f"'{column}' must be true or false",
        [text not in meanings for text in texts],
        cells,
        rows,
    )
    return np.array([meanings[text] for text in texts], dtype=np.bool_)


def parse_dates(cells: Sequence[str], rows: Sequence[int], *, column: str) -> pd.DatetimeIndex:
    """Return days from ISO dates.

    Raises:
        InputRejectedError: `PARSE`.
    """
    _refuse(
        "PARSE",
        f"'{column}' must be a date like 2024-01-31",
        [not _is_iso_date(cell.strip()) for cell in cells],
        cells,
        rows,
    )
    return pd.DatetimeIndex([cell.strip() for cell in cells]).as_unit("us")


def require_printable(cells: Sequence[str], rows: Sequence[int], *, column: str) -> None:
    """Refuse control characters, a NUL byte among them.

    Raises:
        InputRejectedError: `PARSE`.
    """
    _refuse(
        "PARSE",
        f"'{column}' holds a control character",
        [not cell.isprintable() for cell in cells],
        cells,
        rows,
    )


def require_pattern(
    cells: Sequence[str], rows: Sequence[int], pattern: str, *, column: str
) -> None:
    """Refuse text of another form.

    Raises:
        InputRejectedError: `PARSE`.
    """
    form = re.compile(pattern)
    _refuse(
        "PARSE",
        f"'{column}' must match {pattern}",
        [not form.fullmatch(cell) for cell in cells],
        cells,
        rows,
    )


def _refuse(
    code: str, rule: str, is_bad: Sequence[bool], cells: Sequence[str], rows: Sequence[int]
) -> None:
    bad = [
        f"row {row}: {cell!r}"
        for row, cell, broken in zip(rows, cells, is_bad, strict=True)
        if broken
    ]
    if bad:
        more = f" and {len(bad) - _MAX_EXAMPLES} more" if len(bad) > _MAX_EXAMPLES else ""
        raise InputRejectedError(code, f"{', '.join(bad[:_MAX_EXAMPLES])}{more}: {rule}.")


def _is_rounded(text: str, value: float) -> bool:
    return bool(_INTEGER.fullmatch(text)) and int(value) != int(text)


def _is_iso_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
