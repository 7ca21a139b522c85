"""What a disk or an object store may refuse, said so that the operator knows what to do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deltalake.exceptions import DeltaError

from storage.objects import ObjectPath
from storage.owners import named_path, nearest, user_name
from storage.paths import StorePath
from storage.reasons import Refusal, plain_reason, refusal_of
from talentcast.domain.errors import NotPermittedError, StoreError

_INTACT: Final = "A release is whole or invisible, and earlier ones are untouched."
_FREE_SPACE: Final = "Free space and run again; `talentcast releases clean` may help."
_FIXES: Final = {
    "no space left": ("DISK", _FREE_SPACE),
    "quota exceeded": ("DISK", _FREE_SPACE),
    "file too large": ("DISK", "Raise the limit on file sizes and run again."),
    "read-only file system": ("READ_ONLY", "Mount it for writing, or name another folder."),
}
_DENIED: Final = ("permission denied", "operation not permitted")


@contextmanager
def storage_failures(root: StorePath, *, parameter: str = "root") -> Iterator[None]:
    """Turn what a disk refuses into one line; the last good release stays served.

    Args:
        root: Folder that is read or written.
        parameter: Of the caller, that names another folder.

    Raises:
        StoreError: For what the disk or the table library refuses.
    """
    try:
        yield
    except (OSError, DeltaError) as error:
        raise refusal(error, root, parameter=parameter) or StoreError(
            f"STORE_FAILED: using {root} failed ({one_line(error)}). {_INTACT} Fix what it names "
            "and run again."
        ) from cause(error, root)


def cause(error: Exception, root: StorePath) -> Exception | None:
    """Return what may be told of an error beside its one line: answers of a store hold secrets."""
    return error if isinstance(root, Path) else None


def refusal(error: Exception, root: StorePath, *, parameter: str = "root") -> StoreError | None:
    """Return what to tell about a full or read-only disk, or files of somebody else.

    Args:
        error: Of the operating system, Arrow or the table library.
        root: Folder that was read or written.
        parameter: Of the caller, that names another folder.

    Returns:
        None for anything else: files may be damaged then.
    """
    said = one_line(error)
    if isinstance(root, ObjectPath):
        return _refused_by_store(refusal_of(said), said, root)
    lowered = said.lower()
    if any(words in lowered for words in _DENIED):
        return _not_permitted(named_path(error, said, root), root, parameter)
    for words, (code, fix) in _FIXES.items():
        if words in lowered:
            return StoreError(
                f"{code}: writing to {root} failed ({said}). {_INTACT} {fix}",
                parameters=(parameter,) if code == "READ_ONLY" else (),
            )
    return None


def one_line(error: Exception) -> str:
    """Return the text of an error as one line, without colours and credentials."""
    return plain_reason(error)


def _refused_by_store(refused: Refusal | None, said: str, root: ObjectPath) -> StoreError | None:
    if refused is None:
        return None
    kind = NotPermittedError if refused.code == "PERMISSION" else StoreError
    return kind(f"{refused.code}: using {root} failed ({said}). {_INTACT} {refused.fix}")


def _not_permitted(path: Path, root: StorePath, parameter: str) -> NotPermittedError:
    found = nearest(path)
    state, me = found.lstat(), user_name(os.geteuid())
    owner = user_name(state.st_uid)
    fix = f"Run as {owner}, or open {root} to {me} with chown or chmod."
    if owner == me:
        fix = f"Open it: chmod -R u+rwX {root}"
    whose = "it" if found == path else str(found)
    return NotPermittedError(
        f"PERMISSION: this process runs as {me} and may not use {path}; {whose} belongs to "
        f"{owner}, with mode {stat.filemode(state.st_mode)}. {_INTACT} {fix}",
        parameters=(parameter,),
    )
