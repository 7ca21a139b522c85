"""talentcast doctor: what is installed, reachable and writable, and what to do about the rest."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows
from talentcast.domain.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from talentcast.config import Settings

LIBRARIES = ("prefect", "great-expectations", "statsmodels", "scikit-learn", "pandas", "deltalake")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and the mend if it is not well."""

    what: str
    is_well: bool
    seen: str
    mend: str = ""


def doctor(*, home: Home = None, json: Json = False) -> None:
    """Say what is installed, reachable and writable, and what to do about what is not.

    Example: talentcast doctor
    """
    from talentcast.config import load_settings

    settings = load_settings(home)
    findings = [examine(settings) for examine in EXAMINATIONS]
    findings += [_library(name) for name in LIBRARIES]
    print_rows(
        [
            {
                "what": f.what,
                "state": "well" if f.is_well else "mend",
                "seen": f.seen,
                "do": "" if f.is_well else f.mend,
            }
            for f in findings
        ],
        as_json=json,
    )
    if ill := [f.what for f in findings if not f.is_well]:
        raise ConfigurationError(f"To mend: {', '.join(ill)}. The table above says how.")
    if not json:
        typer.echo("All well.")


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
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding(what, True, str(folder))
    except OSError as error:
        mend = "Set TALENTCAST_HOME to a folder you may write to, or pass --home."
        return Finding(what, False, f"{folder}: {error.strerror}", mend)


def _home(settings: Settings) -> Finding:
    return _writable("home", settings.home)


def _releases(settings: Settings) -> Finding:
    from talentcast.store.pointer import list_releases

    try:
        count = len(list_releases(settings.releases))
    except StoreError as error:
        return Finding("releases", False, str(error), "Restore the folder from a backup.")
    return Finding("releases", True, f"{count} in {settings.releases}")


def _restricted(settings: Settings) -> Finding:
    inside = settings.restricted.resolve().is_relative_to(settings.releases.resolve())
    mend = "Move TALENTCAST_RESTRICTED_DIR out of the releases folder."
    return Finding("restricted store", not inside, str(settings.restricted), mend if inside else "")


def _server(_: Settings) -> Finding:
    from talentcast.config import server_url

    url = server_url()
    if url is None:
        return Finding("prefect server", True, "none set: each run starts its own")
    import httpx

    try:
        reply = httpx.get(f"{url.rstrip('/')}/health", timeout=5)
        is_well, seen = reply.is_success, f"{url}: HTTP {reply.status_code}"
    except httpx.HTTPError as error:
        is_well, seen = False, f"{url}: {type(error).__name__}"
    return Finding("prefect server", is_well, seen, "Start it, or unset PREFECT_API_URL.")


EXAMINATIONS: tuple[Callable[[Settings], Finding], ...] = (
    _python,
    _home,
    _releases,
    _restricted,
    _server,
)
