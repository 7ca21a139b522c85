"""Permission to publish, held by one process at a time and numbered, so that a late one is refused.

A file in the store says who holds it. A short file lock guards each change of that file, and the
commit that makes a release visible. No clock is read: a holder on another machine is stale
when its record has not changed for a while on the clock of the process that waits.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import SystemRandom
from typing import Final

from filelock import FileLock, Timeout

from talentcast.domain.errors import StoreError
from talentcast.store.files import write_atomically

#: How long a publisher waits for the lease.
PATIENCE_SECONDS: Final = 120.0
#: A holder without a heartbeat for so long is stale and loses the lease; one table takes a second.
TIME_TO_LIVE_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1
#: Leases that this process gave back, by store and token: a full disk may hold no record of it.
_GIVEN_BACK: Final[set[tuple[Path, int]]] = set()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who may publish.

    Attributes:
        token: Fencing token, larger than every earlier one.
        beat: Heartbeats so far.
        pid: Process that holds it on `host`; 0 if nobody does.
    """

    token: int
    beat: int
    host: str
    pid: int

    @property
    def is_free(self) -> bool:
        """Whether nobody holds it, or a process of this machine that has died."""
        return self.pid == 0 or (self.host == socket.gethostname() and not _is_alive(self.pid))


class Lease:
    """The right to publish; every step asks first whether the fencing token is still the newest."""

    def __init__(self, root: Path, holder: Holder) -> None:
        self._root, self._holder = root, holder

    def renew(self) -> None:
        """Give a heartbeat.

        Raises:
            StoreError: If another process has taken over meanwhile.
        """
        with _changing(self._root):
            self._require_own()
            self._holder = replace(self._holder, beat=self._holder.beat + 1)
            _write(self._holder, self._root)

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Hold off every other process during the one commit that makes a release visible.

        Raises:
            StoreError: If another process has taken over meanwhile; nothing is committed then.
        """
        with _changing(self._root):
            self._require_own()
            yield

    def release(self) -> None:
        """Give the lease back, if it is still one's own."""
        _GIVEN_BACK.add((self._root.resolve(), self._holder.token))
        with _changing(self._root):
            if _read(self._root).token == self._holder.token:
                _write(replace(self._holder, pid=0), self._root)

    def _require_own(self) -> None:
        present = _read(self._root)
        if present.token != self._holder.token:
            raise StoreError(
                f"LEASE_LOST: process {present.pid} on {present.host} took over publishing to "
                f"{self._root}, because this one gave no heartbeat for "
                f"{TIME_TO_LIVE_SECONDS:.0f} s. Nothing of this release is visible; run again."
            )


@contextmanager
def publishing(
    root: Path,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    time_to_live_seconds: float | None = None,
) -> Iterator[Lease]:
    """Wait for the lease of a release store, and give it back afterwards.

    A holder that died on this machine is replaced at once, one without a heartbeat after
    `time_to_live_seconds`.

    Raises:
        StoreError: If others hold it for longer than `patience_seconds`.
    """
    root.mkdir(parents=True, exist_ok=True)
    lease = _wait_for_lease(root, patience_seconds, time_to_live_seconds or TIME_TO_LIVE_SECONDS)
    try:
        yield lease
    finally:
        with suppress(OSError, StoreError):  # the next process finds this one gone in any case
            lease.release()


def _wait_for_lease(root: Path, patience: float, time_to_live: float) -> Lease:
    jitter = SystemRandom()
    begun = seen_at = time.monotonic()
    seen = None
    while True:
        with _changing(root):
            present = _read(root)
            now = time.monotonic()
            if present != seen:
                seen, seen_at = present, now
            is_given_back = present.pid == os.getpid() and (
                (root.resolve(), present.token) in _GIVEN_BACK
            )
            if present.is_free or is_given_back or now - seen_at > time_to_live:
                mine = Holder(present.token + 1, 0, socket.gethostname(), os.getpid())
                _write(mine, root)
                return Lease(root, mine)
        if now - begun > patience:
            raise StoreError(
                f"Process {present.pid} on {present.host} has been publishing to {root} for "
                f"{patience:.0f} s. Wait for it, or end it, and run again."
            )
        time.sleep(_POLL_SECONDS * (0.5 + jitter.random()))


@contextmanager
def _changing(root: Path) -> Iterator[None]:
    try:
        with FileLock(root / ".lease.lock", timeout=PATIENCE_SECONDS):
            yield
    except Timeout:
        raise StoreError(
            f"{root / '.lease.lock'} has been locked for {PATIENCE_SECONDS:.0f} s. "
            "End the process that holds it and run again."
        ) from None


def _read(root: Path) -> Holder:
    path = root / ".lease.json"
    try:
        return Holder(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return Holder(token=0, beat=0, host="", pid=0)
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"STORE_CORRUPT: {path} cannot be read ({error}). Make sure that nobody is publishing, "
            "delete it and run again."
        ) from None


def _write(holder: Holder, root: Path) -> None:
    write_atomically(root / ".lease.json", json.dumps(asdict(holder)).encode())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process
        return True
    return True
