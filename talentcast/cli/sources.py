"""talentcast sources: list, fetch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from sources.registry import BUILT_IN, source_for
from talentcast.cli.commands import new_app
from talentcast.cli.options import Home, Json, MaxCost
from talentcast.cli.output import print_rows
from talentcast.config import load_settings
from talentcast.store.snapshots import save_snapshot, snapshot_folder

app = new_app(no_args_is_help=True, help="Look at the sources, and fetch one.")


@app.command("list")
def list_(*, json: Json = False) -> None:
    """List the built-in sources.

    Example: talentcast sources list
    """
    sources = [make() for make in BUILT_IN.values()]
    print_rows(
        [{"name": s.name, "gives": s.title, "licence": s.licence, "from": s.url} for s in sources],
        as_json=json,
    )


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A name from `talentcast sources list`, or a file.")],
    *,
    population: Annotated[
        list[str] | None,
        typer.Option("--population", help="Fetch only this; repeat for several."),
    ] = None,
    max_cost: MaxCost = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Keep an unchanged copy of a source's files, with their provenance.

    Example: talentcast sources fetch bundled
    """
    settings = load_settings(home, max_cost=max_cost)
    source = source_for(name, wanted=population or (), settings=settings)
    now = datetime.now(UTC)
    saved = [save_snapshot(raw, settings.snapshots, retrieved_at=now) for raw in source.download()]
    print_rows(
        [
            {
                "name": each.name,
                "vintage": each.vintage.as_of,
                "sha256": each.sha256[:12],
                "path": snapshot_folder(settings.snapshots, each.sha256) / "content",
            }
            for each in saved
        ],
        as_json=json,
    )
