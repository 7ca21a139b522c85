"""From files of any size to career records in the restricted store, resumable at every step.

A file is scanned once, a bucket is made once: both leave a mark when they are whole, under the
digest of all inputs, and a run that was killed goes on behind the last mark. What the scan lays
down bears pseudonyms, lies in the restricted store, and is gone when the buckets are made.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
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
from features.engine import EngineLimits
from privacy.pseudonyms import PseudonymKey
from storage.files import OWNER, flush, write_atomically
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import Vintage
from talentcast.store.failures import storage_failures
from talentcast.store.restricted import RestrictedStore
from talentcast.store.stored_parts import StoredParts

logger = logging.getLogger(__name__)

#: Changes when what is laid down changes, so that nothing of another form is gone on with.
_FORM: Final = "1"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How records are divided, and what that may use.

    Attributes:
        bucket_rows: About so many rows are worked on at once.
        limits: Of DuckDB.
    """

    bucket_rows: int = 500_000
    limits: EngineLimits = field(default_factory=EngineLimits)


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
    said = [_FORM, key.dataset_id, n_buckets, *zip((file.name for file in files), digests)]  # noqa: B905
    name = sha256(repr(said).encode()).hexdigest()
    work = _Work(name, files, n_buckets, key, store, options, tell)
    with storage_failures(store.root):
        profile = work.profile()
    vintage = max(file.vintage for file in files)
    return GatheredRecords(store.parts(name), profile, vintage)


@dataclass(frozen=True)
class _Work:
    """What is done under the digest of one input, and the marks of what is done already."""

    name: str
    files: Sequence[RecordFile]
    n_buckets: int
    key: PseudonymKey = field(repr=False)
    store: RestrictedStore
    options: EngineOptions
    tell: Progress

    def profile(self) -> pd.DataFrame:
        """Do what is left to do, and return the profile."""
        mark = self.store.people_folder(self.name) / "profile.json"
        if not mark.exists():
            rows = self._made()
            _mark(mark, rows)
            shutil.rmtree(self._folder, ignore_errors=True)
        table = pd.DataFrame(json.loads(mark.read_text()), columns=list(PROFILE_COLUMNS))
        if not table["person_years"].sum():
            raise InputRejectedError("EMPTY", "The files hold no usable row. Check the columns.")
        return table

    @property
    def _folder(self) -> Path:
        return self.store.scan_folder / self.name

    def _made(self) -> list[dict[str, int]]:
        scanned = self._scanned()
        paths: dict[str, list[Path]] = {}
        for number, file in enumerate(self.files):
            paths.setdefault(file.table, []).extend(sorted(self._folder.glob(f"{number:05d}-*")))
        return [self._bucket(number, scanned, paths) for number in range(self.n_buckets)]

    def _scanned(self) -> list[Mapping[str, list[int]]]:
        """Return the counts of every file, from those scanned by now or before."""
        for folder in (self.store.root, self.store.scan_folder, self._folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        forgotten = frozenset(map(bytes.fromhex, self.store.forgotten()))
        last_year = max(file.vintage for file in self.files).as_of.year
        scan = Scan(self.key, forgotten, self.n_buckets, last_year)
        counts = []
        for number, file in enumerate(self.files):
            target = self._folder / f"{number:05d}"
            mark = target.with_suffix(".json")
            if not mark.exists():
                self.tell(f"Reading file {number + 1} of {len(self.files)}")
                found = scan.of(file, target)
                file.require_unchanged()
                flush(self._folder.glob(f"{target.name}-*"), below=self._folder)
                _mark(mark, found)
            counts.append(json.loads(mark.read_text()))
        return counts

    def _bucket(
        self,
        number: int,
        scanned: Sequence[Mapping[str, list[int]]],
        paths: Mapping[str, Sequence[Path]],
    ) -> dict[str, int]:
        mark = self._folder / f"bucket-{number:05d}.json"
        if not mark.exists():
            self.tell(f"Making bucket {number + 1} of {self.n_buckets}")
            records, found = bucket_records(number, paths, self.options.limits)
            span = spans_of(self.n_buckets)[number]
            self.store.save_records(records, name=self.name, span=span)
            totals = {name: sum(one[name][number] for one in scanned) for name in _COUNTED}
            _mark(mark, {"bucket": number, **totals, **found})
        made: dict[str, int] = json.loads(mark.read_text())
        return made


_COUNTED: Final = ("rows", *(name for name in LEFT_OUT if name != "duplicates"))


def _mark(path: Path, content: object) -> None:
    """Say that something is whole, after it is."""
    write_atomically(path, json.dumps(content).encode(), mode=OWNER)


def _rows(files: Sequence[RecordFile]) -> int:
    """Return about how many rows of affiliations or careers there are."""
    counted = (file for file in files if file.table in ("affiliations", "careers"))
    return sum(rows_in(file.path, file.name) for file in counted)
