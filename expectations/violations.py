"""What a rule found: a value, so that rules stay plain functions of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

MAX_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Violations:
    """Rows or groups that broke a rule.

    Attributes:
        count: How many; 0 when the rule holds.
        examples: Keys of the first few, for a reader.
        observed: What was seen, when that says more than the count.
    """

    count: int = 0
    examples: tuple[str, ...] = ()
    observed: str = ""


def violations(keys: Iterable[str], *, observed: str = "") -> Violations:
    """Return violations by their keys."""
    found = list(keys)
    return Violations(len(found), tuple(found[:MAX_EXAMPLES]), observed)


def violating_rows(frame: pd.DataFrame, is_bad: pd.Series, *, observed: str = "") -> Violations:
    """Return the rows of a table where `is_bad` holds, named by `row_names`."""
    bad = frame[is_bad.to_numpy(dtype=bool)]
    return Violations(len(bad), tuple(row_names(bad.head(MAX_EXAMPLES))), observed)


def row_names(frame: pd.DataFrame) -> list[str]:
    """Name rows by what identifies them: source row, country and year where the table has them.

    Example:
        >>> row_names(pd.DataFrame({"source_row": [12], "country": ["FRA"], "year": [2019]}))
        ['row 12: FRA 2019']
    """
    known = (
        "model",
        "country",
        "year",
        "origin_year",
        "horizon_years",
        "output_type",
        "output_type_id",
    )
    parts = [name for name in known if name in frame]
    names = [
        " ".join(str(value) for value in row if not pd.isna(value))
        for row in frame[parts].itertuples(index=False)
    ]
    if "source_row" not in frame:
        return names
    return [f"row {row}: {name}" for row, name in zip(frame["source_row"], names, strict=True)]
