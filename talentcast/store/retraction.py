"""Withdraw a release from its readers, or serve it again; each is a row, nothing is deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from storage.paths import StorePath
from talentcast.domain.errors import StoreError, UsageError
from talentcast.store.failures import storage_failures
from talentcast.store.lease import publishing
from talentcast.store.pointer import append_event, events, find_release, next_sequence
from talentcast.store.release import Release, Status
from talentcast.store.signing import Signer


def retract(
    release: str,
    root: StorePath,
    *,
    reason: str,
    by: str,
    at: datetime,
    signer: Signer | None = None,
) -> Release:
    """Withdraw a release; the one before it becomes the latest. Its rows stay.

    Raises:
        UsageError: If no reason or name is given.
        StoreError: If there is no such release or it is retracted already.
    """
    return _change(release, "retracted", root, reason=reason, by=by, at=at, signer=signer)


def restore(
    release: str,
    root: StorePath,
    *,
    reason: str,
    by: str,
    at: datetime,
    signer: Signer | None = None,
) -> Release:
    """Serve a retracted release again, at its old place.

    Raises:
        UsageError: If no reason or name is given.
        StoreError: If there is no such release or it is not retracted.
    """
    return _change(release, "published", root, reason=reason, by=by, at=at, signer=signer)


def _change(
    release: str,
    status: Status,
    root: StorePath,
    *,
    reason: str,
    by: str,
    at: datetime,
    signer: Signer | None,
) -> Release:
    if not reason.strip() or not by.strip():
        raise UsageError("Say why and who; both stay in the record.", parameters=("reason", "by"))
    with storage_failures(root), publishing(root) as lease, lease.committing():
        present = find_release(release, root)
        if present.status == status:
            raise StoreError(
                f"{present.release_id} is {status} already ({present.reason or 'no reason given'})."
            )
        return append_change(present, status, root, reason=f"{reason} ({by})", at=at, signer=signer)


def append_change(
    present: Release,
    status: Status,
    root: StorePath,
    *,
    reason: str,
    at: datetime,
    signer: Signer | None,
) -> Release:
    """Write the row from which on a release has another status; call it as `append_event`."""
    # A manifest that was forged, or made without the key, is not vouched for afterwards either.
    is_own = present.manifest_sha256 == present.manifest_hash() and (
        signer is not None and signer.made(present.manifest_sha256, present.signature)
    )
    changed = replace(present, status=status, reason=reason, published_at=at).sealed(
        sequence=next_sequence(events(root)), signer=signer if is_own else None
    )
    append_event(changed, root)
    return changed
