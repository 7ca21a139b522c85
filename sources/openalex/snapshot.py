"""The snapshot of all works, downloaded or in a store: its parts, and which works were deleted.

A manifest names every part with its size and its number of records, and is written last: parts
without one are a download that did not end. Files beside it that it does not name are left from an
earlier release, and are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from sources.plain_files import asking_store, require_plain, require_reachable, unreadable_address
from storage.arrow import Readable, open_text
from storage.objects import ListedObject
from storage.paths import StorePath
from talentcast.domain.errors import (
    InputRejectedError,
    UsageError,
    some_of,
)
from talentcast.domain.types import Vintage

#: Where works lie below what somebody downloaded; the last two as before 2026.
_PLACES: Final = (
    *("", "works", "jsonl/works", "data/jsonl/works", "parquet/works", "data/parquet/works"),
    *("data/works", "legacy-data/works"),
)
_MANIFESTS: Final = ("manifest.json", "manifest")
_DELETED: Final = ("deleted_ids.csv", "deleted_ids.csv.gz")
_PART: Final = re.compile(r"updated_date=(\d{4}-\d{2}-\d{2})/[\w-]+(?:(?:\.jsonl)?\.gz|\.parquet)")
#: Of a work, about.
_PACKED_WORK_BYTES: Final = 1_400
_MAX_MANIFEST_BYTES: Final = 100_000_000
#: Works of the largest collaborations take some megabytes.
_MAX_LINE_BYTES: Final = 128 << 20
#: Bytes that are asked of the disk at once.
_PACKED: Final = 1 << 20
_ID_START: Final = r"^.*[Ww]"


@dataclass(frozen=True, slots=True)
class SnapshotPart:
    """A file with some of the works.

    Attributes:
        name: Path below the folder of works.
        size: In bytes, packed.
        written: When, in nanoseconds.
        n_records: Works in it, as the manifest says; None if it does not say.
    """

    path: Readable = field(repr=False)
    name: str
    size: int
    written: int
    n_records: int | None

    @property
    def identity(self) -> str:
        """Digest of what tells whether it is still the same file."""
        tag = self.path.facts.tag if isinstance(self.path, ListedObject) else ""
        said = f"{self.name} {self.size} {tag or self.written}"
        return sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class WorksSnapshot:
    """Works of one release.

    Attributes:
        parts: All that the manifest names.
        vintage: Day of the release.
        deleted: Part with the ids of deleted works, if there is one.
        n_beside: Files of works that the manifest does not name.
    """

    parts: tuple[SnapshotPart, ...]
    vintage: Vintage
    deleted: SnapshotPart | None
    n_beside: int

    @property
    def n_records(self) -> int:
        """How many works there are; of parts that do not say, about."""
        said = [part.n_records for part in self.parts]
        if None not in said:
            return sum(filter(None, said))
        return sum(part.size for part in self.parts) // _PACKED_WORK_BYTES


def works_snapshot(root: StorePath) -> WorksSnapshot:
    """Look at a snapshot, without reading a work.

    Args:
        root: The folder of works, or one above it.

    Raises:
        UsageError: If there is no manifest, a part is a link or a device, or a store refuses.
        SourceUnavailableError: If a store does not answer.
        InputRejectedError: `MANIFEST` if it cannot be understood, `PARTS_MISSING` or `PART_SIZE`
            if files are not those that it names.
    """
    try:
        manifest = _manifest_in(root)
        entries, day = _read_manifest(manifest)
        found = _found_in(manifest.parent)
    except OSError as error:
        if isinstance(root, Path):
            raise
        raise unreadable_address(error) from None
    if missing := sorted(set(entries) - set(found)):
        raise InputRejectedError(
            "PARTS_MISSING",
            f"{len(missing)} of {len(entries)} parts that {manifest.name} names are not there: "
            f"{some_of(missing)}. Download them, and run again.",
        )
    parts = [_part(found[name], meta) for name, meta in sorted(entries.items())]
    deleted = next((_part(found[name], {}) for name in _DELETED if name in found), None)
    newest = day or max(name.partition("=")[2][:10] for name in entries)
    n_beside = len(set(found) - set(entries) - set(_DELETED))
    return WorksSnapshot(tuple(parts), Vintage.parse(newest), deleted, n_beside)


def deleted_works(listed: SnapshotPart) -> NDArray[np.int64]:
    """Return the numbers of deleted works, sorted: of W123 it is 123.

    Raises:
        InputRejectedError: `PARSE` if it is no list of them.
    """
    found = [np.empty(0, dtype=np.int64)]
    options = pa.csv.ConvertOptions(
        column_types={"work_id": pa.string()}, include_columns=["work_id"]
    )
    try:
        with (
            asking_store(listed.name),
            open_text(listed.path) as text,
            pa.csv.open_csv(text, convert_options=options) as reader,
        ):
            for batch in reader:
                numbers = pc.replace_substring_regex(batch["work_id"], _ID_START, "")
                found.append(numbers.cast(pa.int64()).to_numpy(zero_copy_only=False))
    except (pa.ArrowException, OSError, ValueError):
        raise InputRejectedError(
            "PARSE",
            f"{listed.name} is no list of deleted works with a column work_id. Download it again.",
        ) from None
    return np.unique(np.concatenate(found))


def _manifest_in(root: StorePath) -> StorePath:
    if isinstance(root, Path):
        require_reachable(root)
    for place in _PLACES:
        folder = root / place if place else root
        for name in _MANIFESTS:
            if (folder / name).is_file() and _names_works(folder):
                if isinstance(root, Path):
                    require_plain(root / place / name)
                return folder / name
    raise UsageError(
        f"{root} holds no manifest of works (data/jsonl/works/manifest.json). It is written last: "
        "download the snapshot to its end, with its manifest, and pass that folder."
    )


def _found_in(folder: StorePath) -> dict[str, SnapshotPart]:
    """Return what lies in a folder of works, by name; none is counted yet."""
    if isinstance(folder, Path):
        paths = [*folder.glob("updated_date=*/*.*"), *(folder / name for name in _DELETED)]
        kept = {str(path.relative_to(folder)): path for path in paths if path.is_file()}
        states = {name: path.lstat() for name, path in kept.items()}
        return {
            name: SnapshotPart(kept[name], name, state.st_size, state.st_mtime_ns, None)
            for name, state in states.items()
        }
    return {
        name: SnapshotPart(listed, name, listed.facts.size, listed.facts.written, None)
        for listed in folder.objects_below()
        for name in [listed.path.key.removeprefix(f"{folder.key}/")]
        if name.startswith("updated_date=") or name in _DELETED
    }


def _names_works(folder: StorePath) -> bool:
    """Return whether a folder is one of works: others have manifests of other things."""
    return folder.name == "works" or any(
        one.name.startswith("updated_date=") for one in folder.iterdir()
    )


def _read_manifest(path: StorePath) -> tuple[dict[str, dict[str, Any]], str | None]:
    """Return what is said of each part, by its name, and the day of the release."""
    size = path.stat().st_size if isinstance(path, Path) else path.head().size
    if size > _MAX_MANIFEST_BYTES:
        raise _no_manifest(path)
    try:
        content = json.loads(path.read_bytes())
        entries = {}
        for entry in _entries(content):
            name = str(entry["url"]).rpartition("/works/")[2]
            if not _PART.fullmatch(name):
                raise _no_manifest(path)
            entries[name] = dict(entry.get("meta") or {})
        day = content.get("date")
        if day is not None:
            date.fromisoformat(day)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _no_manifest(path) from None
    if not entries:
        raise _no_manifest(path)
    return entries, day


def _entries(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a manifest says of parts of works, of this form or of that before 2026."""
    listed = content.get("files") or content.get("entries") or []
    return (entry for entry in listed if "/works/" in entry["url"])


