"""Decimal commas and thousands separators, read only where a column leaves no doubt about them.

`1.234` is a thousand to some and hardly more than one to others. What decides is the column:
another cell of it (`12,5` or `1.234.567`), or the user, who may name the decimal character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from talentcast.domain.errors import InputRejectedError, UsageError

Decimal = Literal[".", ","]

_SPACES: Final = " \u00a0\u2009\u202f"
_APOSTROPHES: Final = "'’"
_SEPARATORS: Final = frozenset(f".,{_SPACES}{_APOSTROPHES}")
_ONE_KIND: Final = str.maketrans(dict.fromkeys(_SPACES, " ") | dict.fromkeys(_APOSTROPHES, "'"))
#: A first group without a leading zero, groups of three with one separator, and perhaps decimals.
_GROUPED: Final = re.compile(
    r"[+-]?[1-9][0-9]{0,2}([.,' ])[0-9]{3}(?:\1[0-9]{3})*(?:((?!\1)[.,])[0-9]*)?"
)
_POINTED: Final = re.compile(r"[+-]?(?:[0-9]+([.,])[0-9]*|([.,])[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAMES: Final = {".": "point", ",": "comma", " ": "space", "'": "apostrophe"}


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How the numbers of a column are written.

    Attributes:
        decimal: Character before decimals; None where no cell has any.
        thousands: Character between groups of three digits; None where no cell has any.
    """

    decimal: str | None = None
    thousands: str | None = None

    @property
    def said(self) -> tuple[str, ...]:
        """What differs from plain digits, in words.

        Example:
            >>> NumberStyle(",", ".").said
            ('decimal comma', 'thousands point')
        """
        decimal = ("decimal comma",) if self.decimal == "," else ()
        return (*decimal, *(f"thousands {_NAMES[one]}" for one in self.thousands or ""))


def decimal_character(text: str | None) -> Decimal | None:
    """Return the decimal character that a reader of a file has named, if any.

    Raises:
        UsageError: If it is neither a point nor a comma.
    """
    if text is not None and text not in (".", ","):
        raise UsageError(
            f"{text!r} is no decimal character. It is a point (.) or a comma (,).",
            parameters=("decimal",),
        )
    return cast("Decimal | None", text)


def plain_digits(
    cells: Sequence[str], *, column: str, decimal: Decimal | None = None
) -> tuple[tuple[str, ...], NumberStyle]:
    """Return the cells in plain digits, and how they were written.

    Cells that are no number in any style stay as they are, for `sources.cells` to refuse.

    Args:
        cells: One column of a file.
        column: Its name, for messages.
        decimal: The decimal character, where the reader of the file has named it.

    Raises:
        InputRejectedError: `NUMBER_STYLE` if cells contradict each other, or may mean two things
            and nothing decides.

    Example:
        >>> plain_digits(["1.234", "12,5"], column="researchers")[0]
        ('1234', '12.5')
    """
    if not any(_SEPARATORS.intersection(cell) for cell in cells):
        return tuple(cells), NumberStyle(decimal)
    texts = [cell.strip().translate(_ONE_KIND) for cell in cells]
    style = _style(texts, column, decimal)
    return tuple(_in_plain_digits(text, style) for text in texts), style


@dataclass(slots=True)
class _Evidence:
    """The first cell that shows a character in a role, and the first that leaves its role open."""

    decimals: dict[str, str]
    thousands: dict[str, str]
    open: dict[str, str]


def _in_plain_digits(text: str, style: NumberStyle) -> str:
    if not (_GROUPED.fullmatch(text) or _POINTED.fullmatch(text)):
        return text
    ungrouped = text.replace(style.thousands, "") if style.thousands else text
    return ungrouped.replace(style.decimal, ".") if style.decimal else ungrouped


def _style(texts: Sequence[str], column: str, decimal: Decimal | None) -> NumberStyle:
    evidence = _evidence(texts)
    decimals = evidence.decimals | ({decimal: f"decimal {decimal}"} if decimal else {})
    thousands = dict(evidence.thousands)
    for character, cell in evidence.open.items():
        if character in decimals and character not in thousands:
            decimals.setdefault(character, cell)
        elif decimals or character in thousands:
            thousands.setdefault(character, cell)
        elif thousands:
            decimals.setdefault(character, cell)
        else:
            raise _undecided(column, cell, character)
    if len(decimals) > 1 or len(thousands) > 1 or decimals.keys() & thousands.keys():
        shown = ", ".join(f"'{cell}'" for cell in {**decimals, **thousands}.values())
        raise InputRejectedError(
            "NUMBER_STYLE",
            f"'{column}' writes numbers in several ways ({shown}). Write all of them alike.",
            parameters=("decimal",),
        )
    return NumberStyle(next(iter(decimals), None), next(iter(thousands), None))


def _evidence(texts: Sequence[str]) -> _Evidence:
    found = _Evidence({}, {}, {})
    for text in texts:
        if (grouped := _GROUPED.fullmatch(text)) is not None:
            separator, point = grouped.groups()
            if point is None and text.count(separator) == 1 and separator in ".,":
                found.open.setdefault(separator, text)
                continue
            found.thousands.setdefault(separator, text)
            if point is not None:
                found.decimals.setdefault(point, text)
        elif (pointed := _POINTED.fullmatch(text)) is not None:
            found.decimals.setdefault(pointed[1] or pointed[2], text)
    return found


def _undecided(column: str, cell: str, character: str) -> InputRejectedError:
    return InputRejectedError(
        "NUMBER_STYLE",
        f"'{cell}' in '{column}' may be {cell.replace(character, '')} or "
        f"{cell.replace(character, '.')}, and no other cell decides. Name the decimal character: "
        "a point or a comma.",
        parameters=("decimal",),
    )
