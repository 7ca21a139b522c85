"""Arrow schemas and Delta constraints, made from the table contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import pyarrow as pa

from talentcast.domain.errors import StoreError
from talentcast.domain.tables import Column, DataType, Table

_ARROW_TYPES: Final[Mapping[DataType, pa.DataType]] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "strings": pa.list_(pa.string()),
    "json": pa.string(),
}


def arrow_schema(table: Table) -> pa.Schema:
    """Return the schema a stored table has, with each column's meaning as its description."""
    return pa.schema(
        [
            pa.field(
                column.name,
                _ARROW_TYPES[column.type],
                nullable=column.nullable,
                metadata={"comment": column.meaning, "unit": column.unit},
            )
            for column in table.columns
        ]
    )


def to_arrow(frame: pd.DataFrame, table: Table) -> pa.Table:
    """Convert a frame to the contract's columns, order and types.

    Raises:
        StoreError: If a column is missing, unknown, of another type or empty where it may not be,
            or if a key stands twice.
    """
    if set(frame.columns) != set(table.column_names):
        missing = sorted(set(table.column_names) - set(frame.columns))
        unknown = sorted(set(frame.columns) - set(table.column_names))
        raise StoreError(
            f"Rows for '{table.name}' lack {missing} and bring unknown {unknown}. "
            "Change the contract in talentcast/domain/tables.py or the function that makes them."
        )
    if repeated := int(frame.duplicated(list(table.key)).sum()):
        raise StoreError(
            f"Rows for '{table.name}' repeat {repeated} keys ({', '.join(table.key)}). "
            "Fix the function that makes them."
        )
    try:
        return pa.Table.from_pandas(
            frame[list(table.column_names)], schema=arrow_schema(table), preserve_index=False
        )
    except (ValueError, pa.ArrowTypeError) as error:
        raise StoreError(f"Rows for '{table.name}' break its contract: {error}") from error


def with_absent_columns(rows: pa.Table, table: Table) -> pa.Table:
    """Return the contract's columns in order; those that came after these rows are empty."""
    schema = arrow_schema(table)
    absent = [field for field in schema if field.name not in rows.schema.names]
    for field in absent:
        rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(schema.names)


def constraints(table: Table) -> dict[str, str]:
    """Return Delta CHECK constraints by name, as SQL, for what the contract states of values."""
    return {
        f"{column.name}_{kind}": expression
        for column in table.columns
        for kind, expression in _column_constraints(column)
    }


def _column_constraints(column: Column) -> list[tuple[str, str]]:
    rules = []
    if column.minimum is not None:
        rules.append(("minimum", f"{column.name} >= {column.minimum:g}"))
    if column.maximum is not None:
        rules.append(("maximum", f"{column.name} <= {column.maximum:g}"))
    if column.one_of:
        listed = ", ".join(f"'{value}'" for value in column.one_of)
        rules.append(("known", f"{column.name} IN ({listed})"))
    if not column.nullable:
        return rules
    return [(kind, f"{column.name} IS NULL OR {rule}") for kind, rule in rules]
