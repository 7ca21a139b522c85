"""Text that a spreadsheet will not take for a formula."""

from __future__ import annotations

from typing import Final

import pandas as pd

#: A cell that starts like this is run as a formula by spreadsheets, also behind blanks and in the
#: wide forms of East Asian keyboards.
_STARTS: Final = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def inert(value: object) -> object:
    """Return text with an apostrophe in front if a spreadsheet would run it.

    Example:
        >>> inert("=1+1"), inert("-3 people"), inert("China"), inert(-3)
        ("'=1+1", "'-3 people", 'China', -3)
    """
    if not isinstance(value, str):
        return value
    # A carriage return alone would end the row for some readers of CSV.
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS) else text


def inert_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which no text cell is a formula."""
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(**{str(name): frame[name].astype(object).map(inert) for name in texts})


def safe_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV that can be opened in a spreadsheet."""
    return str(inert_frame(frame).to_csv(index=False, lineterminator="\n"))
