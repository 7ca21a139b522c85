"""From files of any size to career records in the restricted store, resumable at every step.

A file is scanned once, a bucket is made once: both leave a mark when they are whole, under the
digest of all inputs, and a run that was killed goes on behind the last mark. What the scan lays
down bears pseudonyms, lies in the restricted store, and is gone when the buckets are made.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import pandas as pd

from engine.batches import rows_in
from engine.buckets import bucket_records, spans_of
from engine.files import RecordFile, record_files
from engine.profile import LEFT_OUT, PROFILE_COLUMNS
from engine.scan import Scan
from engine.workers import Workers
from features.engine import EngineLimits
from privacy.pseudonyms import PseudonymKey
from restricted.parts import StoredParts
from restricted.store import RestrictedStore
from storage.files import OWNER, write_atomically
from talentcast.domain.errors import InputRejectedError, StoreError
from talentcast.domain.types import Vintage
from talentcast.store.failures import storage_failures

logger = logging.getLogger(__name__)

#: Changes when what is laid down changes, so that nothing of another form is gone on with.
_FORM: Final = "2"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How records are divided, and what that may use.

    Attributes:
        bucket_rows: About so many rows are worked on at once.
        limits: Of DuckDB.
        workers: Work on files and buckets.
    """

    bucket_rows: int = 250_000
    limits: EngineLimits = field(default_factory=EngineLimits)
    workers: Workers = field(default_factory=Workers)


@dataclass(frozen=True, eq=False)
class GatheredRecords:
    """Everybody in the files, under pseudonyms and without the forgotten.

    Attributes:
        parts: Career records by bucket.
        profile: `PROFILE_COLUMNS` by bucket: true numbers, for the restricted store only.
        vintage: Day of the newest file.
    """

    parts: StoredParts
    profile: pd.DataFrame = field(repr=False)
    vintage: Vintage


def gather_records(
    source: str,
    key: PseudonymKey,
    store: RestrictedStore,
    options: EngineOptions,
    tell: Progress = logger.info,
) -> GatheredRecords:
    """Scan the files of a source and make its buckets, or go on where another run was killed.

    Raises:
        InputRejectedError: `EMPTY` without a usable row, or what a file is refused for.
        UsageError: If the source holds no records.
    """
    files = record_files(source)
    digests = [file.sha256() for file in files]
    n_buckets = max(1, -(-_rows(files) // options.bucket_rows))
    vintage = max(file.vintage for file in files)
    # The year decides too: rows after it are left out.
    said = [_FORM, key.dataset_id, n_buckets, vintage.as_of.year]
    said += zip((file.name for file in files), digests, strict=True)
    name = sha256(repr(said).encode()).hexdigest()
    work = _Work(name, files, vintage.as_of.year, n_buckets, key, store, options)
    with storage_failures(store.root):
        profile = work.profile(tell)
    return GatheredRecords(store.parts(name), profile, vintage)


@dataclass(frozen=True)
class _Work:
    """What is done under the digest of one input, and the marks of what is done already."""

    name: str
    files: Sequence[RecordFile]
    last_year: int
    n_buckets: int
    key: PseudonymKey = field(repr=False)
    store: RestrictedStore
    options: EngineOptions

    def profile(self, tell: Progress) -> pd.DataFrame:
        """Do what is left to do, and return the profile."""
        mark = self.store.people_folder(self.name) / "profile.json"
        if not mark.exists():
            rows = self._made(tell)
            _mark(mark, rows)
            shutil.rmtree(self._folder, ignore_errors=True)
        table = pd.DataFrame(json.loads(mark.read_text()), columns=list(PROFILE_COLUMNS))
        if not table["person_years"].sum():
            raise InputRejectedError("EMPTY", "The files hold no usable row. Check the columns.")
        return table

    @property
    def _folder(self) -> Path:
        return self.store.scan_folder / self.name

    def _made(self, tell: Progress) -> list[dict[str, int]]:
        for folder in (self.store.root, self.store.scan_folder, self._folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        workers = self.options.workers
        for number, _ in enumerate(workers(self.scan, range(len(self.files))), 1):
            tell(f"Read file {number} of {len(self.files)}")
        scanned = self._scanned()
        made = []
        for number, found in enumerate(workers(self.bucket, range(self.n_buckets))):
            totals = {name: sum(one[name][number] for one in scanned) for name in _COUNTED}
            made.append({"bucket": number, **totals, **found})
            tell(f"Made bucket {len(made)} of {self.n_buckets}")
        return made

    def _scanned(self) -> list[dict[str, list[int]]]:
        """Return what was counted in each file."""
        found = [self._laid_down(number) for number in range(len(self.files))]
        if None in found:
            raise StoreError(
                "What was read of the files was taken away: somebody was forgotten meanwhile. Run "
                "again; it begins anew."
            )
        return [one for one in found if one is not None]

    def scan(self, number: int) -> None:
        """Lay down a file by bucket, unless that is done."""
        file, target = self.files[number], self._folder / f"{number:05d}"
        if self._laid_down(number) is not None:
            return
        forgotten = frozenset(map(bytes.fromhex, self.store.forgotten()))
        found = Scan(self.key, forgotten, self.n_buckets, self.last_year).of(file, target)
        file.require_unchanged()
        _mark(target.with_suffix(".json"), found)

    def _chunks(self, number: int) -> list[Path]:
        return sorted(self._folder.glob(f"{number:05d}-*"))

    def _laid_down(self, number: int) -> dict[str, list[int]] | None:
        """Return the mark of a file that is done, if all that was made of it is still there."""
        mark = self._folder / f"{number:05d}.json"
        if not mark.exists():
            return None
        found: dict[str, list[int]] = json.loads(mark.read_text())
        return found if found["chunks"] == [len(self._chunks(number))] else None

    def bucket(self, number: int) -> dict[str, int]:
        """Make records of what was laid down for a bucket, unless that is done; what was found."""
        mark = self._folder / f"bucket-{number:05d}.json"
        if not mark.exists():
            records, found = bucket_records(number, self._paths(), self.options.limits)
            span = spans_of(self.n_buckets)[number]
            self.store.save_records(records, name=self.name, span=span)
            _mark(mark, found)
        made: dict[str, int] = json.loads(mark.read_text())
        return made

    def _paths(self) -> dict[str, list[Path]]:
        """Return what was laid down of each table."""
        paths: dict[str, list[Path]] = {}
        for number, file in enumerate(self.files):
            paths.setdefault(file.table, []).extend(self._chunks(number))
        return paths


_COUNTED: Final = ("rows", *(name for name in LEFT_OUT if name != "duplicates"))


def _mark(path: Path, content: object) -> None:
    """Say that something is whole, after it is."""
    write_atomically(path, json.dumps(content).encode(), mode=OWNER)


def _rows(files: Sequence[RecordFile]) -> int:
    """Return about how many rows of affiliations or careers there are."""
    counted = (file for file in files if file.table in ("affiliations", "careers"))
    return sum(rows_in(file.path, file.name, file.size) for file in counted)
