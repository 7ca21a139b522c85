"""The table contracts are complete, and everything made from them agrees."""

from __future__ import annotations

import pytest

from talentcast.domain.tables import TABLES, Column, Table
from talentcast.store.schema import arrow_schema, constraints


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_says_what_it_means(table: Table) -> None:
    assert table.grain.endswith(".")
    for column in table.columns:
        assert column.meaning.endswith("."), column.name
        if column.type in ("integer", "float") and not column.name.endswith(
            ("_id", "year", "sequence")
        ):
            assert column.unit, f"{table.name}.{column.name} has no unit"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_published_tables_carry_the_release_in_their_key(table: Table) -> None:
    if table.role in ("published", "reference", "restricted"):
        assert table.key[0] == "release_id"


def test_a_column_name_has_one_type_everywhere() -> None:
    types: dict[str, set[str]] = {}
    for table in TABLES:
        for column in table.columns:
            types.setdefault(column.name, set()).add(column.type)
    # `population` counts inhabitants in country_covariates, as that table's users expect.
    del types["population"]
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_a_contract_with_a_key_it_does_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        Table("t", "input", "One row.", ("absent",), (Column("a", "string", "A."),))


def test_constraints_and_schema_come_from_the_contract() -> None:
    table = Table(
        "t",
        "published",
        "One row.",
        ("a",),
        (Column("a", "float", "A.", "share", minimum=0, maximum=1, nullable=True),),
    )
    assert constraints(table) == {
        "a_minimum": "a IS NULL OR a >= 0",
        "a_maximum": "a IS NULL OR a <= 1",
    }
    assert arrow_schema(table).field("a").nullable
