"""Pages that have come so far: one folder a fetch, so that none is asked for twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from sources.openalex.record import FetchRecord, read_record
from storage.files import write_atomically
from storage.paths import StorePath
from talentcast.domain.errors import IntegrityError, StoreError, UsageError
from talentcast.domain.types import Vintage
from talentcast.store.failures import storage_failures
from talentcast.store.snapshots import read_snapshot

_RECORD: Final = "fetch.json"
_WAIT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Download:
    """The folder of one fetch; it is complete once it holds its record."""

    folder: Path

    def page(self, year: int, number: int) -> bytes | None:
        """Return the bytes of a page that has come; None if it has not."""
        try:
            return self._path(year, number).read_bytes()
        except FileNotFoundError:
            return None

    def keep_page(self, year: int, number: int, content: bytes) -> None:
        """Keep the bytes of a page: whole, or not at all."""
        with storage_failures(self.folder):
            write_atomically(self._path(year, number), content)

    def drop_year(self, year: int) -> None:
        """Forget the pages of a year, the last one first: what is left has no gap."""
        for path in sorted(self.folder.glob(f"{year}-*.json"), reverse=True):
            path.unlink()

    def finish(self, record: FetchRecord) -> None:
        """Write the record, which makes the pages a vintage."""
        with storage_failures(self.folder):
            write_atomically(self.folder / _RECORD, record.to_bytes())

    def record(self) -> FetchRecord | None:
        """Return the record; None while pages are missing."""
        try:
            return read_record((self.folder / _RECORD).read_bytes(), self.folder.name)
        except FileNotFoundError:
            return None

    def _path(self, year: int, number: int) -> Path:
        return self.folder / f"{year}-{number:04d}.json"


@contextmanager
def open_download(
    root: StorePath,
    population: str,
    query: str,
    today: date,
    *,
    max_days: int,
    downloads: Path | None = None,
) -> Iterator[Download]:
    """Open the fetch of today, or one that was interrupted, and let nobody else do so.

    Args:
        root: The folder of snapshots.
        population: Id of the population.
        query: Everything that decides the answers.
        today: Day of the fetch.
        max_days: An interrupted fetch is gone on with if it began at most so many days ago.
        downloads: Folder for what is under way; below `root` by default, if that is a folder.

    Raises:
        StoreError: If another run has it open for too long.
    """
    folder = (downloads or _below(root)) / "openalex"
    stem = f"{population}-{sha256(query.encode()).hexdigest()[:12]}"
    with storage_failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = FileLock(folder / f".{stem}.lock").acquire(timeout=_WAIT_SECONDS)
        except Timeout:
            raise StoreError(
                f"Another run has been fetching {population} for {_WAIT_SECONDS} s. Wait for it to "
                "end."
            ) from None
    with lock:
        yield _current(folder, stem, root, today, max_days=max_days)


def _below(root: StorePath) -> Path:
    if isinstance(root, Path):
        return root / "downloads"
    raise UsageError("Name a folder of this machine for what is under way.")


def _current(folder: Path, stem: str, root: StorePath, today: date, *, max_days: int) -> Download:
    """Return the download to use; those of earlier days make room once they are snapshots."""
    chosen = Download(folder / f"{stem}-{today.isoformat()}")
    for path in sorted(folder.glob(f"{stem}-????-??-??")):
        download, record = Download(path), Download(path).record()
        if record is not None and record.as_of == today:
            return download
        if record is None and today - _began(path) <= timedelta(days=max_days):
            chosen = download
        elif path != chosen.folder and (record is None or _is_saved(record, root)):
            shutil.rmtree(path)
    return chosen


def _began(path: Path) -> date:
    try:
        return Vintage.parse(path.name[-10:]).as_of
    except UsageError:
        return date.min


def _is_saved(record: FetchRecord, root: StorePath) -> bool:
    try:
        return all(read_snapshot(entry.sha256, root) for entry in record.pages)
    except IntegrityError:
        return False
