"""Which files hold records of people: a folder, a pattern, one file, or a prefix in a store."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from glob import glob, has_magic
from hashlib import file_digest, sha256
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

import pyarrow as pa

from engine.batches import FORMS, form_of, names_of, schema_of
from sources.affiliations import STEMS, is_affiliations_folder
from sources.plain_files import (
    asking_store,
    input_place,
    require_plain,
    require_reachable,
    unreadable_address,
    written_meanwhile,
)
from storage.arrow import Readable
from storage.objects import ListedObject, ObjectPath
from storage.paths import is_address
from talentcast.domain.errors import TalentcastError, UsageError
from talentcast.domain.types import Vintage

_ID: Final = "researcher_id"
_AFFILIATIONS: Final = "affiliations"
#: Columns that a folder may be named after, as in `year=2020/part-0.parquet`.
_IN_FOLDER_NAMES: Final = ("year", "country")


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file with records of people.

    Attributes:
        name: Path below the folder that was named.
        table: Which of the tables it is a part of.
        fixed: Values that its folders are named after, by column.
        size: In bytes.
        written: When, in nanoseconds.
    """

    path: Readable = field(repr=False)
    name: str
    table: str
    fixed: Mapping[str, str]
    size: int
    written: int

    @property
    def vintage(self) -> Vintage:
        """Day on which it was written."""
        return Vintage(datetime.fromtimestamp(self.written / 1e9, UTC).date())

    def sha256(self) -> str:
        """Return the digest of the bytes; in a store, of what the store knows them by.

        Raises:
            InputRejectedError: `CHANGED` if it is not the file that was found.
        """
        if isinstance(self.path, ListedObject):  # the bytes are fetched when they are read
            known = self.path.facts.tag or self.written
            return sha256(f"{self.path} {self.size} {known}".encode()).hexdigest()
        with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        self.require_unchanged()
        return digest

    def require_unchanged(self) -> None:
        """Refuse a file that was written to since it was found.

        Raises:
            InputRejectedError: `CHANGED`.
            SourceUnavailableError: If a store does not answer.
        """
        if isinstance(self.path, ListedObject):
            with asking_store(self.name):
                is_current = self.path.is_current()
        else:
            is_current = _size_and_time(self.path) == (self.size, self.written)
        if not is_current:
            raise written_meanwhile(self.name)


def holds_records(source: str) -> bool:
    """Return whether a source is about people: one file for each table, or files to be scanned.

    Raises:
        UsageError: If it cannot be looked at.
    """
    return is_affiliations_folder(Path(source)) or holds_record_files(source)


def holds_record_files(source: str) -> bool:
    """Return whether a source is a folder, pattern or file of records to be scanned.

    A folder with one file for each table is not: it is read at once.

    Raises:
        UsageError: If it is an address and a store refuses, or has no such file there.
        InputRejectedError: If it is an address and the first file is damaged.
        SourceUnavailableError: If a store does not answer.
    """
    if is_address(source):
        first_file = record_files(source)[0]
        return _has_ids(first_file.path, first_file.name)
    root = Path(source)
    try:
        require_reachable(root)
        if root.is_dir() and is_affiliations_folder(root):
            return False
        first = next(_paths(source), None)
        if first is None or not first.is_file():
            return False
        return _has_ids(first, first.name)
    except (TalentcastError, OSError, ValueError, pa.ArrowException):
        return False  # whatever it is, another source says what is wrong with it


def record_files(source: str) -> tuple[RecordFile, ...]:
    """Return the files of a source, in the order of their names.

    Raises:
        UsageError: If there is none, one is a link, a pipe or a device, or a store refuses.
        SourceUnavailableError: If a store does not answer.
    """
    place = input_place(source)
    if isinstance(place, ObjectPath):
        files = _objects(place)
    else:
        root = folder_of(source)
        files = []
        for path in sorted(_paths(source)):
            require_plain(path)
            files.append(_record_file(path, path.relative_to(root), *_size_and_time(path)))
    files = [file for file in files if file.size > 0]
    if not any(file.table in STEMS[:2] for file in files):
        raise UsageError(
            f"{source} holds neither careers nor affiliations. Pass a folder, a pattern or a file "
            f"({', '.join(FORMS)}); docs/how-to/publish-people.md says how they are named."
        )
    return tuple(files)


def named_after(source: str) -> str:
    """Return what a population of a source is named after: its folder, or its one file."""
    if isinstance(place := input_place(source), ObjectPath):
        name = place.name.partition(".")[0] if form_of(place) else place.name
        return name or place.bucket
    root = Path(source)
    if has_magic(source) or root.is_dir():
        return folder_of(source).resolve().name
    return root.name.partition(".")[0]


def folder_of(source: str) -> Path:
    """Return the folder of this machine below which everything lies."""
    path = Path(source)
    if has_magic(source):
        plain = []
        for part in path.parts:
            if has_magic(part):
                break
            plain.append(part)
        return Path(*plain) if plain else Path()
    return path if path.is_dir() else path.parent


def _has_ids(path: Readable, name: str) -> bool:
    return _ID in names_of(schema_of(path, name), name, _AFFILIATIONS).values()


def _objects(place: ObjectPath) -> list[RecordFile]:
    """Return what lies at an address: one object, or all below a prefix, in order."""
    try:
        if form_of(place) and place.is_file():
            named = [(place.listed(), PurePosixPath(place.name))]
        else:
            below = (one for one in place.objects_below() if form_of(one))
            named = [(one, PurePosixPath(one.path.key).relative_to(place.key)) for one in below]
    except OSError as error:
        raise unreadable_address(error) from None
    files = (_record_file(one, name, one.facts.size, one.facts.written) for one, name in named)
    kept = (one for one in files if not any(part[0] in "._" for part in one.name.split("/")))
    return sorted(kept, key=lambda one: one.name)


def _record_file(path: Readable, name: PurePath, size: int, written: int) -> RecordFile:
    return RecordFile(path, str(name), _table_of(name), _fixed(name), size, written)


def _size_and_time(path: Path) -> tuple[int, int]:
    """Return bytes, and nanoseconds of when they were written."""
    status = path.lstat()
    return status.st_size, status.st_mtime_ns


def _paths(source: str) -> Iterator[Path]:
    path = Path(source)
    if has_magic(source):
        found = (Path(name) for name in sorted(glob(source, recursive=True)))  # noqa: PTH207
        yield from (one for one in found if form_of(one) and one.is_file())
    elif path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name[0] not in "._")
            # Marks such as _SUCCESS and what a writer has not finished are no records.
            kept = (Path(folder, name) for name in sorted(names) if name[0] not in "._")
            yield from (one for one in kept if form_of(one))
    elif path.is_file() and form_of(path):
        yield path


def _table_of(name: PurePath) -> str:
    """Return the table a folder or file is named after; otherwise they are affiliations."""
    named = (stem for part in name.parts for stem in STEMS if part.startswith(stem))
    return next(named, _AFFILIATIONS)


def _fixed(name: PurePath) -> dict[str, str]:
    pairs = (part.partition("=") for part in name.parts[:-1] if "=" in part)
    return {key: value for key, _, value in pairs if key in _IN_FOLDER_NAMES}
