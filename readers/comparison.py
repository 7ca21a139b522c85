"""What differs between two releases."""

from __future__ import annotations

from dataclasses import dataclass

from storage.paths import StorePath
from talentcast.domain.tables import table
from talentcast.store.reader import read_frame
from talentcast.store.release import Release


@dataclass(frozen=True, slots=True)
class TableDifference:
    """How the rows of one table differ, matched by key.

    Attributes:
        changed: Rows that both hold with other values.
    """

    table: str
    only_first: int
    only_second: int
    changed: int
    same: int


def compare(first: Release, second: Release, root: StorePath) -> list[TableDifference]:
    """Compare two releases table by table."""
    names = sorted({*first.tables, *second.tables})
    return [_compare_table(name, first, second, root) for name in names]


def _compare_table(name: str, first: Release, second: Release, root: StorePath) -> TableDifference:
    one, two = first.tables.get(name), second.tables.get(name)
    if one is None or two is None:
        return TableDifference(name, one.rows if one else 0, two.rows if two else 0, 0, 0)
    if one.row_hash == two.row_hash:
        return TableDifference(name, 0, 0, 0, one.rows)
    key = list(table(name).unpublished_key)
    left, right = (
        read_frame(name, release, root).drop(columns="release_id") for release in (first, second)
    )
    merged = left.merge(right, on=key, how="outer", indicator=True, suffixes=("", "_second"))
    both = merged[merged["_merge"] == "both"]
    others = [column for column in left.columns if column not in key]
    # NaN differs from NaN in pandas; here an absent value equals an absent one.
    equal = [
        (both[column] == both[f"{column}_second"])
        | (both[column].isna() & both[f"{column}_second"].isna())
        for column in others
    ]
    same = int(sum(map(all, zip(*equal, strict=True)))) if equal else len(both)
    return TableDifference(
        name,
        only_first=int((merged["_merge"] == "left_only").sum()),
        only_second=int((merged["_merge"] == "right_only").sum()),
        changed=len(both) - same,
        same=same,
    )
