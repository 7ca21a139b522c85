"""A feed of releases in Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from readers.site.citation import AUTHOR
from talentcast.store.release import Release
from talentcast.templates import render


def feed(
    releases: Sequence[Release],
    headlines: Mapping[str, str],
    *,
    url: str,
    shown: Collection[str],
) -> str:
    """Return the feed; its times are those of the releases.

    Args:
        releases: Newest first.
        shown: Ids of those with pages of their own; the others lead to the list of releases.
        headlines: What a release says first, by id, where it is shown.
        url: Of the site, ending with a slash; empty where the site does not know its address.
    """
    entries = [
        {
            "id": _id(f"release/{release.release_id}/{release.status}"),
            "title": f"Release {release.release_id}",
            "updated": _moment(release.published_at),
            "url": url + _page(str(release.release_id), shown),
            "summary": _summary(release, headlines.get(str(release.release_id), "")),
        }
        for release in releases
    ]
    return render(
        "readers",
        "site/feed.xml",
        id=_id("releases"),
        author=AUTHOR,
        updated=_moment(max(release.published_at for release in releases)),
        url=url,
        entries=entries,
    )


def _page(release_id: str, shown: Collection[str]) -> str:
    return f"releases/{release_id}/index.html" if release_id in shown else "releases.html"


def _summary(release: Release, headline: str) -> str:
    said = f"Data as of {release.as_of.as_of}, {release.kind} run, {release.status}."
    return " ".join(filter(None, (headline, said, release.reason)))


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _id(name: str) -> str:
    return uuid5(NAMESPACE_URL, f"talentcast/{name}").urn
