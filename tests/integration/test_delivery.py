"""What follows a release: a report and a mirror, neither of which can undo it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from console import Console
from psycopg import sql
from small_release import Small, publish_small

from flows.steps.deliver import mirror_current, update_copies
from readers.export.postgres import mirror, mirrored
from talentcast.config import Settings, load_settings
from talentcast.domain.errors import IntegrityError, SourceUnavailableError
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
def console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(monkeypatch, capsys)


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
    assert line.endswith("Then run: talentcast releases deliver")
    assert "s3cret" not in line + caplog.text


def test_a_run_that_is_killed_before_it_delivers_is_made_up_for_by_the_next_one(
    counts: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with monkeypatch.context() as patch:
        patch.setattr("flows.steps.pipeline.deliver", killed)
        with pytest.raises(KeyboardInterrupt):
            refresh(counts, home)
    released = latest_release(home / "releases")
    assert released is not None
    page = home / "reports" / f"talentcast-{released.release_id}.html"
    assert not page.exists()
    monkeypatch.setenv("TALENTCAST_MIRROR_TO", database)
    again = refresh(counts, home)
    assert not again.is_new
    assert again.undelivered == ()
    assert page.exists()
    assert mirrored(database) == [str(released.release_id)]


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_command_delivers_what_is_undone_and_nothing_twice(
    database: str, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALENTCAST_MIRROR_TO", database)
    home = tmp_path / "home"
    released = publish_small(home / "releases")
    page = home / "reports" / f"talentcast-{released.release_id}.html"
    assert console("releases", "deliver", "--home", home)[0] == 0
    assert mirrored(database) == [str(released.release_id)]
    written = page.stat().st_mtime_ns
    assert console("releases", "deliver", released.release_id, "--home", home)[0] == 0
    assert page.stat().st_mtime_ns == written
    assert not mirror_current(load_settings(home))
    monkeypatch.setenv("TALENTCAST_MIRROR_TO", "postgresql://writer@127.0.0.1:9/none")
    code, _, said = console("releases", "deliver", "--home", home)
    assert code == SourceUnavailableError.exit_code
    assert "Then run: talentcast releases deliver" in said


def test_the_mirror_follows_a_retraction_and_a_restoration(
    database: str, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.retract import restore, retract

    monkeypatch.setenv("TALENTCAST_MIRROR_TO", database)
    home = tmp_path / "home"
    older = publish_small(home / "releases", Small(date(2023, 1, 31), 2022, settings="c"))
    latest = publish_small(home / "releases")
    assert console("releases", "deliver", "--home", home)[0] == 0
    assert mirrored(database) == [str(latest.release_id)]
    why = ("--reason", "a test", "--by", "me", "--home", home)
    assert console("releases", "retract", latest.release_id, *why)[0] == 0
    assert mirrored(database) == [str(older.release_id)]
    retract(str(older.release_id), reason="a test", by="me", home=home)
    assert mirrored(database) == []
    restore(str(latest.release_id), reason="a test", by="me", home=home)
    assert mirrored(database) == [str(latest.release_id)]
    assert console("releases", "restore", older.release_id, *why)[0] == 0
    assert mirrored(database) == [str(latest.release_id)]


def test_the_mirror_follows_the_withdrawal_of_a_damaged_release(
    database: str, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALENTCAST_MIRROR_TO", database)
    root = tmp_path / "home" / "releases"
    older = publish_small(root, Small(date(2023, 1, 31), 2022, settings="c"))
    latest = publish_small(root)
    mirror([latest, older], root, database)
    data = root / "observations" / latest.tables["observations"].files[0].path
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    code, _, _ = console("releases", "verify", "--withdraw", "--home", tmp_path / "home")
    assert code == IntegrityError.exit_code
    assert mirrored(database) == [str(older.release_id)]


def test_the_site_that_is_set_shows_what_is_current(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, site_to=tmp_path / "site")
    assert update_copies(settings) == ()
    assert not (tmp_path / "site").exists()  # there is no release yet
    first = publish_small(settings.releases)
    assert update_copies(settings) == ()
    state = (tmp_path / "site" / "state.js").read_text()
    assert str(first.release_id) in state
    written = (tmp_path / "site" / "index.html").stat().st_mtime_ns
    assert update_copies(settings) == ()
    assert (tmp_path / "site" / "index.html").stat().st_mtime_ns == written
    second = publish_small(settings.releases, Small(settings="b"))
    assert update_copies(settings) == ()
    assert str(second.release_id) in (tmp_path / "site" / "state.js").read_text()


def test_a_folder_that_is_no_site_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, site_to=tmp_path / "photos")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("cat")
    publish_small(settings.releases)
    (line,) = update_copies(settings)
    assert line.startswith("No site:")
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]