def _part(found: SnapshotPart, meta: dict[str, Any]) -> SnapshotPart:
    """Return a part that was found, with what the manifest says of it."""
    if isinstance(found.path, Path):
        require_plain(found.path)
    said = meta.get("content_length")
    if said is not None and found.size != said:
        raise InputRejectedError(
            "PART_SIZE",
            f"{found.name} has {found.size} bytes where the manifest says {said}. Download it "
            "again.",
        )
    return replace(found, n_records=meta.get("record_count"))


def _no_manifest(path: StorePath) -> InputRejectedError:
    return InputRejectedError(
        "MANIFEST",
        f"{path} does not list parts of works such as updated_date=2026-06-24/part_0000.gz. "
        "Download it again.",
    )


def lines_of(part: SnapshotPart, block_bytes: int = 4 << 20) -> Iterator[list[bytes]]:
    """Yield the lines of a part, some megabytes at a time.

    Raises:
        InputRejectedError: `TRUNCATED` if it breaks off or is damaged, `TOO_LARGE` if a line is
            longer than a work could be.
    """
    tail = b""
    try:
        with asking_store(part.name), open_text(part.path, _PACKED) as file:
            while block := file.read(block_bytes):
                *whole, tail = (tail + block).split(b"\n")
                if len(tail) > _MAX_LINE_BYTES:
                    raise InputRejectedError(
                        "TOO_LARGE",
                        f"{part.name} has a line of more than {_MAX_LINE_BYTES} bytes. "
                        "Download it again.",
                    )
                yield whole
    except (OSError, pa.ArrowException) as error:
        raise InputRejectedError(
            "TRUNCATED",
            f"{part.name} breaks off or is damaged ({type(error).__name__}). Download it again.",
        ) from None
    if tail:
        yield [tail]
