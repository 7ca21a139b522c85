"""Withdraw a release from its readers, or serve it again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from prefect import flow
from pydantic import Field

from talentcast.config import load_settings
from talentcast.store import retraction
from talentcast.store.release import Release
from talentcast.store.signing import Signer

ReleaseId = Annotated[
    str, Field(description="Id of the release, as in: talentcast releases list", min_length=1)
]
Reason = Annotated[
    str, Field(description="Why; it stays in the record and readers see it.", min_length=1)
]
By = Annotated[str, Field(description="Who decided; it stays in the record.", min_length=1)]
Home = Annotated[Path | None, Field(description="Folder for everything a run writes.")]


@flow(name="retract")
def retract(release_id: ReleaseId, reason: Reason, by: By, home: Home = None) -> Release:
    """Withdraw a release; the one before it becomes the latest, and nothing is deleted."""
    settings = load_settings(home)
    return retraction.retract(
        release_id, settings.releases, reason=reason, by=by, at=datetime.now(UTC),
        signer=Signer.configured(settings.signing_key_file),
    )  # fmt: skip


@flow(name="restore")
def restore(release_id: ReleaseId, reason: Reason, by: By, home: Home = None) -> Release:
    """Serve a retracted release again, at its old place."""
    settings = load_settings(home)
    return retraction.restore(
        release_id, settings.releases, reason=reason, by=by, at=datetime.now(UTC),
        signer=Signer.configured(settings.signing_key_file),
    )  # fmt: skip
