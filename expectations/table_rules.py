"""Rules that hold for every contract table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import pandas as pd

from expectations.violations import Violations, violations

_KINDS: Final = {
    "string": "OTU",
    "integer": "i",
    "float": "fi",
    "boolean": "b",
    "date": "M",
    "timestamp": "M",
}


def missing_columns(frame: pd.DataFrame, *, columns: Collection[str]) -> Violations:
    """Return columns that the table does not have."""
    return violations(name for name in columns if name not in frame)


def wrong_types(frame: pd.DataFrame, *, types: dict[str, str]) -> Violations:
    """Return columns whose values are of another kind than the contract says.

    Args:
        frame: Any table.
        types: Contract type by column name; columns that are absent are not looked at.
    """
    return violations(
        f"{name}: {frame[name].dtype}, not {kind}"
        for name, kind in types.items()
        if name in frame and not _is_of_kind(frame[name], kind)
    )


def wrong_row_count(frame: pd.DataFrame, *, expected: int) -> Violations:
    """Return the difference, if the table has more or fewer rows than expected."""
    off = abs(len(frame) - expected)
    return Violations(off, (), f"{len(frame)} rows") if off else Violations()


def wrong_values(frame: pd.DataFrame, *, column: str, values: Collection[str]) -> Violations:
    """Return values that a column lacks or has too many."""
    found = set(frame[column].unique())
    lacking = [f"lacks {value}" for value in sorted(set(values) - found)]
    return violations(lacking + [f"has {value}" for value in sorted(found - set(values))])


def _is_of_kind(column: pd.Series, kind: str) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return kind == "string"
    return kind not in _KINDS or column.dtype.kind in _KINDS[kind]
