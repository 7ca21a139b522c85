"""Make what was written survive a power cut: a file is safe once it and its folder are flushed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def flush(paths: Iterable[Path]) -> None:
    """Force files, and the folders that name them, to the disk."""
    files = list(paths)
    for path in files:
        _sync(path)
    for folder in {path.parent for path in files}:
        _sync(folder)


def replace_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    draft.write_bytes(content)
    draft.replace(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
