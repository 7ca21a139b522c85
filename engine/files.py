"""Which files hold records of people: a folder, a pattern, one file, or a prefix in a store."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from glob import glob, has_magic
from hashlib import file_digest, sha256
from pathlib import Path, PurePath, PurePosixPath
from typing import Final, TypeAlias

import pyarrow as pa

from engine.batches import FORMS, form_of, names_of, schema_of
from sources.affiliations import STEMS, is_affiliations_folder
from sources.plain_files import (
    input_place,
    refused_place,
    require_plain,
    require_reachable,
)
from storage.objects import ObjectFacts, ObjectPath
from storage.paths import StorePath, is_address
from talentcast.domain.errors import InputRejectedError, TalentcastError, UsageError
from talentcast.domain.types import Vintage

_ID: Final = "researcher_id"
_AFFILIATIONS: Final = "affiliations"
#: Columns that a folder may be named after, as in `year=2020/part-0.parquet`.
_IN_FOLDER_NAMES: Final = ("year", "country")
#: Bytes, nanoseconds of when they were written, and the tag of a store.
_State: TypeAlias = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file with records of people.

    Attributes:
        name: Path below the folder that was named.
        table: Which of the tables it is a part of.
        fixed: Values that its folders are named after, by column.
        size: In bytes.
        written: When, in nanoseconds.
        tag: Of this content, from a store; empty for a file of this machine.
    """

    path: StorePath = field(repr=False)
    name: str
    table: str
    fixed: Mapping[str, str]
    size: int
    written: int
    tag: str = ""

    @property
    def vintage(self) -> Vintage:
        """Day on which it was written."""
        return Vintage(datetime.fromtimestamp(self.written / 1e9, UTC).date())

    def sha256(self) -> str:
        """Return the digest of the bytes; in a store, of what the store knows them by.

        Raises:
            InputRejectedError: `CHANGED` if it is not the file that was found.
        """
        if isinstance(self.path, ObjectPath):  # they are fetched once, when they are read
            return sha256(f"{self.path} {self.size} {self.tag}".encode()).hexdigest()
        with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        self.require_unchanged()
        return digest

    def require_unchanged(self) -> None:
        """Refuse a file that was written to since it was found.

        Raises:
            InputRejectedError: `CHANGED`.
        """
        if _state(self.path) != (self.size, self.written, self.tag):
            raise InputRejectedError(
                "CHANGED",
                f"{self.name} was written to while it was read. Wait until it is whole, run again.",
            )


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
    """
    if is_address(source):
        return _has_ids(record_files(source)[0].path)
    root = Path(source)
    try:
        require_reachable(root)
        if root.is_dir() and is_affiliations_folder(root):
            return False
        first = next(_paths(source), None)
        if first is None or not first.is_file():
            return False
        return _has_ids(first)
    except (TalentcastError, OSError, ValueError, pa.ArrowException):
        return False  # whatever it is, another source says what is wrong with it


def record_files(source: str) -> tuple[RecordFile, ...]:
    """Return the files of a source, in the order of their names.

    Raises:
        UsageError: If there is none, one is a link, a pipe or a device, or a store refuses.
    """
    place = input_place(source)
    if isinstance(place, ObjectPath):
        files = _objects(place)
    else:
        root = folder_of(source)
        files = []
        for path in sorted(_paths(source)):
            require_plain(path)
            files.append(_record_file(path, path.relative_to(root), *_state(path)))
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
        return place.name.partition(".")[0] or place.bucket
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


def _has_ids(path: StorePath) -> bool:
    return _ID in names_of(schema_of(path), path.name, _AFFILIATIONS).values()


def _objects(place: ObjectPath) -> list[RecordFile]:
    """Return what lies at an address: one object, or all below a prefix, in order."""
    try:
        if form_of(place) and place.is_file():
            return [_record_file(place, PurePosixPath(place.name), *_state(place))]
        found = [
            _record_file(path, PurePosixPath(path.key).relative_to(place.key), *_told(facts))
            for path, facts in place.objects_below()
            if form_of(path)
        ]
    except OSError as error:
        raise refused_place(error) from None
    kept = (one for one in found if not any(part[0] in "._" for part in one.name.split("/")))
    return sorted(kept, key=lambda one: one.name)


def _record_file(path: StorePath, name: PurePath, *state: *_State) -> RecordFile:
    return RecordFile(path, str(name), _table_of(name), _fixed(name), *state)


def _state(path: StorePath) -> _State:
    if isinstance(path, ObjectPath):
        return _told(path.head())
    status = path.lstat()
    return status.st_size, status.st_mtime_ns, ""


def _told(facts: ObjectFacts) -> _State:
    return facts.size, facts.written, facts.tag


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
