"""The data dictionary, from the table contracts."""

from __future__ import annotations

from collections.abc import Iterator

from talentcast.domain.tables import TABLES, Column, Role, Table

_ROLES: dict[Role, str] = {
    "input": "Inputs",
    "published": "Published tables",
    "reference": "Reference tables for readers",
    "restricted": "Restricted tables (a separate location, never under the releases root)",
}


def data_dictionary() -> str:
    """Return docs/data-dictionary.md."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "Generated from `talentcast/domain/tables.py` by `make docs`; change it there."
    yield ""
    yield "Countries are ISO 3166-1 alpha-3 codes, `ROW` (rest of world: everyone whose country is"
    yield "too small to be forecast apart) or `UNK` (no country stated). Hong Kong, Macao and"
    yield "Taiwan are counted apart from China, as their sources do. Years are integers."
    for role, title in _ROLES.items():
        yield ""
        yield f"## {title}"
        for table in TABLES:
            if table.role == role:
                yield from _table_lines(table)
    yield ""


def _table_lines(table: Table) -> Iterator[str]:
    yield ""
    yield f"### {table.name}"
    yield ""
    yield f"{table.grain} Key: {', '.join(f'`{name}`' for name in table.key)}."
    yield ""
    yield "| column | type | unit | meaning | values |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        cells = (f"`{column.name}`", column.type, column.unit, column.meaning, _values(column))
        yield f"| {' | '.join(cells)} |"


def _values(column: Column) -> str:
    said = []
    if column.one_of:
        said.append(", ".join(f"`{value}`" for value in column.one_of))
    if column.minimum is not None and column.maximum is not None:
        said.append(f"{column.minimum:g} to {column.maximum:g}")
    elif column.minimum is not None:
        said.append(f"at least {column.minimum:g}")
    if column.pattern:
        said.append(f"`{column.pattern}`")
    if column.optional:
        said.append(f"optional, else {column.default}")
    if column.nullable:
        said.append("may be missing")
    return "; ".join(said)
