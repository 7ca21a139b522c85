"""A mirror of releases in PostgreSQL, for dashboards that read databases.

Schema `talentcast`, one table a contract, the view `release`, a comment on every table and column,
and a role that can read and nothing else. Readers see the old releases or the new ones, never a
mixture: the switch is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from readers.export.release_tables import whole_numbers
from storage.paths import StorePath
from talentcast.domain.errors import SourceUnavailableError, UsageError
from talentcast.domain.tables import RELEASES, TABLES, Column, DataType, Table
from talentcast.store.reader import read_rows
from talentcast.store.release import Release

SCHEMA: Final = "talentcast"
#: The next content is built here and then takes the name of the schema.
_NEXT: Final = "talentcast_next"
READER: Final = "talentcast_reader"
#: Key of the lock that keeps two mirrors from building at once.
_LOCK: Final = 7_461_203
_TYPES: Final[dict[DataType, str]] = {
    "string": "text",
    "integer": "bigint",
    "float": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamptz",
    "strings": "text[]",
    "json": "jsonb",
}


def mirror(releases: Sequence[Release], root: StorePath, address: str) -> dict[str, int]:
    """Replace what the mirror holds by some releases, the current one first.

    Args:
        releases: The current release, then older ones to keep beside it; none to empty it.
        root: Root of the release store.
        address: `postgresql://user@host:port/database`.

    Returns:
        Number of rows by table.

    Raises:
        UsageError: If the address is not one of PostgreSQL.
        SourceUnavailableError: If the server cannot be reached or refuses.
    """
    with _connected(address) as connection:
        return _replace(connection, releases, root)


def mirrored(address: str) -> list[str]:
    """Return the ids of the releases that the mirror holds, the current one first.

    Raises:
        UsageError: If the address is not one of PostgreSQL.
        SourceUnavailableError: If the server cannot be reached or refuses.
    """
    with _connected(address) as connection:
        found = connection.execute("SELECT to_regclass('talentcast.release')").fetchone()
        if found is None or found[0] is None:
            return []
        rows = connection.execute(
            "SELECT release_id FROM talentcast.releases LEFT JOIN "
            "(SELECT release_id, 0 AS place FROM talentcast.release) AS current "
            "USING (release_id) ORDER BY place NULLS LAST"
        )
        return [row[0] for row in rows]


@contextmanager
def _connected(address: str) -> Iterator[psycopg.Connection[Any]]:
    host = _host(address)
    try:
        with psycopg.connect(address) as connection:
            yield connection
    except psycopg.Error as error:
        raise SourceUnavailableError(
            f"PostgreSQL on {host} cannot be mirrored to: {str(error).strip().splitlines()[0]} "
            "Nothing changed there."
        ) from error


def _host(address: str) -> str:
    """Return the server an address names; an address may hold a password, so it is never quoted."""
    try:
        parts = conninfo_to_dict(address) if "://" in address else {}
    except psycopg.ProgrammingError:
        parts = {}
    if not parts:
        raise UsageError("Write the address as postgresql://user@host:5432/database.")
    return str(parts.get("host") or "the local server")


def _replace(
    connection: psycopg.Connection[Any], releases: Sequence[Release], root: StorePath
) -> dict[str, int]:
    """Build the next schema and let it take the name, all in the connection's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(_name(_NEXT)))
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(_name(_NEXT)))
        counts = {
            contract.name: _table(cursor, contract, releases, root)
            for contract in TABLES
            if contract.name == RELEASES.name
            or any(contract.name in release.tables for release in releases)
        }
        _view(cursor, str(releases[0].release_id) if releases else "")
        _reader(cursor)
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(_name(SCHEMA)))
        cursor.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(_name(_NEXT), _name(SCHEMA)))
    return counts


def _table(
    cursor: psycopg.Cursor[Any], contract: Table, releases: Sequence[Release], root: StorePath
) -> int:
    table = sql.Identifier(_NEXT, contract.name)
    columns = [
        sql.SQL("{} {}{}").format(
            _name(column.name),
            sql.SQL(_TYPES[column.type]),
            sql.SQL("" if column.nullable else " NOT NULL"),
        )
        for column in contract.columns
    ]
    cursor.execute(sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(columns)))
    copied = 0
    names = sql.SQL(", ").join(_name(column.name) for column in contract.columns)
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as copy:
        for release in releases:
            for row in _rows(contract, release, root):
                copy.write_row(row)
                copied += 1
    if contract.name == "forecasts":
        cursor.execute(
            sql.SQL("CREATE INDEX ON {} (population, target, output_type, country)").format(table)
        )
    _comment(cursor, "TABLE", table, contract.grain)
    for column in contract.columns:
        place = sql.SQL("{}.{}").format(table, _name(column.name))
        _comment(cursor, "COLUMN", place, _meaning(column))
    return copied


def _rows(contract: Table, release: Release, root: StorePath) -> list[list[Any]]:
    """Return the rows of one table in one release, in the contract's order."""
    if contract.name == RELEASES.name:
        row = release.to_row()
        return [[row[column.name] for column in contract.columns]]
    if contract.name not in release.tables:
        return []
    frame = whole_numbers(read_rows(contract.name, release, root).to_pandas(), contract)
    plain = frame.astype(object).where(frame.notna(), None)
    rows: list[list[Any]] = plain.reindex(columns=list(contract.column_names)).to_numpy().tolist()
    return rows


def _view(cursor: psycopg.Cursor[Any], current: str) -> None:
    """Make `release`: the one row that says which release is the current one."""
    view = sql.Identifier(_NEXT, "release")
    cursor.execute(
        sql.SQL("CREATE VIEW {} AS SELECT * FROM {} WHERE release_id = {}").format(
            view, sql.Identifier(_NEXT, RELEASES.name), sql.Literal(current)
        )
    )
    _comment(cursor, "VIEW", view, "The current release; join the other tables on release_id.")


def _reader(cursor: psycopg.Cursor[Any]) -> None:
    """Make a role that may read the mirror and nothing else; it cannot log in by itself."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(_name(READER)))
    for grant in ("USAGE ON SCHEMA", "SELECT ON ALL TABLES IN SCHEMA"):
        statement = sql.SQL("GRANT {} {} TO {}")
        cursor.execute(statement.format(sql.SQL(grant), _name(_NEXT), _name(READER)))


def _comment(cursor: psycopg.Cursor[Any], kind: str, what: sql.Composable, text: str) -> None:
    cursor.execute(sql.SQL("COMMENT ON {} {} IS {}").format(sql.SQL(kind), what, sql.Literal(text)))


def _meaning(column: Column) -> str:
    return f"{column.meaning} Unit: {column.unit}." if column.unit else column.meaning


def _name(text: str) -> sql.Identifier:
    return sql.Identifier(text)
