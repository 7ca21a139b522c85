"""A site of releases: each in a folder that never moves, the newest in front, an index of all.

index.html, releases.html, feed.xml      what is newest, and what there is
country/CHN.html, embed/..., ...         lead on to the newest release
releases/ID/                             one release, whole: it can be copied alone
releases/2024-01-31/                     leads on to the newest release as of that day
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from markupsafe import Markup

from readers import cache, html
from readers.html import Head
from readers.site import layout
from readers.site.feed import feed
from readers.site.model import SitePage
from readers.site.writer import Progress, WrittenRelease, write_release
from storage.paths import StorePath
from talentcast.domain.errors import UsageError
from talentcast.store.pointer import choose_release
from talentcast.store.release import Release

#: Where the index says what is newest and what was retracted; also the sign that this is a site.
STATE: Final = "state.js"
#: Older releases that get a folder of their own.
OLDER: Final = 5
#: Folders whose pages lead on to the newest release.
_LEADING_ON: Final = ("country", "population", "embed")


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """How a site is made.

    Attributes:
        url: Address at which it will stand, for feeds, citations and descriptions; may be empty.
        older: Older releases that get a folder of their own too, at most.
        with_samples: Write joint samples too.
    """

    url: str = ""
    older: int = OLDER
    with_samples: bool = False

    @property
    def address(self) -> str:
        """The address, ending with a slash if there is one."""
        return self.url if not self.url or self.url.endswith("/") else f"{self.url}/"


def write_site(
    root: StorePath,
    out: Path,
    options: SiteOptions = SiteOptions(),
    *,
    require: Callable[[Release], Release] = lambda release: release,
    progress: Progress = lambda what, done, total: None,
) -> Path:
    """Write the newest release and the index; older releases where they are not there yet.

    Args:
        root: Root of the release store.
        out: Folder of the site: new, empty, or a site.
        options: How.
        require: Returns a release, or raises if it is not what its publisher made it.
        progress: Told how far it is.

    Returns:
        The first page.

    Raises:
        StoreError: If there is no release yet.
        UsageError: If the folder holds something else.
    """
    require_site(out)
    known = cache.releases(root)
    latest = require(choose_release("latest", known, root))
    wanted = [
        release
        for release in known
        if release.is_current and release.release_id != latest.release_id
    ][: options.older]
    for release in reversed(wanted):
        if not _folder(out, release).is_dir():
            _write_whole(require(release), root, out, options, progress)
    newest = _write_whole(latest, root, out, options, progress)
    _write_index(known, latest, newest, out, options)
    return out / "index.html"


def shows_newest(root: StorePath, out: Path) -> bool:
    """Tell whether a site says of every release what the store says; an absent one does not."""
    known = cache.releases(root)
    latest = choose_release("latest", known, root)
    state = out / STATE
    return state.is_file() and state.read_text(encoding="utf-8") == _state(known, latest)


def require_site(out: Path) -> None:
    """Make sure that nothing but a site is written over.

    Raises:
        UsageError: If the folder holds something else.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / STATE).is_file():
        raise UsageError(
            f"{out} holds files that are no site of talentcast. Name a new or empty folder with "
            "--out.",
            parameters=("out",),
        )


def _write_whole(
    release: Release, root: StorePath, out: Path, options: SiteOptions, progress: Progress
) -> WrittenRelease:
    """Write the folder of a release beside its place, then put it there."""
    folder = _folder(out, release)
    beside = folder.with_name(f".{folder.name}-{uuid4().hex}")
    for left in folder.parent.glob(".*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    # From here on the folder is a site, also if this is interrupted.
    out.mkdir(parents=True, exist_ok=True)
    (out / STATE).touch()
    try:
        made = write_release(
            release,
            root,
            beside,
            url=f"{options.address}releases/{release.release_id}/",
            with_samples=options.with_samples,
            progress=progress,
        )
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return made


def _write_index(
    known: Sequence[Release],
    latest: Release,
    newest: WrittenRelease,
    out: Path,
    options: SiteOptions,
) -> None:
    folder = _folder(out, latest)
    base = f"releases/{latest.release_id}/"
    for name in _LEADING_ON:
        shutil.rmtree(out / name, ignore_errors=True)
    for page in sorted(folder.rglob("*.html")):
        path = page.relative_to(folder)
        target = "../" * (len(path.parts) - 1) + base + path.as_posix()
        _write(out / path, layout.moved(target))
    _write(out / "index.html", newest.overview(base=base, top=""))
    _write(out / "releases.html", layout.page(_releases(known, latest, out), {}, base=base, top=""))
    for day, release in sorted(_by_day(known, out).items()):
        _write(out / "releases" / day / "index.html", layout.moved(f"../{release}/index.html"))
    shown = [str(one.release_id) for one in known if _folder(out, one).is_dir()]
    text = feed(known, newest.headlines, url=options.address, shown=shown)
    _write(out / "feed.xml", text)
    _write(out / STATE, _state(known, latest))


def _state(known: Sequence[Release], latest: Release) -> str:
    state = {
        "latest": str(latest.release_id),
        "status": {str(release.release_id): release.status for release in known},
        "retracted": {str(r.release_id): r.reason or "" for r in known if r.status == "retracted"},
    }
    return f"window.talentcastSite = {json.dumps(state, sort_keys=True)};\n"


def _releases(known: Sequence[Release], latest: Release, out: Path) -> SitePage:
    heads = [
        Head("Release", is_number=False),
        Head("Published", is_number=False),
        Head("As of", is_number=False),
        Head("State", is_number=False),
        Head("Why", is_number=False, is_secondary=True),
        Head("Manifest sha256", is_number=False, is_secondary=True),
    ]
    rows = [
        [
            _link(str(release.release_id), _folder(out, release).is_dir()),
            f"{release.published_at:%Y-%m-%d %H:%M} UTC",
            f"{release.as_of.as_of}, {release.vintage_kind} vintage",
            release.status + (", latest" if release.release_id == latest.release_id else ""),
            release.reason or f"{release.kind} run",
            (release.manifest_sha256 or "none")[:16],
        ]
        for release in known
    ]
    days = [
        [_link(day, True), release] for day, release in sorted(_by_day(known, out).items())[::-1]
    ]
    body = (
        html.kicker("Releases", f"{len(known)} known")
        + html.heading("A release never changes; a correction is a new release", 1)
        + html.table(heads, rows, caption="Releases, newest first")
        + html.heading("By day of the data")
        + html.table(
            [Head("As of", is_number=False), Head("Release", is_number=False)],
            days,
            caption="The newest release of each day",
        )
    )
    return SitePage("releases.html", "Releases", "Releases", [body])


def _link(folder: str, is_there: bool) -> str:
    """Return a link to a folder of releases; plain text if the site does not hold it."""
    if not is_there:
        return folder
    return Markup('<a href="@@/releases/{}/index.html">{}</a>').format(folder, folder)


def _by_day(known: Sequence[Release], out: Path) -> dict[str, str]:
    """Return the newest release of each day of data, of those that the site holds."""
    days: dict[str, str] = {}
    for release in known:
        if release.status == "published" and _folder(out, release).is_dir():
            days.setdefault(str(release.as_of.as_of), str(release.release_id))
    return days


def _folder(out: Path, release: Release) -> Path:
    return out / "releases" / str(release.release_id)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
