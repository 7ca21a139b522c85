"""What a table contract says about single columns: presence, type, values and bounds."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import great_expectations.expectations as gxe
import pandas as pd

from expectations.suite import Bound, Check
from expectations.violations import Violations, violations
from talentcast.domain.tables import Column, Table

_KINDS: Final = {
    "string": "OTU",
    "integer": "i",
    "float": "fi",
    "boolean": "b",
    "date": "M",
    "timestamp": "M",
}


def contract_checks(
    table: Table, *, without: Collection[str] = (), checked_elsewhere: Collection[str] = ()
) -> list[Check]:
    """Return the checks that follow from a contract.

    Args:
        table: The contract.
        without: Columns that the frame does not have yet, for example `release_id`.
        checked_elsewhere: Columns whose bounds and form rules check under codes of their own.
    """
    columns = [column for column in table.columns if column.name not in without]
    names = [column.name for column in columns]
    types = {column.name: column.type for column in columns}
    checks = [
        Check(
            "COLUMNS",
            Bound.of(missing_columns, {"columns": names}),
            "every column of the contract",
            "Add the columns; see docs/data-dictionary.md.",
        ),
        Check(
            "TYPES",
            Bound.of(wrong_types, {"types": types}),
            "types of the data dictionary",
            "Convert the columns; see docs/data-dictionary.md.",
        ),
    ]
    for column in columns:
        checks += _value_checks(column)
        if column.name not in checked_elsewhere:
            checks += _bound_checks(column)
    return checks


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


def _value_checks(column: Column) -> list[Check]:
    code, name = column.name.upper(), column.name
    checks = []
    if not column.nullable:
        present = gxe.ExpectColumnValuesToNotBeNull(column=name)
        message = f"Fill '{name}' in the rows named."
        checks.append(Check(f"{code}_MISSING", present, "no missing value", message))
    if column.one_of:
        listed = gxe.ExpectColumnValuesToBeInSet(column=name, value_set=list(column.one_of))
        message = f"'{name}' has only these values."
        checks.append(Check(f"{code}_VALUES", listed, ", ".join(column.one_of), message))
    return checks


def _bound_checks(column: Column) -> list[Check]:
    code, name = column.name.upper(), column.name
    checks = []
    if column.pattern:
        formed = gxe.ExpectColumnValuesToMatchRegex(column=name, regex=column.pattern)
        message = f"Write '{name}' in this form."
        checks.append(Check(f"{code}_FORM", formed, column.pattern, message))
    if column.minimum is not None or column.maximum is not None:
        within = gxe.ExpectColumnValuesToBeBetween(
            column=name, min_value=column.minimum, max_value=column.maximum
        )
        message = f"'{name}' lies outside what can be true; check the unit and the column."
        checks.append(Check(f"{code}_RANGE", within, _range_text(column), message))
    return checks


def _range_text(column: Column) -> str:
    low = "" if column.minimum is None else f"from {column.minimum:g}"
    high = "" if column.maximum is None else f"to {column.maximum:g}"
    return " ".join(part for part in (low, high, column.unit) if part)


def _is_of_kind(column: pd.Series, kind: str) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return kind == "string"
    return kind not in _KINDS or column.dtype.kind in _KINDS[kind]
