"""The snapshot of all works, as downloaded: which parts it has, and which works were deleted.

A manifest names every part with its size and its number of records, and is written last: parts
without one are a download that did not end. Files beside it that it does not name are left from an
earlier release, and are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from sources.plain_files import require_plain, require_reachable
from talentcast.domain.errors import InputRejectedError, UsageError, some_of
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

    path: Path = field(repr=False)
    name: str
    size: int
    written: int
    n_records: int | None

    @property
    def identity(self) -> str:
        """Digest of what tells whether it is still the same file."""
        return sha256(f"{self.name} {self.size} {self.written}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class WorksSnapshot:
    """Works of one release.

    Attributes:
        parts: All that the manifest names.
        vintage: Day of the release.
        deleted: File with the ids of deleted works, if there is one.
        n_beside: Files of works that the manifest does not name.
    """

    parts: tuple[SnapshotPart, ...]
    vintage: Vintage
    deleted: Path | None
    n_beside: int

    @property
    def n_records(self) -> int:
        """How many works there are; of parts that do not say, about."""
        said = [part.n_records for part in self.parts]
        if None not in said:
            return sum(filter(None, said))
        return sum(part.size for part in self.parts) // _PACKED_WORK_BYTES


def works_snapshot(root: Path) -> WorksSnapshot:
    """Look at a snapshot, without reading a work.

    Args:
        root: The folder of works, or one above it.

    Raises:
        UsageError: If there is no manifest, or a part is a link or a device.
        InputRejectedError: `MANIFEST` if it cannot be understood, `PARTS_MISSING` or `PART_SIZE`
            if files are not those that it names.
    """
    manifest = _manifest_in(root)
    folder = manifest.parent
    entries, day = _read_manifest(manifest)
    missing = [name for name in entries if not (folder / name).is_file()]
    if missing:
        raise InputRejectedError(
            "PARTS_MISSING",
            f"{len(missing)} of {len(entries)} parts that {manifest.name} names are not there: "
            f"{some_of(missing)}. Download them, and run again.",
        )
    parts = [_part(folder, name, meta) for name, meta in sorted(entries.items())]
    found = {str(path.relative_to(folder)) for path in folder.glob("updated_date=*/*.*")}
    deleted = next((folder / name for name in _DELETED if (folder / name).is_file()), None)
    if deleted is not None:
        require_plain(deleted)
    newest = day or max(name.partition("=")[2][:10] for name in entries)
    return WorksSnapshot(tuple(parts), Vintage.parse(newest), deleted, len(found - set(entries)))


def deleted_works(path: Path) -> NDArray[np.int64]:
    """Return the numbers of deleted works, sorted: of W123 it is 123.

    Raises:
        InputRejectedError: `PARSE` if it is no list of them.
    """
    found = [np.empty(0, dtype=np.int64)]
    options = pa.csv.ConvertOptions(
        column_types={"work_id": pa.string()}, include_columns=["work_id"]
    )
    try:
        with pa.csv.open_csv(path, convert_options=options) as reader:
            for batch in reader:
                numbers = pc.replace_substring_regex(batch["work_id"], _ID_START, "")
                found.append(numbers.cast(pa.int64()).to_numpy(zero_copy_only=False))
    except (pa.ArrowException, OSError, ValueError):
        raise InputRejectedError(
            "PARSE",
            f"{path.name} is no list of deleted works with a column work_id. Download it again.",
        ) from None
    return np.unique(np.concatenate(found))


def _manifest_in(root: Path) -> Path:
    require_reachable(root)
    for place in _PLACES:
        for name in _MANIFESTS:
            if (root / place / name).is_file() and _names_works(root / place):
                require_plain(root / place / name)
                return root / place / name
    raise UsageError(
        f"{root} holds no manifest of works (data/jsonl/works/manifest.json). It is written last: "
        "download the snapshot to its end, with its manifest, and pass that folder."
    )


def _names_works(folder: Path) -> bool:
    """Return whether a folder is one of works: others have manifests of other things."""
    return next(folder.glob("updated_date=*"), None) is not None or folder.name == "works"


def _read_manifest(path: Path) -> tuple[dict[str, dict[str, Any]], str | None]:
    """Return what is said of each part, by its name, and the day of the release."""
    if path.stat().st_size > _MAX_MANIFEST_BYTES:
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


def _part(folder: Path, name: str, meta: dict[str, Any]) -> SnapshotPart:
    path = folder / name
    require_plain(path)
    status, said = path.lstat(), meta.get("content_length")
    if said is not None and status.st_size != said:
        raise InputRejectedError(
            "PART_SIZE",
            f"{name} has {status.st_size} bytes where the manifest says {said}. Download it again.",
        )
    return SnapshotPart(path, name, status.st_size, status.st_mtime_ns, meta.get("record_count"))


def _no_manifest(path: Path) -> InputRejectedError:
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
        with pa.input_stream(str(part.path), compression="gzip", buffer_size=_PACKED) as file:
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
