"""Permission to publish, held by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from talentcast.domain.errors import StoreError

PATIENCE_SECONDS = 120.0


@contextmanager
def publishing(root: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the release store for writing; the operating system frees it if the process dies.

    Raises:
        StoreError: If another process holds it for longer than `patience_seconds`.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / ".publishing.lock", timeout=patience_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise StoreError(
            f"Another process has been publishing to {root} for {patience_seconds:.0f} s. "
            "Wait for it, or end it, and run again."
        ) from None
    try:
        yield
    finally:
        lock.release()
