"""Remove the rows of old releases, and keep the record that they were there.

In this order, so that a kill at any moment leaves what the next call completes, and so that no
reader takes half for the whole: a row in `releases` says that a release is pruned; its rows leave
the tables; its files go. Every release has folders of its own, so that no other one needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.files import flush, size
from storage.paths import StorePath
from storage.tables import data_files, files_since, is_table
from talentcast.domain.errors import StoreError
from talentcast.domain.tables import RELEASES
from talentcast.domain.types import ReleaseId
from talentcast.store.delta import open_table
from talentcast.store.failures import storage_failures
from talentcast.store.lease import Lease, publishing
from talentcast.store.pointer import events, next_sequence, present_states
from talentcast.store.release import Release
from talentcast.store.retraction import append_change
from talentcast.store.signing import Signer


class PruneStage(StrEnum):
    """How far a pruning has come."""

    RECORDED = "recorded"
    ROWS_DELETED = "rows deleted"
    FILE_REMOVED = "file removed"


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to become of a release.

    Attributes:
        release: In its present state.
        published_at: When it was published first.
        stays: Why it stays; None if it goes.
    """

    release: Release
    published_at: datetime
    stays: str | None


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is to be pruned, decided on the record as it stood.

    Attributes:
        fates: Of every release that has its rows.
        unfinished: Pruned before, by a process that died before the files were gone.
        next_event: Number of the event that would come next.
        rule: What is recorded of those that go.
    """

    fates: tuple[Fate, ...]
    unfinished: tuple[Release, ...]
    next_event: int
    rule: str

    @property
    def going(self) -> list[Release]:
        """Releases whose rows are to go."""
        return [fate.release for fate in self.fates if fate.stays is None]

    @property
    def affected(self) -> list[Release]:
        """Those, and the ones that are half removed."""
        return [*self.going, *self.unfinished]


def prune(
    pruning: Pruning,
    root: StorePath,
    *,
    by: str,
    at: datetime,
    signer: Signer | None = None,
    on_stage: Callable[[PruneStage], None] = lambda _: None,
) -> int:
    """Prune what was planned, and complete what another process began.

    Args:
        pruning: From `flows.steps.retention.plan_pruning`.
        root: Root of the release store.
        by: Who; it stays in the record.
        at: When, with a time zone.
        signer: Signs the rows of `releases`, if there is a key.
        on_stage: Called at every stage.

    Returns:
        Bytes of the files that were removed.

    Raises:
        StoreError: If anything was published, retracted, restored or pruned since it was planned,
            or another process holds the store for long.
    """
    with storage_failures(root), publishing(root) as lease:
        _require_unchanged(pruning, root)
        for release in pruning.going:
            lease.renew()
            with lease.committing():
                append_change(
                    release, "pruned", root, reason=f"{pruning.rule} ({by})", at=at, signer=signer
                )
            on_stage(PruneStage.RECORDED)
        return _complete(root, lease, on_stage)


def stored_bytes(release_id: ReleaseId, root: StorePath) -> int:
    """Return what the files of a release take."""
    files = (path for folder in folders_of(release_id, root) for path in folder.iterdir())
    return sum(size(path) for path in files)


def _require_unchanged(pruning: Pruning, root: StorePath) -> None:
    if next_sequence(events(root)) != pruning.next_event:
        raise StoreError(
            "Something was published, retracted, restored or pruned since it was decided what may "
            "go. Nothing was removed. Run again."
        )


def _complete(root: StorePath, lease: Lease, on_stage: Callable[[PruneStage], None]) -> int:
    """Remove the rows and files of all that is recorded as pruned."""
    present = present_states(events(root))
    gone = [one.release_id for one in present if not one.has_rows]
    named = {
        root / entry.name / file.path
        for one in present
        if one.has_rows
        for entry in one.tables.values()
        for file in entry.files
    }
    freed = 0
    for name in _tables(root):
        lease.renew()
        if _delete_rows(name, gone, root):
            on_stage(PruneStage.ROWS_DELETED)
    for release_id in gone:
        for folder in folders_of(release_id, root):
            lease.renew()
            leftover: list[StorePath] = [each for each in folder.iterdir() if each not in named]
            for path in sorted(leftover, key=str):
                freed += size(path)
                path.unlink()
                on_stage(PruneStage.FILE_REMOVED)
            if not any(folder.iterdir()):
                folder.rmdir()
    return freed


def _delete_rows(name: str, gone: Sequence[ReleaseId], root: StorePath) -> bool:
    """Take releases out of the newest version of a table; return whether any was in it."""
    delta = open_table(root, name)
    stored = {of for _, of in data_files(delta)}
    if not (present := [f"'{one}'" for one in gone if str(one) in stored]):
        return False
    before = delta.version()
    delta.delete(f"release_id IN ({', '.join(present)})")
    flush(files_since(root / name, before), below=root)
    return True


def folders_of(release_id: ReleaseId, root: StorePath) -> list[StorePath]:
    """Return the folders that hold files of this release alone; a link leads elsewhere."""
    folders = [table / f"release_id={release_id}" for table in _folders(root)]
    return [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]


def _tables(root: StorePath) -> list[str]:
    """Return all tables of rows, also those that no contract describes any more."""
    folders = (folder for folder in _folders(root) if folder.name != RELEASES.name)
    return [folder.name for folder in folders if is_table(folder)]


def _folders(root: StorePath) -> list[StorePath]:
    folders = [each for each in root.iterdir() if not each.name.startswith(".")]
    return sorted((each for each in folders if each.is_dir()), key=str)
