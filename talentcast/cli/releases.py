"""talentcast releases: list, show, verify."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows
from talentcast.domain.errors import IntegrityError

app = typer.Typer(no_args_is_help=True, help="Look at what was published.")

ReleaseArgument = Annotated[str, typer.Argument(metavar="RELEASE", help="A release id, or latest.")]


@app.command("list")
def list_(*, home: Home = None, json: Json = False) -> None:
    """List the releases, newest first.

    Example: talentcast releases list
    """
    from talentcast.config import load_settings
    from talentcast.store.pointer import list_releases

    rows = [
        {
            "release_id": str(release.release_id),
            "as_of": release.as_of.as_of.isoformat(),
            "vintage": str(release.vintage_kind),
            "kind": release.kind,
            "status": release.status,
            "published (UTC)": release.published_at.strftime("%Y-%m-%d %H:%M"),
            "populations": len(release.populations),
        }
        for release in list_releases(load_settings(home).releases)
    ]
    if not rows and not json:
        typer.echo("No release yet. Make one: talentcast refresh")
        return
    print_rows(rows, as_json=json)


@app.command()
def show(release: ReleaseArgument = "latest", *, home: Home = None, json: Json = False) -> None:
    """Show what a release is made of and what it says.

    Example: talentcast releases show latest
    """
    from talentcast.cli.summary import print_headline
    from talentcast.config import load_settings
    from talentcast.store.pointer import find_release

    settings = load_settings(home)
    found = find_release(release, settings.releases)
    facts: list[dict[str, Any]] = [
        {"fact": name, "value": value}
        for name, value in found.to_row().items()
        if name not in ("inputs", "tables", "quality", "populations")
    ]
    facts += [
        {
            "fact": f"input {entry['name']}",
            "value": f"{entry['source']}, vintage {entry['vintage']}, "
            f"sha256 {entry['sha256'][:12]}, {entry['licence']}",
        }
        for entry in found.inputs
    ]
    facts += [
        {
            "fact": f"table {entry.name}",
            "value": f"{entry.rows:,} rows at version {entry.delta_version}",
        }
        for entry in found.tables.values()
    ]
    facts += [{"fact": f"checks {name}", "value": count} for name, count in found.quality.items()]
    print_rows(facts, as_json=json)
    if not json:
        print_headline(found, settings.releases)


@app.command()
def verify(
    release: Annotated[
        str | None,
        typer.Argument(metavar="RELEASE", help="A release id, latest, or nothing for all."),
    ] = None,
    *,
    home: Home = None,
    json: Json = False,
) -> None:
    """Compare what is stored with what was published.

    Example: talentcast releases verify latest
    """
    from talentcast.config import load_settings
    from talentcast.store.pointer import find_release, list_releases
    from talentcast.store.verification import verify as verify_release

    root = load_settings(home).releases
    chosen = [find_release(release, root)] if release else list_releases(root)
    problems = [(str(r.release_id), line) for r in chosen for line in verify_release(r, root)]
    print_rows(
        [
            {
                "release_id": str(r.release_id),
                "tables": len(r.tables),
                "problems": sum(1 for name, _ in problems if name == str(r.release_id)),
            }
            for r in chosen
        ],
        as_json=json,
    )
    if problems:
        raise IntegrityError(
            "; ".join(line for _, line in problems) + ". Restore the files from a backup."
        )
