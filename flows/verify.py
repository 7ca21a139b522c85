"""Compare every release with its manifest, and withdraw those that are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.artifacts import show_table
from flows.lateness import superseded
from talentcast.config import Settings, load_settings
from talentcast.domain.errors import IntegrityError
from talentcast.store.pointer import list_releases
from talentcast.store.release import Release
from talentcast.store.retraction import retract
from talentcast.store.signing import Signer, Verifier
from talentcast.store.verification import verify as problems_of

BY = "verify"


@task(task_run_name="verify {release.release_id}", cache_policy=NO_CACHE)
def verify_release(release: Release, settings: Settings) -> list[str]:
    """Return one line per thing that is wrong with a release."""
    verifier = Verifier.configured(settings.verifying_key_file)
    return problems_of(release, settings.releases, verifier=verifier)


@task(task_run_name="withdraw {release.release_id}", cache_policy=NO_CACHE)
def withdraw(release: Release, problems: Sequence[str], settings: Settings) -> None:
    """Retract a damaged release, so that readers get the one before it."""
    retract(
        str(release.release_id), settings.releases, reason=f"damaged: {problems[0]}", by=BY,
        at=datetime.now(UTC), signer=Signer.configured(settings.signing_key_file),
    )  # fmt: skip


@flow(name="verify")
def verify(home: Path | None = None) -> int:
    """Verify all served releases; retract the damaged ones, and fail so that somebody looks.

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
    served = [r for r in list_releases(settings.releases) if r.status == "published"]
    found = {release.release_id: verify_release(release, settings) for release in served}
    damaged = [release for release in served if found[release.release_id]]
    for release in damaged:
        withdraw(release, found[release.release_id], settings)
    show_table(
        "verified-releases",
        pd.DataFrame(
            [
                {
                    "release_id": str(name),
                    "problems": len(lines),
                    "first": lines[0] if lines else "",
                }
                for name, lines in found.items()
            ]
        ),
        "Served releases compared with their manifests.",
    )
    if damaged:
        names = ", ".join(str(release.release_id) for release in damaged)
        raise IntegrityError(
            f"Withdrawn, because damaged: {names}. Restore the files from a backup, then run: "
            f"talentcast releases restore {damaged[0].release_id}"
        )
    return len(served)
