"""Compare every release with its manifest, and withdraw those that are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.artifacts import list_undelivered, show_table
from flows.connection import end_without_server
from flows.lateness import superseded
from flows.parameters import Home
from flows.steps.deliver import update_copies
from flows.tasks import PrefectRunner
from talentcast.config import Settings, load_settings
from talentcast.domain.errors import IntegrityError
from talentcast.store.inspection import Inspected, inspect, withdraw_damaged
from talentcast.store.release import Release
from talentcast.store.signing import Signer, Verifier


@task(cache_policy=NO_CACHE)
def inspect_releases(settings: Settings) -> list[Inspected]:
    """Compare every release with its manifest."""
    verifier = Verifier.configured(settings.verifying_key_file)
    return inspect(settings.releases, verifier=verifier)


@task(cache_policy=NO_CACHE)
def withdraw(inspected: Sequence[Inspected], settings: Settings) -> list[Release]:
    """Retract what is damaged, so that readers get the release before it."""
    signer = Signer.configured(settings.signing_key_file)
    return withdraw_damaged(inspected, settings.releases, at=datetime.now(UTC), signer=signer)


@flow(name="verify", on_running=[end_without_server])
def verify(home: Home = None) -> int:
    """Verify all releases; retract the damaged ones, and fail so that somebody looks.

    Args:
        home: Folder for everything a run writes; empty for TALENTCAST_HOME.

    Returns:
        How many releases were verified.

    Raises:
        IntegrityError: If one was damaged. It is withdrawn by then.
    """
    if (skipped := superseded(int)) is not None:
        return skipped
    settings = load_settings(home)
    inspected = inspect_releases(settings)
    withdrawn = withdraw(inspected, settings)
    list_undelivered(update_copies(settings, PrefectRunner()))
    show_table(
        "verified-releases",
        pd.DataFrame(
            [
                {
                    "release_id": str(one.release.release_id),
                    "problems": len(one.problems),
                    "first": one.problems[0] if one.problems else "",
                }
                for one in inspected
            ]
        ),
        "Releases compared with their manifests.",
    )
    if withdrawn:
        names = ", ".join(str(release.release_id) for release in withdrawn)
        raise IntegrityError(
            f"Withdrawn, because damaged: {names}. Restore the files from a backup, then run: "
            f"talentcast releases restore {withdrawn[0].release_id} --reason TEXT"
        )
    return len(inspected)
