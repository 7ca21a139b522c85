"""Suites: what is expected of a table, generated from its contract plus the rules of its gate."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import great_expectations.expectations as gxe

from expectations.batch import ExpectRuleToHold
from talentcast.domain.checks import Severity
from talentcast.domain.tables import Column, Table


@dataclass(frozen=True)
class Check:
    """One expectation with the words a reader needs when it is not met.

    Attributes:
        code: Stable upper-case name, unique within a suite.
        expectation: A Great Expectations expectation.
        threshold: What is allowed.
        message: What to do when it is not met.
    """

    code: str
    expectation: Any
    threshold: str = ""
    message: str = ""
    severity: Severity = Severity.ERROR


def rule_check(
    code: str,
    rule: str,
    *,
    message: str,
    threshold: str = "none",
    severity: Severity = Severity.ERROR,
    options: dict[str, Any] | None = None,
) -> Check:
    """Return a check that a rule of `expectations.*_rules` finds nothing."""
    expectation = ExpectRuleToHold(rule=rule, options=json.dumps(options or {}, sort_keys=True))
    return Check(code, expectation, threshold, message, severity)


def contract_checks(
    table: Table, *, without: Collection[str] = (), checked_elsewhere: Collection[str] = ()
) -> list[Check]:
    """Return what a contract says about single columns: presence, type, values and bounds.

    Args:
        table: The contract.
        without: Columns that the frame does not have yet, for example `release_id`.
        checked_elsewhere: Columns whose bounds and form rules check under codes of their own.
    """
    columns = [column for column in table.columns if column.name not in without]
    types = {column.name: column.type for column in columns}
    checks = [
        rule_check(
            "COLUMNS",
            "table.missing_columns",
            options={"columns": [column.name for column in columns]},
            threshold="every column of the contract",
            message="Add the columns; see docs/data-dictionary.md.",
        ),
        rule_check(
            "TYPES",
            "table.wrong_types",
            options={"types": types},
            threshold="types of the data dictionary",
            message="Convert the columns; see docs/data-dictionary.md.",
        ),
    ]
    for column in columns:
        checks += _column_checks(column, has_rules=column.name in checked_elsewhere)
    return checks


def _column_checks(column: Column, *, has_rules: bool) -> list[Check]:
    name = column.name.upper()
    checks: list[Check] = []
    if not column.nullable:
        checks.append(
            Check(
                f"{name}_MISSING",
                gxe.ExpectColumnValuesToNotBeNull(column=column.name),
                "no missing value",
                f"Fill '{column.name}' in the rows named.",
            )
        )
    if column.one_of:
        checks.append(
            Check(
                f"{name}_VALUES",
                gxe.ExpectColumnValuesToBeInSet(column=column.name, value_set=list(column.one_of)),
                ", ".join(column.one_of),
                f"'{column.name}' has only these values.",
            )
        )
    if column.pattern and not has_rules:
        checks.append(
            Check(
                f"{name}_FORM",
                gxe.ExpectColumnValuesToMatchRegex(column=column.name, regex=column.pattern),
                column.pattern,
                f"Write '{column.name}' in this form.",
            )
        )
    is_bounded = column.minimum is not None or column.maximum is not None
    if is_bounded and not has_rules:
        checks.append(
            Check(
                f"{name}_RANGE",
                gxe.ExpectColumnValuesToBeBetween(
                    column=column.name, min_value=column.minimum, max_value=column.maximum
                ),
                _range_text(column),
                f"'{column.name}' lies outside what can be true; check the unit and the column.",
            )
        )
    return checks


def _range_text(column: Column) -> str:
    low = "" if column.minimum is None else f"from {column.minimum:g}"
    high = "" if column.maximum is None else f"to {column.maximum:g}"
    return " ".join(part for part in (low, high, column.unit) if part)
