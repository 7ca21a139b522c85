"""Which files hold records of people: a folder, a pattern, or one file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from glob import glob, has_magic
from hashlib import file_digest
from pathlib import Path
from typing import Final

import pyarrow as pa

from engine.batches import FORMS, form_of, names_of, schema_of
from sources.affiliations import STEMS, is_affiliations_folder
from sources.plain_files import require_plain, require_reachable
from talentcast.domain.errors import InputRejectedError, TalentcastError, UsageError
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

    path: Path = field(repr=False)
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
        """Return the digest of the bytes.

        Raises:
            InputRejectedError: `CHANGED` if it is not the file that was found.
        """
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        self.require_unchanged()
        return digest

    def require_unchanged(self) -> None:
        """Refuse a file that was written to since it was found.

        Raises:
            InputRejectedError: `CHANGED`.
        """
        status = self.path.lstat()
        if (status.st_size, status.st_mtime_ns) != (self.size, self.written):
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
    """
    root = Path(source)
    try:
        require_reachable(root)
        if root.is_dir() and is_affiliations_folder(root):
            return False
        first = next(_paths(source), None)
        if first is None or not first.is_file():
            return False
        named = names_of(schema_of(first), first.name, _AFFILIATIONS)
        return _ID in named.values()
    except (TalentcastError, OSError, ValueError, pa.ArrowException):
        return False  # whatever it is, another source says what is wrong with it


def record_files(source: str) -> tuple[RecordFile, ...]:
    """Return the files of a source, in the order of their names.

    Raises:
        UsageError: If there is none, or one is a link, a pipe or a device.
    """
    root = folder_of(source)
    files = []
    for path in sorted(_paths(source)):
        require_plain(path)
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_size > 0:
            name = path.relative_to(root)
            table, fixed = _table_of(name), _fixed(name)
            files.append(
                RecordFile(path, str(name), table, fixed, status.st_size, status.st_mtime_ns)
            )
    if not any(file.table in STEMS[:2] for file in files):
        raise UsageError(
            f"{source} holds neither careers nor affiliations. Pass a folder, a pattern or a file "
            f"({', '.join(FORMS)}); docs/how-to/publish-people.md says how they are named."
        )
    return tuple(files)


def named_after(source: str) -> str:
    """Return what a population of a source is named after: its folder, or its one file."""
    root = Path(source)
    if has_magic(source) or root.is_dir():
        return folder_of(source).resolve().name
    return root.name.partition(".")[0]


def folder_of(source: str) -> Path:
    """Return the folder below which everything lies."""
    path = Path(source)
    if has_magic(source):
        plain = []
        for part in path.parts:
            if has_magic(part):
                break
            plain.append(part)
        return Path(*plain) if plain else Path()
    return path if path.is_dir() else path.parent


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


def _table_of(name: Path) -> str:
    """Return the table a folder or file is named after; otherwise they are affiliations."""
    named = (stem for part in name.parts for stem in STEMS if part.startswith(stem))
    return next(named, _AFFILIATIONS)


def _fixed(name: Path) -> dict[str, str]:
    pairs = (part.partition("=") for part in name.parts[:-1] if "=" in part)
    return {key: value for key, _, value in pairs if key in _IN_FOLDER_NAMES}
