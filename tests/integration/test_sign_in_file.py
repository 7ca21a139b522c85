"""The dashboard does not start with a sign-in that nobody could use, or not safely."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from console import Console

from dashboard.sign_in_file import require_usable
from talentcast.domain.errors import ConfigurationError

EXAMPLE = (Path(__file__).parents[2] / "deploy" / "sign-in.toml.example").read_text()
GOOD = EXAMPLE.replace('= ""', f'= "{"s" * 40}"')


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "sign-in.toml"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_the_example_is_usable_once_it_is_filled_in(tmp_path: Path) -> None:
    require_usable(written(tmp_path, GOOD))
    require_usable(
        written(tmp_path, GOOD.replace("https://talentcast.example.org", "http://127.0.0.1:{port}"))
    )
    assert set(tomllib.loads(EXAMPLE)) == {"auth"}


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (EXAMPLE, 0o600, "cookie_secret has fewer than 32 characters"),
        (GOOD.replace("client_id", "id"), 0o600, r"section \[auth\] lacks client_id\."),
        (GOOD.replace("[auth]", "[sign-in]"), 0o600, "lacks redirect_uri, cookie_secret, client_"),
        (GOOD.replace("/oauth2callback", "/back"), 0o600, "does not end with /oauth2callback"),
        (GOOD.replace("https:", "http:"), 0o600, "redirect_uri and server_metadata_url must begin"),
        (GOOD.replace("[auth]", "[auth"), 0o600, "it is no TOML"),
        (GOOD, 0o640, "chmod 600"),
    ],
)
def test_a_file_that_lacks_something_or_is_open_to_others_is_refused(
    tmp_path: Path, text: str, mode: int, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        require_usable(written(tmp_path, text, mode))
    assert "s" * 40 not in str(refused.value)


def test_serve_says_so_and_ends(
    talentcast: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALENTCAST_DASHBOARD_SIGN_IN", str(tmp_path / "nowhere.toml"))
    code, _, said = talentcast("serve")
    assert code == 6
    assert "cannot be read (No such file or directory)" in " ".join(said.split())
    monkeypatch.setenv("TALENTCAST_DASHBOARD_SIGN_IN", "")
    monkeypatch.setenv("TALENTCAST_DASHBOARD_READERS", "@example.org")
    code, _, said = talentcast("serve")
    assert code == 6
    assert "set both or neither" in " ".join(said.split())
