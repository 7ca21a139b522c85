"""talentcast site: releases as a web site of plain files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readers.site.index import OLDER, SiteOptions, require_site, write_site
from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows, writing_into
from talentcast.cli.progress import progress_bar
from talentcast.config import load_settings
from talentcast.store.pointer import find_release
from talentcast.store.signing import Verifier
from talentcast.store.verification import require_genuine


def site(
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder of the site: new, empty, or a site.")],
    url: Annotated[
        str, typer.Option("--url", help="Address at which it will stand, for feeds and citations.")
    ] = "",
    older: Annotated[
        int, typer.Option("--older", min=0, help="Older releases that get a folder too, at most.")
    ] = OLDER,
    samples: Annotated[
        bool, typer.Option("--samples", help="Write the joint samples too; they are large.")
    ] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Write the newest release as a web site of plain files, which needs no server.

    Open its `index.html`, or put the folder on any web server. Run it again after the next
    release: older ones keep their folders.

    Example: talentcast site --out public --url https://example.org/talent/
    """
    settings = load_settings(home)
    root = settings.releases
    verifier = Verifier.configured(settings.verifying_key_file)
    # Says what to do if there is none, or none to be trusted, before a folder is made.
    require_genuine(find_release("latest", root), verifier)
    require_site(out)
    with writing_into(out), progress_bar() as progress:
        first = write_site(
            root,
            out,
            SiteOptions(url, older, samples),
            require=lambda release: require_genuine(release, verifier),
            progress=progress,
        )
    files = [path for path in out.rglob("*") if path.is_file()]
    row = {
        "page": str(first),
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
    }
    print_rows([row], as_json=json)
