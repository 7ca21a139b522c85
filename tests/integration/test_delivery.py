"""What follows a release: a report and a mirror, neither of which can undo it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from talentcast.store.pointer import latest_release

pytestmark = pytest.mark.usefixtures("orchestrator")

SERVER = "postgresql://postgres@127.0.0.1:5432"


@pytest.fixture
def counts(tmp_path: Path) -> str:
    rows = [
        f"{year},{country},{size + 10 * (year - 2000)}"
        for year in range(2000, 2015)
        for country, size in (("FRA", 900), ("ITA", 700), ("ESP", 500))
    ]
    path = tmp_path / "lab.csv"
    path.write_text("\n".join(["year,country,researchers", *rows]))
    return str(path)


@pytest.fixture
def database() -> Iterator[str]:
    with psycopg.connect(f"{SERVER}/postgres", connect_timeout=3, autocommit=True) as server:
        name = f"talentcast_{uuid4().hex[:12]}"
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield f"{SERVER}/{name}"
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def refresh(counts: str, home: Path):  # type: ignore[no-untyped-def]
    from flows.refresh import refresh as refresh_flow

    return refresh_flow(sources=[counts], models=["naive", "drift"], home=home)


def test_a_release_comes_with_its_report_and_goes_to_the_mirror_that_is_set(
    counts: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALENTCAST_MIRROR_TO", database)
    refreshed = refresh(counts, tmp_path / "home")
    name = str(refreshed.release.release_id)
    assert refreshed.undelivered == ()
    page = tmp_path / "home" / "reports" / f"talentcast-{name}.html"
    assert name in page.read_text(encoding="utf-8")
    with psycopg.connect(database) as connection:
        current = connection.execute("SELECT release_id FROM talentcast.release").fetchall()
    assert current == [(name,)]


def test_a_mirror_that_cannot_be_reached_is_said_and_the_release_stays(
    counts: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TALENTCAST_MIRROR_TO", "postgresql://writer:s3cret@127.0.0.1:9/none")
    refreshed = refresh(counts, tmp_path / "home")
    current = latest_release(tmp_path / "home" / "releases")
    assert current is not None
    assert current.release_id == refreshed.release.release_id
    (line,) = refreshed.undelivered
    assert "PostgreSQL on 127.0.0.1 cannot be mirrored to" in line
    assert line.endswith("Then run: talentcast mirror --to postgresql://user@host:5432/database")
    assert "s3cret" not in line + caplog.text
