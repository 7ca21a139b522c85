"""What the disk may refuse, said so that the operator knows what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deltalake.exceptions import DeltaError

from talentcast.domain.errors import StoreError

_FIXES: Final = {
    "no space left": ("DISK", "Free space and run again; `talentcast releases clean` may help."),
    "quota exceeded": ("DISK", "Free space and run again; `talentcast releases clean` may help."),
    "file too large": ("DISK", "Raise the limit on file sizes and run again."),
    "read-only file system": ("READ_ONLY", "Mount it for writing, or name another folder."),
    "permission denied": ("READ_ONLY", "Let this user write there, or name another folder."),
}


@contextmanager
def storage_failures(root: Path) -> Iterator[None]:
    """Turn a full or read-only disk into one line; the last good release stays served.

    Raises:
        StoreError: For what the disk or the table library refuses.
    """
    try:
        yield
    except (OSError, DeltaError) as error:
        said = str(error).lower()
        code, fix = next(
            (found for words, found in _FIXES.items() if words in said),
            ("STORE_FAILED", "Fix what it names and run again."),
        )
        raise StoreError(
            f"{code}: writing to {root} failed ({_first_line(error)}). Nothing of this release is "
            f"visible and earlier ones are untouched. {fix}",
            parameters=("root",) if code == "READ_ONLY" else (),
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
