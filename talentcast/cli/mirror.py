"""talentcast mirror: releases in PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from readers.export.postgres import mirror as mirror_releases
from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows
from talentcast.config import load_settings
from talentcast.store.pointer import find_release
from talentcast.store.signing import Verifier
from talentcast.store.verification import require_genuine


def mirror(
    *,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="postgresql://user@host:5432/database")
    ],
    release: Annotated[
        str, typer.Option("--release", metavar="ID", help="The current one: an id, or latest.")
    ] = "latest",
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="ID", help="An older release to hold beside it."),
    ] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Put the current release into PostgreSQL, for Grafana, Metabase or Superset.

    Readers see the old content or the new one, never a mixture.

    Example: talentcast mirror --to postgresql://talentcast@localhost:5432/dashboards
    """
    settings = load_settings(home)
    root, verifier = settings.releases, Verifier.configured(settings.verifying_key_file)
    wanted = dict.fromkeys(find_release(name, root).release_id for name in [release, *(keep or [])])
    found = (find_release(str(release_id), root) for release_id in wanted)
    chosen = [require_genuine(release, verifier) for release in found]
    counts = mirror_releases(chosen, root, to)
    print_rows([{"table": name, "rows": rows} for name, rows in counts.items()], as_json=json)
