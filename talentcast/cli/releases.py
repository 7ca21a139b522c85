"""talentcast releases: look at what was published, check it, withdraw it, clean up."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from flows.steps import deliver as delivery
from readers.comparison import compare
from readers.largest_changes import largest_changes
from readers.release_facts import release_facts
from talentcast.cli.commands import new_app
from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows
from talentcast.cli.prune import prune
from talentcast.cli.summary import print_headline
from talentcast.cli.terminal import say
from talentcast.config import Settings, load_settings
from talentcast.domain.errors import IntegrityError, SourceUnavailableError
from talentcast.store.cleaning import clean as remove
from talentcast.store.inspection import inspect, withdraw_damaged
from talentcast.store.pointer import (
    find_recorded,
    find_release,
    latest_release,
    list_releases,
)
from talentcast.store.release import require_rows
from talentcast.store.retraction import restore as serve_again
from talentcast.store.retraction import retract as withdraw
from talentcast.store.signing import Signer, Verifier, write_new_key
from talentcast.store.verification import require_genuine

app = new_app(no_args_is_help=True, help="Look at what was published.")
app.command()(prune)

ReleaseArgument = Annotated[str, typer.Argument(metavar="RELEASE", help="A release id, or latest.")]

Reason = Annotated[str, typer.Option("--reason", help="Why; it stays in the record.")]
By = Annotated[str | None, typer.Option("--by", help="Who; the name of this user by default.")]


@app.command("list")
def list_(*, home: Home = None, json: Json = False) -> None:
    """List the releases, newest first.

    Example: talentcast releases list
    """
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
        say("No release yet. Make one: talentcast refresh")
        return
    print_rows(rows, as_json=json)


@app.command()
def show(release: ReleaseArgument = "latest", *, home: Home = None, json: Json = False) -> None:
    """Show what a release is made of and what it says.

    Example: talentcast releases show latest
    """
    settings = load_settings(home)
    verifier = Verifier.configured(settings.verifying_key_file)
    found = require_genuine(find_recorded(release, settings.releases), verifier)
    print_rows(release_facts(found), as_json=json)
    require_rows(found)
    if not json:
        print_headline(found, settings.releases)


@app.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A release id, or latest.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="A release id, or latest.")],
    *,
    changes: Annotated[
        bool, typer.Option("--changes", help="Only the largest changes of counts and forecasts.")
    ] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Count the rows that differ between two releases, and name the largest changes.

    Example: talentcast releases diff r20240131-0123456789ab latest
    """
    root = load_settings(home).releases
    both = find_release(first, root), find_release(second, root)
    if not changes:
        print_rows([asdict(difference) for difference in compare(*both, root)], as_json=json)
    if changes or not json:
        print_rows(largest_changes(*both, root), as_json=json)


@app.command()
def verify(
    release: Annotated[
        str | None,
        typer.Argument(metavar="RELEASE", help="A release id, latest, or nothing for all."),
    ] = None,
    *,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Retract what is damaged, so that nobody reads it.")
    ] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Compare what is stored with what was published.

    Example: talentcast releases verify latest
    """
    settings = load_settings(home)
    root = settings.releases
    verifier = Verifier.configured(settings.verifying_key_file)
    inspected = inspect(root, release, verifier=verifier)
    print_rows(
        [
            {
                "release_id": str(found.release.release_id),
                "status": found.release.status,
                "checked": found.checked,
                "tables": len(found.release.tables),
                "problems": len(found.problems),
            }
            for found in inspected
        ],
        as_json=json,
    )
    problems = [line for found in inspected for line in found.problems]
    if withdraw:
        signer = Signer.configured(settings.signing_key_file)
        for gone in withdraw_damaged(inspected, root, at=datetime.now(UTC), signer=signer):
            say(f"Retracted {gone.release_id}.", err=True)
        _update_copies(settings)
    if problems:
        raise IntegrityError("; ".join(problems) + ". Restore the files from a backup.")


@app.command()
def retract(release: ReleaseArgument, *, reason: Reason, by: By = None, home: Home = None) -> None:
    """Withdraw a release; the one before it becomes the latest. Nothing is deleted.

    Example: talentcast releases retract latest --reason "Counts of 2019 were unfinished"
    """
    settings = load_settings(home)
    gone = withdraw(
        release,
        settings.releases,
        reason=reason,
        by=by or getuser(),
        at=datetime.now(UTC),
        signer=Signer.configured(settings.signing_key_file),
    )
    latest = latest_release(settings.releases)
    say(f"Retracted {gone.release_id}.")
    say(f"The latest release is now {latest.release_id if latest else 'none'}.")
    say(f"Undo: talentcast releases restore {gone.release_id} --reason TEXT")
    _update_copies(settings)


@app.command()
def restore(release: ReleaseArgument, *, reason: Reason, by: By = None, home: Home = None) -> None:
    """Serve a retracted release again, at its old place.

    Example: talentcast releases restore r20240131-0123456789ab --reason "The counts were right"
    """
    settings = load_settings(home)
    back = serve_again(
        release,
        settings.releases,
        reason=reason,
        by=by or getuser(),
        at=datetime.now(UTC),
        signer=Signer.configured(settings.signing_key_file),
    )
    say(f"Restored {back.release_id}.")
    _update_copies(settings)


def _update_copies(settings: Settings) -> None:
    for line in delivery.update_copies(settings):
        say(f"Warning: {line}", err=True)


@app.command()
def deliver(release: ReleaseArgument = "latest", *, home: Home = None) -> None:
    """Write the report and update the mirror that TALENTCAST_MIRROR_TO names, where undone.

    Every refresh does so; this is for one that was killed, or a server that was away.

    Example: talentcast releases deliver
    """
    settings = load_settings(home)
    found = find_release(release, settings.releases)
    if failed := delivery.deliver(found, settings):
        raise SourceUnavailableError(" ".join(failed))
    say(f"Everything that follows {found.release_id} is done, in {settings.reports}.")


@app.command()
def clean(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--no-dry-run", help="Only name what would be removed.")
    ] = True,
    keep_hours: Annotated[
        int, typer.Option("--keep-hours", min=1, help="Leave what is younger than this.")
    ] = 24,
    home: Home = None,
    json: Json = False,
) -> None:
    """Name, or with --no-dry-run remove, what publications that died left behind.

    Example: talentcast releases clean --no-dry-run
    """
    found = remove(load_settings(home).releases, dry_run=dry_run, keep_hours=keep_hours)
    if not found and not json:
        say("Nothing is left behind.")
        return
    print_rows(
        [
            {"table": left.table, "publications": len(left.releases), "files": len(left.files)}
            for left in found
        ],
        as_json=json,
    )
    if dry_run and not json:
        say("Nothing was removed. Remove it: talentcast releases clean --no-dry-run")


@app.command("new-key")
def new_key(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key goes.")],
) -> None:
    """Make a key that signs releases, and the public one that checks them.

    Example: talentcast releases new-key ~/talentcast-signing.pem
    """
    public = write_new_key(path)
    say(f"Publishers set TALENTCAST_SIGNING_KEY_FILE={path} and keep it to themselves.")
    say(f"Readers set TALENTCAST_VERIFYING_KEY_FILE={public}.")
