"""Names of columns: few enough to be compared one by one, and none of them twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from talentcast.domain.errors import InputRejectedError, some_of

#: The widest table here has two dozen columns; what a giver adds is a few hundred at most.
MAX_COLUMNS: Final = 2_000


def checked_header(names: Sequence[str], file_name: str) -> list[str]:
    """Return the names without blanks around them.

    Raises:
        InputRejectedError: `TOO_MANY_COLUMNS` or `DUP_HEADER`.
    """
    require_few_columns(len(names), file_name)
    header = [name.strip() for name in names]
    if twice := sorted(name for name, times in Counter(header).items() if times > 1):
        raise InputRejectedError(
            "DUP_HEADER",
            f"{file_name} names columns twice: {some_of(twice)}. Rename or remove one of each.",
        )
    return header


def require_few_columns(n_columns: int, file_name: str) -> None:
    """Refuse a table that is too wide.

    Raises:
        InputRejectedError: `TOO_MANY_COLUMNS`.
    """
    if n_columns > MAX_COLUMNS:
        raise InputRejectedError(
            "TOO_MANY_COLUMNS",
            f"{file_name} has {n_columns} columns; the limit is {MAX_COLUMNS}. Keep the columns "
            "of docs/data-dictionary.md, and write one row per country and year, not one column.",
        )


def require_few_csv_columns(content: bytes, file_name: str, separator: str = ",") -> None:
    """Refuse a CSV file that is too wide by its first line, before the line is cut into cells.

    Raises:
        InputRejectedError: `TOO_MANY_COLUMNS`.
    """
    end = content.find(b"\n")
    names = 1 + content.count(separator.encode(), 0, len(content) if end < 0 else end)
    require_few_columns(names, file_name)
