"""What an operator types about releases that are there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from console import Console
from release_drafts import NOW, draft

from talentcast.store.pointer import find_release
from talentcast.store.publisher import publish
from talentcast.store.release import Release


@pytest.fixture
def two(tmp_path: Path) -> tuple[Release, Release]:
    root = tmp_path / "releases"
    return (
        publish(draft(), root, published_at=NOW),
        publish(draft("b" * 64, FRA="Frankreich", ITA="Italien"), root, published_at=NOW),
    )


def test_a_retracted_release_gives_way_and_comes_back(
    talentcast: Console, two: tuple[Release, Release], tmp_path: Path
) -> None:
    first, second = (str(release.release_id) for release in two)
    code, out, _ = talentcast(
        "releases",
        "retract",
        "latest",
        "--reason",
        "Wrong counts",
        "--by",
        "a.n",
        "--home",
        tmp_path,
    )
    assert code == 0
    assert f"Retracted {second}." in out
    assert f"The latest release is now {first}." in out
    code, out, err = talentcast(
        "releases", "retract", second, "--reason", "Again", "--home", tmp_path
    )
    assert (code, out) == (5, "")
    assert "retracted already (Wrong counts (a.n))" in err
    code, _, _ = talentcast("releases", "restore", second, "--reason", "Right", "--home", tmp_path)
    assert code == 0
    assert str(find_release("latest", tmp_path / "releases").release_id) == second


def test_a_reason_is_required(
    talentcast: Console, two: tuple[Release, Release], tmp_path: Path
) -> None:
    code, _, err = talentcast("releases", "retract", "latest", "--reason", " ", "--home", tmp_path)
    assert code == 2
    assert "Say why and who" in err


def test_two_releases_are_compared_by_key(
    talentcast: Console, two: tuple[Release, Release], tmp_path: Path
) -> None:
    code, out, _ = talentcast(
        "releases", "diff", str(two[0].release_id), "latest", "--home", tmp_path, "--json"
    )
    assert code == 0
    assert json.loads(out) == [
        {"table": "country_names", "only_first": 1, "only_second": 1, "changed": 1, "same": 0}
    ]
    code, out, _ = talentcast("releases", "diff", "latest", "latest", "--home", tmp_path, "--json")
    assert [row["same"] for row in json.loads(out)] == [2]


def test_damage_is_said_and_withdrawn_when_asked(
    talentcast: Console, two: tuple[Release, Release], tmp_path: Path
) -> None:
    first, second = two
    root = tmp_path / "releases"
    (root / "country_names" / second.tables["country_names"].files[0].path).unlink()
    code, _, err = talentcast("releases", "verify", "--withdraw", "--home", tmp_path)
    assert code == 5
    assert f"Retracted {second.release_id}." in err
    assert "is gone" in err
    assert find_release("latest", root).release_id == first.release_id


def test_a_signed_release_is_verified_with_the_public_key(
    talentcast: Console,
    monkeypatch: pytest.MonkeyPatch,
    two: tuple[Release, Release],
    tmp_path: Path,
) -> None:
    key = tmp_path / "key.pem"
    code, out, _ = talentcast("releases", "new-key", key)
    assert code == 0
    assert "TALENTCAST_VERIFYING_KEY_FILE" in out
    assert key.stat().st_mode & 0o077 == 0
    code, _, err = talentcast("releases", "new-key", key)
    assert code == 6
    assert "never overwritten" in err
    monkeypatch.setenv("TALENTCAST_VERIFYING_KEY_FILE", f"{key}.pub")
    code, _, err = talentcast("releases", "verify", "latest", "--home", tmp_path)
    assert code == 5
    assert "it is not signed" in err
    monkeypatch.setenv("TALENTCAST_VERIFYING_KEY_FILE", str(key))
    code, _, err = talentcast("releases", "verify", "latest", "--home", tmp_path)
    assert code == 6
    assert "new-key" in err


def test_nothing_left_behind_is_said(
    talentcast: Console, two: tuple[Release, Release], tmp_path: Path
) -> None:
    code, out, _ = talentcast("releases", "clean", "--home", tmp_path)
    assert (code, out) == (0, "Nothing is left behind.\n")
