"""talentcast doctor: what is installed, reachable and writable, and what to do about the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx
import typer

from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows
from talentcast.config import Settings, load_settings, server_url
from talentcast.domain.errors import ConfigurationError, StoreError
from talentcast.store.files import require_room
from talentcast.store.pointer import list_releases

LIBRARIES = ("prefect", "great-expectations", "statsmodels", "scikit-learn", "pandas", "deltalake")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what to do if it is not ok."""

    what: str
    is_ok: bool
    seen: str
    fix: str = ""


def doctor(*, home: Home = None, json: Json = False) -> None:
    """Say what is installed, reachable and writable, and what to do about what is not.

    Example: talentcast doctor
    """
    settings = load_settings(home)
    findings = [check(settings) for check in CHECKS]
    findings += [_library(name) for name in LIBRARIES]
    print_rows(
        [
            {
                "what": f.what,
                "state": "ok" if f.is_ok else "fix",
                "seen": f.seen,
                "do": "" if f.is_ok else f.fix,
            }
            for f in findings
        ],
        as_json=json,
    )
    if bad := [f.what for f in findings if not f.is_ok]:
        raise ConfigurationError(f"To fix: {', '.join(bad)}. The table above says how.")
    if not json:
        typer.echo("All ok.")


def _python(_: Settings) -> Finding:
    seen = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= (3, 11), seen, "Install Python 3.11 or newer.")


def _library(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "not installed", "Run: make setup")


def _writable(what: str, folder: Path) -> Finding:
    try:
        require_room(folder, 1)
        return Finding(what, True, str(folder))
    except OSError as error:
        fix = "Set TALENTCAST_HOME to a folder you may write to, or pass --home."
        return Finding(what, False, f"{folder}: {error.strerror}", fix)


def _home(settings: Settings) -> Finding:
    return _writable("home", settings.home)


def _releases(settings: Settings) -> Finding:

    try:
        count = len(list_releases(settings.releases))
    except StoreError as error:
        return Finding("releases", False, str(error), "Do what is said under seen.")
    return Finding("releases", True, f"{count} in {settings.releases}")


def _restricted(settings: Settings) -> Finding:
    inside = settings.restricted.resolve().is_relative_to(settings.releases.resolve())
    fix = "Move TALENTCAST_RESTRICTED_DIR out of the releases folder."
    return Finding("restricted store", not inside, str(settings.restricted), fix if inside else "")


def _server(_: Settings) -> Finding:

    url = server_url()
    if url is None:
        return Finding("prefect server", True, "none set: each run starts its own")

    try:
        reply = httpx.get(f"{url.rstrip('/')}/health", timeout=5)
        is_ok, seen = reply.is_success, f"{url}: HTTP {reply.status_code}"
    except httpx.HTTPError as error:
        is_ok, seen = False, f"{url}: {type(error).__name__}"
    return Finding("prefect server", is_ok, seen, "Start it, or unset PREFECT_API_URL.")


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _python,
    _home,
    _releases,
    _restricted,
    _server,
)
