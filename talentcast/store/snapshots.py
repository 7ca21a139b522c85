"""Snapshots: raw files byte for byte, addressed by their sha256, with provenance beside them."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

from storage.files import write_atomically
from storage.paths import StorePath
from talentcast.domain.errors import IntegrityError, UsageError
from talentcast.domain.provenance import RawFile, Snapshot
from talentcast.domain.types import Vintage
from talentcast.store.failures import storage_failures


def save_snapshot(raw: RawFile, root: StorePath, *, retrieved_at: datetime) -> Snapshot:
    """Keep the bytes of a source file; a second save of the same bytes changes nothing.

    Returns:
        The snapshot; `retrieved_at` is that of the first save.

    Raises:
        StoreError: If the disk is full or read-only, or belongs to somebody else.
    """
    digest = sha256(raw.content).hexdigest()
    provenance = {
        "sha256": digest,
        "name": raw.name,
        "source": raw.source,
        "url": raw.url,
        "licence": raw.licence,
        "vintage": raw.vintage.as_of.isoformat(),
        "retrieved_at": retrieved_at.isoformat(),
        "bytes": len(raw.content),
    }
    folder = snapshot_folder(root, digest)
    with storage_failures(root):
        if not (folder / "provenance.json").is_file():
            write_atomically(folder / "content", raw.content)
            # Written last: a folder with provenance is a complete snapshot.
            write_atomically(folder / "provenance.json", json.dumps(provenance, indent=2).encode())
        return read_snapshot(digest, root)


def read_snapshot(digest: str, root: StorePath) -> Snapshot:
    """Return the provenance of stored bytes."""
    folder = snapshot_folder(root, digest)
    try:
        stored = json.loads((folder / "provenance.json").read_text())
        return Snapshot(
            sha256=stored["sha256"],
            name=stored["name"],
            source=stored["source"],
            url=stored["url"],
            licence=stored["licence"],
            vintage=Vintage.parse(stored["vintage"]),
            retrieved_at=datetime.fromisoformat(stored["retrieved_at"]),
        )
    except FileNotFoundError:
        raise IntegrityError(
            f"No snapshot {digest[:12]} under {root}. Fetch it again: talentcast sources fetch NAME"
        ) from None
    except (KeyError, TypeError, ValueError, UsageError):
        raise IntegrityError(
            f"The provenance of snapshot {digest[:12]} is damaged. Remove {folder} and fetch it "
            "again."
        ) from None


def load_raw(snapshot: Snapshot, root: StorePath) -> RawFile:
    """Read the bytes back.

    Raises:
        IntegrityError: If they are not the bytes that were saved.
        StoreError: If they cannot be read.
    """
    folder = snapshot_folder(root, snapshot.sha256)
    with storage_failures(folder):
        content = (folder / "content").read_bytes()
    if sha256(content).hexdigest() != snapshot.sha256:
        raise IntegrityError(
            f"Snapshot {snapshot.sha256[:12]} ({snapshot.name}) changed on disk. "
            f"Remove {folder} and fetch it again."
        )
    return RawFile(
        name=snapshot.name,
        content=content,
        source=snapshot.source,
        url=snapshot.url,
        licence=snapshot.licence,
        vintage=snapshot.vintage,
    )


def quarantine(raw: RawFile, reason: str, root: StorePath, *, rejected_at: datetime) -> StorePath:
    """Keep rejected bytes with the reason, apart from the good ones, and return their folder."""
    folder = root / "quarantine" / sha256(raw.content).hexdigest()
    record = {
        "name": raw.name,
        "source": raw.source,
        "reason": reason,
        "rejected_at": rejected_at.isoformat(),
        "vintage": raw.vintage.as_of.isoformat(),
    }
    with storage_failures(root):
        write_atomically(folder / "content", raw.content)
        write_atomically(folder / "reason.json", json.dumps(record, indent=2).encode())
    return folder


def snapshot_folder(root: StorePath, digest: str) -> StorePath:
    """Return where the bytes with this sha256 are, or would be."""
    return root / digest[:2] / digest
