"""Withdraw a release from its readers, or serve it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.artifacts import list_undelivered
from flows.connection import end_without_server
from flows.parameters import Home
from flows.steps.deliver import update_copies
from flows.tasks import PrefectRunner
from talentcast.config import load_settings
from talentcast.store import retraction
from talentcast.store.release import Release
from talentcast.store.signing import Signer

#: A form refuses to be sent with an empty one.
Text = Annotated[str, Field(min_length=1)]


@flow(name="retract", on_running=[end_without_server])
def retract(release_id: Text, reason: Text, by: Text, home: Home = None) -> Release:
    """Withdraw a release; the one before it becomes the latest, and nothing is deleted.

    Args:
        release_id: Id of the release, as in: talentcast releases list
        reason: Why; it stays in the record, and readers see it.
        by: Who decided; it stays in the record.
        home: Folder for everything a run writes; empty for TALENTCAST_HOME.
    """
    settings = load_settings(home)
    changed = retraction.retract(
        release_id, settings.releases, reason=reason, by=by, at=datetime.now(UTC),
        signer=Signer.configured(settings.signing_key_file),
    )  # fmt: skip
    list_undelivered(update_copies(settings, PrefectRunner()))
    return changed


@flow(name="restore", on_running=[end_without_server])
def restore(release_id: Text, reason: Text, by: Text, home: Home = None) -> Release:
    """Serve a retracted release again, at its old place.

    Args:
        release_id: Id of the release, as in: talentcast releases list
        reason: Why; it stays in the record, and readers see it.
        by: Who decided; it stays in the record.
        home: Folder for everything a run writes; empty for TALENTCAST_HOME.
    """
    settings = load_settings(home)
    changed = retraction.restore(
        release_id, settings.releases, reason=reason, by=by, at=datetime.now(UTC),
        signer=Signer.configured(settings.signing_key_file),
    )  # fmt: skip
    list_undelivered(update_copies(settings, PrefectRunner()))
    return changed
