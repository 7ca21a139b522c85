"""Read releases: resolve the pointer first, then each table at the version it names."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from talentcast.domain.errors import IntegrityError, StoreError, UsageError
from talentcast.domain.tables import RELEASES, TABLES, Table, table
from talentcast.domain.types import ReleaseId
from talentcast.store.manifest import TableEntry, row_hash
from talentcast.store.release import Release

#: Kinds that answer "what is forecast now"; a backfill or a scenario never becomes the latest.
CURRENT_KINDS = ("scheduled", "manual")


def events(root: Path) -> list[Release]:
    """Return every row of the `releases` table, oldest first; none if nothing was published."""
    try:
        rows = DeltaTable(str(root / RELEASES.name)).to_pyarrow_dataset().to_table()
    except TableNotFoundError:
        return []
    except (DeltaError, OSError) as error:
        raise StoreError(
            f"STORE_CORRUPT: the table 'releases' under {root} cannot be read ({error}). "
            "Restore it from a backup; nothing was overwritten."
        ) from error
    releases = [Release.from_row(row) for row in rows.to_pylist()]
    return sorted(releases, key=lambda release: release.sequence)


def list_releases(root: Path) -> list[Release]:
    """Return the present state of every release, newest first."""
    newest = {release.release_id: release for release in events(root)}
    return sorted(newest.values(), key=lambda release: release.sequence, reverse=True)


def latest_release(root: Path) -> Release | None:
    """Return the release that answers "what is forecast now"; None before the first."""
    current = (
        release
        for release in list_releases(root)
        if release.status == "published" and release.kind in CURRENT_KINDS
    )
    return next(current, None)


def find_release(release: str, root: Path) -> Release:
    """Return a release by id, or the latest one.

    Args:
        release: A release id or ``latest``.
        root: Root of the release store.

    Raises:
        StoreError: If there is no such release, or none at all.
    """
    if release == "latest":
        latest = latest_release(root)
        if latest is None:
            raise StoreError(f"No release under {root} yet. Make one: talentcast refresh")
        return latest
    wanted = ReleaseId(release)
    for candidate in list_releases(root):
        if candidate.release_id == wanted:
            return candidate
    raise StoreError(f"No release {wanted} under {root}. See: talentcast releases list")


def read_rows(
    name: str, release: Release, root: Path, *, where: ds.Expression | None = None
) -> pa.Table:
    """Return the rows of one table in one release, in the contract's column order.

    Raises:
        UsageError: If the release holds no such table.
        StoreError: If the table's log cannot be read.
        IntegrityError: If a data file is gone.
    """
    entry = release.tables.get(name)
    if entry is None:
        raise UsageError(
            f"Release {release.release_id} holds no table '{name}'; it holds "
            f"{', '.join(sorted(release.tables))}."
        )
    condition = ds.field("release_id") == str(release.release_id)
    if where is not None:
        condition &= where
    delta = open_table(root, name, version=entry.delta_version)
    try:
        rows = delta.to_pyarrow_dataset(
            file_pruning_predicate=[("release_id", "=", str(release.release_id))]
        ).to_table(filter=condition)
    except (FileNotFoundError, OSError) as error:
        raise IntegrityError(
            f"Table '{name}' of release {release.release_id} has lost data ({error}). "
            f"See what is damaged: talentcast releases verify {release.release_id}"
        ) from error
    return rows.select(
        [column for column in table(name).column_names if column in rows.schema.names]
    )


def read_frame(
    name: str, release: Release, root: Path, *, where: ds.Expression | None = None
) -> pd.DataFrame:
    """Return the rows of one table in one release as a frame."""
    frame: pd.DataFrame = read_rows(name, release, root, where=where).to_pandas()
    return frame


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
        values = (
            [wanted]
            if isinstance(wanted, str) or not isinstance(wanted, Sequence)
            else list(wanted)
        )
        term = ds.field(column).isin(values)
        expression = term if expression is None else expression & term
    return expression


def verify(release: Release, root: Path) -> list[str]:
    """Compare what is stored with the manifest; return one line per thing that is wrong."""
    problems = []
    for entry in release.tables.values():
        problems += _verify_table(entry, release, root)
    return problems


def open_table(root: Path, name: str, *, version: int | None = None) -> DeltaTable:
    """Open a table of the store.

    Raises:
        StoreError: If its log is missing or damaged.
    """
    try:
        return DeltaTable(str(root / name), version=version)
    except (DeltaError, OSError, ValueError) as error:
        at = "" if version is None else f" at version {version}"
        raise StoreError(
            f"STORE_CORRUPT: table '{name}'{at} under {root} cannot be opened ({error}). "
            "Restore its _delta_log from a backup; nothing was overwritten."
        ) from error


def _verify_table(entry: TableEntry, release: Release, root: Path) -> list[str]:
    where = f"table '{entry.name}' of {release.release_id}"
    problems = []
    for file in entry.files:
        path = root / entry.name / file.path
        if not path.exists():
            problems.append(f"{where}: data file {file.path} is gone")
        elif sha256(path.read_bytes()).hexdigest() != file.sha256:
            problems.append(f"{where}: data file {file.path} was changed")
    if problems:
        return problems
    try:
        rows = read_rows(entry.name, release, root)
    except StoreError as error:
        return [f"{where}: {error}"]
    if rows.num_rows != entry.rows:
        problems.append(f"{where}: {rows.num_rows} rows instead of {entry.rows}")
    elif row_hash(rows, table(entry.name).key) != entry.row_hash:
        problems.append(f"{where}: rows differ from those that were published")
    return problems


def _contract(name: str) -> Table:
    try:
        return table(name)
    except KeyError:
        published = [t.name for t in TABLES if t.role in ("published", "reference")]
        raise UsageError(
            f"No table is called '{name}'. Published tables: {', '.join(published)}."
        ) from None
