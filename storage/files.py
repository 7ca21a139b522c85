"""Files that are either whole or absent, also after a power cut.

An object store promises that of itself: an object is acknowledged once it is kept.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

import pyarrow as pa

from storage.objects import ObjectPath, read_all
from storage.paths import StorePath

#: Modes before the umask of the process takes its part.
EVERYBODY: Final = 0o666
OWNER: Final = 0o600


def write_atomically(path: StorePath, content: bytes, *, mode: int = EVERYBODY) -> None:
    """Write a file so that no reader, and no crash, ever sees half of it.

    Args:
        path: Folders that lead to it are made.
        content: All of it.
        mode: Who may read and write it, less what the umask of this process forbids; of an
            object the rules of its bucket say it.
    """
    if isinstance(path, ObjectPath):
        path.write_bytes(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path, mode=mode) as file:
        file.write(content)


@contextmanager
def written_whole(path: Path, *, mode: int = EVERYBODY) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes its name and is kept once everything is written.

    Args:
        path: In a folder that is there.
        mode: As of `write_atomically`.
    """
    temporary = path.parent / f".{path.name}-{uuid4().hex}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def require_room(folder: Path, n_bytes: int) -> None:
    """Make sure that a folder can be written to and has room, by taking the room for a moment.

    Raises:
        OSError: If it cannot, or has not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(n_bytes))
        file.flush()


def flush(paths: Iterable[StorePath], *, below: StorePath) -> None:
    """Force files to the disk, and every folder that names them up to `below`.

    A file survives a power cut once it and the folders that lead to it are flushed. Objects do so
    already.
    """
    if isinstance(below, ObjectPath):
        return
    files = [path for path in paths if isinstance(path, Path)]
    folders = {folder for path in files for folder in path.parents if folder.is_relative_to(below)}
    for path in [*files, *folders]:
        sync(path)


def readable(paths: Sequence[StorePath]) -> list[Path | pa.BufferReader]:
    """Return what Arrow can read files from; objects are fetched whole, see `read_all`.

    Raises:
        FileNotFoundError: If an object is gone.
    """
    remote = [path for path in paths if isinstance(path, ObjectPath)]
    fetched = (pa.BufferReader(content) for content in read_all(remote))
    return [path if isinstance(path, Path) else next(fetched) for path in paths]


def size(path: StorePath) -> int:
    """Return the bytes of a file or object; a link counts as itself."""
    return path.head().size if isinstance(path, ObjectPath) else path.lstat().st_size


def sync(path: Path) -> None:
    """Force one file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
