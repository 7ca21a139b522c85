"""The mirror on a real PostgreSQL server: whole or unchanged, explained, and read-only."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from release_drafts import NOW, draft
from small_release import Small, publish_small

from flows.steps.deliver import update_copies
from flows.steps.retention import Retention, plan_pruning
from readers.export.postgres import READER, mirror, mirrored
from talentcast.config import Settings
from talentcast.domain.errors import SourceUnavailableError, UsageError
from talentcast.domain.tables import table
from talentcast.store.pruning import prune
from talentcast.store.publisher import publish
from talentcast.store.release import Release

SERVER = "postgresql://postgres@127.0.0.1:5432"
SWAPS = 50


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Give the address of an empty database of its own."""
    try:
        with psycopg.connect(f"{SERVER}/postgres", connect_timeout=3, autocommit=True) as server:
            name = f"talentcast_{uuid4().hex[:12]}"
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            yield f"{SERVER}/{name}"
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL server that trusts postgres on 127.0.0.1:5432 ({error})")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "releases"


@pytest.fixture(scope="module")
def both(root: Path) -> tuple[Release, Release]:
    older = publish_small(root, Small(date(2023, 1, 31), 2022, settings="c", has_returns=False))
    return older, publish_small(root)


def test_the_mirror_holds_every_row_and_says_which_release_is_current(
    database: str, root: Path, both: tuple[Release, Release]
) -> None:
    older, latest = both
    counts = mirror([latest, older], root, database)
    with psycopg.connect(database) as connection:
        current = connection.execute("SELECT release_id FROM talentcast.release").fetchall()
        assert current == [(str(latest.release_id),)]
        for name, entry in latest.tables.items():
            statement = sql.SQL("SELECT count(*) FROM {} WHERE release_id = %s").format(
                sql.Identifier("talentcast", name)
            )
            found = connection.execute(statement, [str(latest.release_id)]).fetchone()
            assert found == (entry.rows,)
        hidden = connection.execute(
            "SELECT researchers_at_risk FROM talentcast.return_cohorts WHERE is_suppressed"
        ).fetchall()
    assert set(hidden) == {(None,)}
    assert counts["releases"] == 2


def test_every_table_and_column_is_explained(
    database: str, root: Path, both: tuple[Release, Release]
) -> None:
    mirror(both[1:], root, database)
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT c.relname, a.attname, col_description(c.oid, a.attnum), obj_description(c.oid) "
            "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
            "WHERE c.relnamespace = 'talentcast'::regnamespace AND c.relkind = 'r'"
        ).fetchall()
    assert len(rows) > 50
    for name, column, meaning, grain in rows:
        assert meaning.startswith(table(name).column(column).meaning)
        assert grain == table(name).grain


def test_the_reading_role_cannot_write(
    database: str, root: Path, both: tuple[Release, Release]
) -> None:
    mirror(both[1:], root, database)
    with psycopg.connect(database) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(READER)))
        assert connection.execute("SELECT count(*) FROM talentcast.scores").fetchone() != (0,)
        connection.commit()
        for statement in (
            "DELETE FROM talentcast.scores",
            "UPDATE talentcast.forecasts SET value = 0",
            "CREATE TABLE talentcast.mine (a int)",
            "DROP TABLE talentcast.forecasts",
        ):
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(READER)))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


@pytest.mark.slow
def test_a_reader_never_sees_two_releases_at_once(
    database: str, root: Path, both: tuple[Release, Release]
) -> None:
    small = [_only(release, "country_names", "observations") for release in both]
    mirror(small[:1], root, database)
    seen: list[set[str]] = []
    done = threading.Event()

    def poll() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            while not done.is_set():
                rows = connection.execute(
                    "SELECT release_id FROM talentcast.observations UNION "
                    "SELECT release_id FROM talentcast.country_names UNION "
                    "SELECT release_id FROM talentcast.release"
                ).fetchall()
                seen.append({row[0] for row in rows})
                time.sleep(0.002)

    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            poll()
        except psycopg.Error as error:
            failures.append(error)

    reader = threading.Thread(target=guarded)
    reader.start()
    for swap in range(SWAPS):
        mirror([small[(swap + 1) % 2]], root, database)
    done.set()
    reader.join(timeout=30)
    assert failures == []
    assert len(seen) > SWAPS
    assert {len(releases) for releases in seen} == {1}
    assert set().union(*seen) == {str(release.release_id) for release in both}


def test_a_server_that_cannot_be_reached_is_named_and_nothing_changes(
    root: Path, both: tuple[Release, Release]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceUnavailableError, match="Nothing changed there"):
        mirror(both[:1], root, f"postgresql://nobody@127.0.0.1:{port}/none")


def test_another_kind_of_address_is_refused(root: Path, both: tuple[Release, Release]) -> None:
    with pytest.raises(UsageError, match="postgresql://"):
        mirror(both[:1], root, "mysql://localhost/x")


def _only(release: Release, *names: str) -> Release:
    """Return the release as if it held only some tables, so that a swap is quick."""
    from dataclasses import replace

    return replace(release, tables={name: release.tables[name] for name in names})


def test_the_mirror_drops_a_release_that_is_pruned(database: str, tmp_path: Path) -> None:
    older, latest = (
        publish(draft(f"{number:064}"), tmp_path / "releases", published_at=NOW)
        for number in range(2)
    )
    settings = Settings(home=tmp_path, mirror_to=SecretStr(database))
    mirror([latest, older], settings.releases, database)
    assert update_copies(settings) == ()
    assert mirrored(database) == [str(latest.release_id), str(older.release_id)]
    pruning = plan_pruning(settings.releases, Retention(keep=1), now=datetime.now(UTC))
    prune(pruning, settings.releases, by="a.n", at=datetime.now(UTC))
    assert update_copies(settings) == ()
    assert mirrored(database) == [str(latest.release_id)]
