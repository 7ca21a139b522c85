"""Read the tables of a release, each at the version that the release names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from storage.objects import ObjectPath
from storage.paths import StorePath
from talentcast.domain.errors import IntegrityError, StoreError, UsageError
from talentcast.domain.tables import TABLES, Table, table
from talentcast.store.delta import open_table, rows_of_objects, stored_rows
from talentcast.store.failures import cause, one_line, refusal
from talentcast.store.manifest import TableEntry
from talentcast.store.pointer import list_releases
from talentcast.store.release import Release, require_rows
from talentcast.store.schema import with_absent_columns


def read_rows(
    name: str, release: Release, root: StorePath, *, where: ds.Expression | None = None
) -> pa.Table:
    """Return the rows of one table in one release, in the contract's column order.

    Raises:
        UsageError: If the release holds no such table.
        PrunedError: If its rows were removed, meanwhile or before.
        StoreError: If the table's log cannot be read.
        IntegrityError: If a data file is gone.
    """
    entry = table_entry(name, require_rows(release))
    condition = ds.field("release_id") == str(release.release_id)
    if where is not None:
        condition &= where
    try:
        rows = _stored(entry, release, root, condition)
    except OSError as error:
        raise _unreadable(name, release, root, error) from cause(error, root)
    return with_absent_columns(rows, table(name))


def _stored(
    entry: TableEntry, release: Release, root: StorePath, condition: ds.Expression
) -> pa.Table:
    folder = root / entry.name
    if isinstance(folder, ObjectPath):
        # The manifest names the files: the log, one request for each commit, need not be read.
        files = [file.path for file in entry.files]
        return rows_of_objects(files, folder, release.release_id, condition)
    delta = open_table(root, entry.name, version=entry.delta_version)
    return stored_rows(delta, folder, release_id=release.release_id, where=condition)


def _unreadable(name: str, release: Release, root: StorePath, error: OSError) -> StoreError:
    if (refused := refusal(error, root)) is not None:
        return refused
    present = [one for one in list_releases(root) if one.release_id == release.release_id]
    for one in present:
        require_rows(one)  # it may have been pruned since it was looked up
    return IntegrityError(
        f"Table '{name}' of release {release.release_id} has lost data ({one_line(error)}). "
        f"See what is damaged: talentcast releases verify {release.release_id}"
    )


def read_frame(
    name: str, release: Release, root: StorePath, *, where: ds.Expression | None = None
) -> pd.DataFrame:
    """Return the rows of one table in one release as a frame."""
    frame: pd.DataFrame = read_rows(name, release, root, where=where).to_pandas()
    return frame


def table_entry(name: str, release: Release) -> TableEntry:
    """Return what a release says about one of its tables.

    Raises:
        UsageError: If it holds no such table.
    """
    if name not in release.tables:
        raise UsageError(
            f"Release {release.release_id} holds no table '{name}'; it holds "
            f"{', '.join(sorted(release.tables))}."
        )
    return release.tables[name]


def condition(name: str, filters: dict[str, Any]) -> ds.Expression | None:
    """Turn ``column=value`` and ``column=[values]`` into a condition on a table.

    Raises:
        UsageError: If the table has no such column.
    """
    known = _contract(name).column_names
    if unknown := sorted(set(filters) - set(known)):
        raise UsageError(f"Table '{name}' has no column {unknown}. It has {', '.join(known)}.")
    expression: ds.Expression | None = None
    for column, wanted in filters.items():
        term = ds.field(column).isin(wanted_values(wanted))
        expression = term if expression is None else expression & term
    return expression


def wanted_values(wanted: object) -> list[Any]:
    """Return the values of a filter, which may be one value or several."""
    is_one = isinstance(wanted, str) or not isinstance(wanted, Sequence)
    return [wanted] if is_one else list(wanted)  # type: ignore[call-overload]


def _contract(name: str) -> Table:
    try:
        return table(name)
    except KeyError:
        published = [t.name for t in TABLES if t.role in ("published", "reference")]
        raise UsageError(
            f"No table is called '{name}'. Published tables: {', '.join(published)}."
        ) from None
