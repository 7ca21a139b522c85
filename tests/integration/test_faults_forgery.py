"""Rows of releases that somebody with access to the store rewrote, in every way there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from console import Console
from deltalake import write_deltalake
from small_release import Small, small_draft
from streamlit.testing.v1 import AppTest

import talentcast
from flows.steps.deliver import update_copies
from readers import cache
from talentcast.config import load_settings
from talentcast.domain.errors import IntegrityError
from talentcast.domain.tables import RELEASES
from talentcast.store.pointer import events
from talentcast.store.publisher import publish
from talentcast.store.release import Release
from talentcast.store.schema import arrow_schema
from talentcast.store.signing import Signer, write_new_key

NOW = datetime(2024, 2, 1, tzinfo=UTC)
SCRIPT = Path(__file__).parents[2] / "dashboard" / "entry" / "script.py"

Forge = Callable[[Release, Release, Signer], Release]


def edited(release: Release) -> Release:
    return replace(release, quality={"passed": 99})


def hashed_anew(release: Release) -> Release:
    return replace(release, manifest_sha256=release.manifest_hash())


FORGERIES: dict[str, tuple[Forge, str]] = {
    "edited": (lambda latest, _, __: edited(latest), "it was changed"),
    "edited and hashed anew": (
        lambda latest, _, __: hashed_anew(edited(latest)),
        "it was not signed with this key",
    ),
    "signed with another key": (
        lambda latest, _, own: edited(latest).sealed(sequence=latest.sequence, signer=own),
        "it was not signed with this key",
    ),
    "signature of another release": (
        lambda latest, older, _: replace(hashed_anew(edited(latest)), signature=older.signature),
        "it was not signed with this key",
    ),
    "hash and signature of another release": (
        lambda latest, older, _: replace(
            edited(latest), manifest_sha256=older.manifest_sha256, signature=older.signature
        ),
        "it was changed",
    ),
    "signature removed": (
        lambda latest, _, __: replace(hashed_anew(edited(latest)), signature=None),
        "it is not signed",
    ),
    "hash and signature removed": (
        lambda latest, _, __: replace(edited(latest), manifest_sha256=None, signature=None),
        "it is not signed",
    ),
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the publisher's key, and that of somebody else."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        write_new_key(folder / name)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def two(home: Path, keys: Path) -> tuple[Release, Release]:
    signer, root = Signer.from_file(keys / "ours"), home / "releases"
    older, latest = (
        publish(small_draft(small), root, published_at=NOW, signer=signer)
        for small in (
            Small(date(2023, 1, 31), 2022, settings="c", has_returns=False),
            Small(has_returns=False),
        )
    )
    return older, latest


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(monkeypatch, capsys)


def rewrite(root: Path, *rows: Release) -> None:
    """Put other rows in the place of all events, as somebody does who may write to the store."""
    forged = pa.Table.from_pylist([row.to_row() for row in rows], schema=arrow_schema(RELEASES))
    write_deltalake(str(root / RELEASES.name), forged, mode="overwrite")


def said_by_readers(home: Path, out: Path, console: Console) -> list[str]:
    """Return what every way to read the latest release says."""
    said = []
    with pytest.raises(IntegrityError) as refused:
        talentcast.read("forecasts", home=home)
    said.append(str(refused.value))
    with pytest.raises(IntegrityError) as refused:
        talentcast.probability_ahead("CHN", "USA", population="neurips_authorships", home=home)
    said.append(str(refused.value))
    for command in (
        ("releases", "show"),
        ("export", "--format", "csv", "--out", out),
        ("site", "--out", out / "site"),
        ("mirror", "--to", "postgresql://nobody@127.0.0.1:9/none"),
    ):
        code, printed, line = console(*command, "--home", home)
        assert (code, printed) == (IntegrityError.exit_code, "")
        said.append(line)
    said += update_copies(load_settings(home).model_copy(update={"site_to": out / "copy"}))
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).run()
    assert not app.exception
    said.append(" ".join(str(element.proto.body) for element in app.get("html")))
    assert not out.exists()
    return said


@pytest.mark.parametrize("forgery", FORGERIES)
def test_f060_a_forged_row_is_told_by_verify_and_shown_by_no_reader(
    forgery: str,
    two: tuple[Release, Release],
    keys: Path,
    home: Path,
    tmp_path: Path,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older, latest = two
    root = home / "releases"
    monkeypatch.setenv("TALENTCAST_HOME", str(home))
    monkeypatch.setenv("TALENTCAST_VERIFYING_KEY_FILE", str(keys / "ours.pub"))
    assert console("releases", "verify", "--home", home)[0] == 0
    assert len(talentcast.read("country_names"))
    forge, why = FORGERIES[forgery]
    forged = forge(latest, older, Signer.from_file(keys / "theirs"))
    rewrite(root, *(forged if one == latest else one for one in events(root)))
    code, _, said = console("releases", "verify", "--home", home)
    assert code == IntegrityError.exit_code
    assert f"manifest of {latest.release_id}, row {latest.sequence}: {why}" in said
    assert str(older.release_id) not in said
    assert all(why in line for line in said_by_readers(home, tmp_path / "out", console))
    rewrite(root, *(latest if one == forged else one for one in events(root)))  # the backup
    assert console("releases", "verify", "--home", home)[0] == 0
    assert len(talentcast.read("country_names"))


def test_f060_with_another_verifying_key_nothing_passes(
    two: tuple[Release, Release],
    keys: Path,
    home: Path,
    tmp_path: Path,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TALENTCAST_HOME", str(home))
    monkeypatch.setenv("TALENTCAST_VERIFYING_KEY_FILE", str(keys / "theirs.pub"))
    code, _, said = console("releases", "verify", "--home", home)
    assert code == IntegrityError.exit_code
    assert said.count("it was not signed with this key") == len(two)
    readers = said_by_readers(home, tmp_path / "out", console)
    assert all("it was not signed with this key" in line for line in readers)
    monkeypatch.delenv("TALENTCAST_VERIFYING_KEY_FILE")
    assert len(talentcast.read("country_names"))
    assert cache.find("latest", home / "releases") == two[1]
