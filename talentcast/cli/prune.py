"""talentcast releases prune: free disk space, and keep what is served and scored."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from getpass import getuser
from typing import Annotated, Final

import typer

from flows.steps import deliver as delivery
from flows.steps.retention import Retention, parse_age, plan_pruning, pruning_rows
from flows.steps.track_record import first_forecasts
from storage.paths import StorePath
from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows
from talentcast.cli.terminal import say
from talentcast.config import load_settings
from talentcast.domain.errors import UsageError
from talentcast.domain.types import ReleaseId
from talentcast.store.pruning import Pruning, stored_bytes
from talentcast.store.pruning import prune as remove
from talentcast.store.signing import Signer

Keep = Annotated[
    int | None,
    typer.Option(
        "--keep",
        min=1,
        metavar="N",
        help="Keep the N newest refreshes and scenarios of each population, and the N newest "
        "backfills of each population and as-of date.",
    ),
]
OlderThan = Annotated[
    str | None,
    typer.Option("--older-than", metavar="DAYS", help="Prune what was published so long ago: 90d."),
]
KeepAlso = Annotated[
    list[str] | None,
    typer.Option("--keep-also", metavar="ID", help="Keep this one too; repeat for several."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only name what would be removed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
By = Annotated[str | None, typer.Option("--by", help="Who; the name of this user by default.")]

_MB: Final = 1e6


def prune(
    *,
    keep: Keep = None,
    older_than: OlderThan = None,
    keep_also: KeepAlso = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Remove the rows of old releases to free disk space; what they were made from stays on record.

    These always stay: the latest release, and the newest refresh, scenario and backfill of each
    population; what was published, retracted or restored within a day; and the first forecast of
    each origin year, from which the track record is scored. A retracted release takes no place from
    others. Backfills are counted apart from refreshes, each as-of date for itself, since a backfill
    of ten years is ten releases. Snapshots, reports, exports and everything restricted stay.

    Example: talentcast releases prune --keep 10 --dry-run
    """
    settings = load_settings(home)
    root, now = settings.releases, datetime.now(UTC)
    retention = Retention(
        keep,
        None if older_than is None else parse_age(older_than),
        frozenset(map(ReleaseId, keep_also or ())),
    )
    pruning = plan_pruning(root, retention, now=now, recorded=first_forecasts(root))
    _show(pruning, root, as_json=json)
    if not (pruning.going or pruning.unfinished):
        return
    if dry_run:
        say("Nothing was removed: this was a dry run.", err=json)
        return
    if not yes:
        _ask()
    freed = remove(
        pruning,
        root,
        by=by or getuser(),
        at=datetime.now(UTC),
        signer=Signer.configured(settings.signing_key_file),
    )
    say(f"Pruned {_releases(len(pruning.going))}; {freed / _MB:,.1f} MB freed.", err=json)
    for line in delivery.update_copies(settings):
        say(f"Warning: {line}", err=True)


def _show(pruning: Pruning, root: StorePath, *, as_json: bool) -> None:
    sizes = {
        release.release_id: stored_bytes(release.release_id, root) for release in pruning.affected
    }
    rows = pruning_rows(pruning, sizes)
    if rows or as_json:
        print_rows(rows, as_json=as_json)
    kept = Counter(fate.stays for fate in pruning.fates if fate.stays is not None)
    why = "; ".join(f"{number} {reason}" for reason, number in kept.items())
    say(f"{_releases(kept.total())} to stay{': ' * bool(why)}{why}.", err=as_json)
    if not rows:
        say("Nothing is to be pruned.", err=as_json)
        return
    said = f"{_releases(len(pruning.going))} to go"
    if pruning.unfinished:
        said += f", and {len(pruning.unfinished)} that an earlier run left half removed"
    say(f"{said}: {sum(sizes.values()) / _MB:,.1f} MB.", err=as_json)


def _releases(count: int) -> str:
    return f"{count} release{'s' * (count != 1)}"


def _ask() -> None:
    if not sys.stdin.isatty():
        raise UsageError(
            "Nobody can be asked here. Nothing was removed.", parameters=("yes", "dry_run")
        )
    if not typer.confirm("Remove their rows for good?", err=True):
        say("Nothing was removed.", err=True)
        raise typer.Exit(1)
