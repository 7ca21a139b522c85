"""The file that names the provider of the sign-in, looked at before the dashboard starts."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from talentcast.domain.errors import ConfigurationError
from talentcast.key_files import read_key_file

#: Streamlit's names, all in the section `auth`.
_NEEDED: Final = (
    "redirect_uri",
    "cookie_secret",
    "client_id",
    "client_secret",
    "server_metadata_url",
)
_RETURN: Final = "/oauth2callback"
#: Characters of the secret that signs cookies.
_LEAST_SECRET: Final = 32
_THIS_MACHINE: Final = {"127.0.0.1", "localhost", "::1"}


def require_usable(path: Path) -> None:
    """Refuse a file with which nobody could sign in, or not safely.

    Raises:
        ConfigurationError: If it is missing, others may read it, or something in it is missing
            or unsafe; also if the library for signing in is not installed.
    """
    if problem := _problem(path):
        raise ConfigurationError(
            f"TALENTCAST_DASHBOARD_SIGN_IN={path} is unusable: {problem} See docs/how-to/deploy.md."
        )
    if find_spec("authlib") is None:
        raise ConfigurationError(
            "A sign-in needs the library Authlib. Install it: pip install 'talentcast[sign-in]'."
        )


def _problem(path: Path) -> str | None:
    try:
        found = tomllib.loads(read_key_file(path).decode())
    except OSError as error:
        return f"it cannot be read ({error.strerror})."
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):  # their words quote the file
        return "it is no TOML."
    section = found.get("auth")
    auth: dict[str, Any] = section if isinstance(section, dict) else {}
    if missing := [name for name in _NEEDED if not isinstance(auth.get(name), str)]:
        return f"its section [auth] lacks {', '.join(missing)}."
    if len(auth["cookie_secret"]) < _LEAST_SECRET:
        return (
            f"its cookie_secret has fewer than {_LEAST_SECRET} characters. Make one with: "
            'python -c "import secrets; print(secrets.token_hex(32))".'
        )
    if not auth["redirect_uri"].endswith(_RETURN):
        return f"its redirect_uri does not end with {_RETURN}."
    if open_to_all := [
        name for name in ("redirect_uri", "server_metadata_url") if _is_open(auth[name])
    ]:
        return f"its {' and '.join(open_to_all)} must begin with https://."
    return None


def _is_open(address: str) -> bool:
    """Whether others on the way may read and change what is sent there."""
    # Streamlit puts its port in this place.
    parts = urlsplit(address.replace("{port}", "0"))
    return parts.scheme != "https" and parts.hostname not in _THIS_MACHINE
