"""talentcast doctor: what is installed, reachable and writable, and what to do about the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import disk_usage

import httpx

from storage.files import require_room
from storage.objects import ObjectPath
from storage.paths import StorePath
from storage.trial import try_out
from talentcast.cli.options import Home, Json
from talentcast.cli.orchestrator import ask_server
from talentcast.cli.output import print_rows
from talentcast.cli.terminal import say
from talentcast.config import Settings, load_settings, server_url
from talentcast.domain.errors import ConfigurationError, StoreError
from talentcast.store.pointer import list_releases
from talentcast.store.pruning import stored_bytes

LIBRARIES = ("prefect", "great-expectations", "statsmodels", "scikit-learn", "pandas", "deltalake")
LEAST_FREE_BYTES = 500_000_000
START_SERVER = "Start it, or unset PREFECT_API_URL."
LET_IN = "Set PREFECT_API_AUTH_STRING to the user:password of the server."


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
    findings += _stores(settings)
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
        say("All ok.")


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
    return _writable("home" if settings.local == settings.home else "local folder", settings.local)


def _releases(settings: Settings) -> Finding:
    try:
        count = len(list_releases(settings.releases))
    except StoreError as error:
        return Finding("releases", False, str(error), "Do what is said under seen.")
    return Finding("releases", True, f"{count} in {settings.releases}")


def _restricted(settings: Settings) -> Finding:
    releases = settings.releases
    inside = isinstance(releases, Path) and (
        settings.restricted.resolve().is_relative_to(releases.resolve())
    )
    fix = "Move TALENTCAST_RESTRICTED_DIR out of the releases folder."
    return Finding("restricted store", not inside, str(settings.restricted), fix if inside else "")


def _room(settings: Settings) -> Finding:
    places = (settings.local, settings.releases, settings.restricted, settings.snapshots)
    folders = [place for place in places if isinstance(place, Path)]
    return room_for(folders, _needed_bytes(settings.releases))


def room_for(folders: Iterable[Path], needed_bytes: int) -> Finding:
    """Look at the disks of folders; one that is not there yet counts as the folder around it."""
    free = {folder: disk_usage(_present(folder)).free for folder in folders}
    least = min(free, key=lambda folder: free[folder])
    seen = f"{free[least] / 1e6:,.0f} MB free in {least}, {needed_bytes / 1e6:,.0f} MB needed"
    return Finding("free space", free[least] >= needed_bytes, seen, "Free space there, or move it.")


def _present(folder: Path) -> Path:
    return next(each for each in (folder.resolve(), *folder.resolve().parents) if each.exists())


def _needed_bytes(root: StorePath) -> int:
    """Three times the newest release: the new one, its report and exports; at least 500 MB."""
    try:
        newest = list_releases(root)[:1]
    except StoreError:  # another line says so
        newest = []
    used = sum(stored_bytes(release.release_id, root) for release in newest)
    return max(LEAST_FREE_BYTES, 3 * used)


def _stores(settings: Settings) -> list[Finding]:
    """Try the object stores that are set, once each."""
    places = {settings.releases: "releases", settings.snapshots: "snapshots"}
    return [
        Finding(f"{name}: {trial.what}", trial.is_ok, trial.seen, trial.fix)
        for place, name in places.items()
        if isinstance(place, ObjectPath)
        for trial in try_out(place)
    ]


def _server(_: Settings) -> Finding:
    what, url = "prefect server", server_url()
    if url is None:
        return Finding(what, True, "none set: each run starts its own")
    try:
        reply = ask_server(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(what, False, f"{url}: {type(error).__name__}", START_SERVER)
    fix = LET_IN if reply.status_code == httpx.codes.UNAUTHORIZED else START_SERVER
    return Finding(what, reply.is_success, f"{url}: HTTP {reply.status_code}", fix)


CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _python,
    _home,
    _releases,
    _restricted,
    _room,
    _server,
)
