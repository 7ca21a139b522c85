"""Permission to publish, held by one process at a time and numbered, so that a late one is refused.

A file in the store says who holds it. A short file lock guards each change of that file, and the
commit that makes a release visible. No clock is read: a holder on another machine is stale
when its record has not changed for a while on the clock of the process that waits.

An object store has no locks: there each change is a write on the condition that nobody has changed
the record since it was read, and who takes over from a late holder fences it off in the log.
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
from typing import Any, Final
from uuid import uuid4

from filelock import FileLock, Timeout

from storage.files import write_atomically
from storage.objects import ObjectPath, Tag
from storage.paths import StorePath
from talentcast.domain.errors import StoreError
from talentcast.store.pointer import fence

#: How long a publisher waits for the lease.
PATIENCE_SECONDS: Final = 120.0
#: A holder without a heartbeat for so long is stale and loses the lease; one table takes a second.
TIME_TO_LIVE_SECONDS: Final = 30.0
#: The same in an object store, to which a table may have a long way.
_TIME_TO_LIVE_AFAR: Final = 90.0
_POLL_SECONDS: Final = 0.1
#: The same in an object store, where each look is a request.
_POLL_SECONDS_AFAR: Final = 0.3
#: Leases that this process gave back, by store and token: a full disk may hold no record of it.
_GIVEN_BACK: Final[set[tuple[StorePath, int]]] = set()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who may publish.

    Attributes:
        token: Fencing token, larger than every earlier one.
        beat: Heartbeats so far.
        pid: Process that holds it on `host`; 0 if nobody does.
        turn: Tells two records apart that are the same otherwise; empty on a disk, which has locks.
    """

    token: int
    beat: int
    host: str
    pid: int
    turn: str = ""

    @property
    def is_free(self) -> bool:
        """Whether nobody holds it, or a process of this machine that has died."""
        return self.pid == 0 or (self.host == socket.gethostname() and not _is_alive(self.pid))


class Lease:
    """The right to publish; every step asks first whether the fencing token is still the newest."""

    def __init__(self, root: StorePath, holder: Holder) -> None:
        self._root, self._holder = root, holder

    def renew(self) -> None:
        """Give a heartbeat.

        Raises:
            StoreError: If another process has taken over meanwhile.
        """
        with _changing(self._root) as record:
            self._beat(record)

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Hold off every other process during the one commit that makes a release visible.

        In an object store nobody can be held off: `append_event` commits there only what is next.

        Raises:
            StoreError: If another process has taken over meanwhile; nothing is committed then.
        """
        with _changing(self._root) as record:
            if isinstance(self._root, Path):
                self._require_own(record.holder)
            else:
                self._beat(record)
            yield

    def release(self) -> None:
        """Give the lease back, if it is still one's own."""
        _GIVEN_BACK.add((self._root.resolve(), self._holder.token))
        with _changing(self._root) as record:
            if self._is_own(record.holder):
                record.write(replace(self._holder, pid=0))

    def _beat(self, record: _Record) -> None:
        self._require_own(record.holder)
        self._holder = replace(self._holder, beat=self._holder.beat + 1)
        if not record.write(self._holder):
            raise self._lost(record.read())

    def _require_own(self, present: Holder) -> None:
        if not self._is_own(present):
            raise self._lost(present)

    def _is_own(self, present: Holder) -> bool:
        return (present.token, present.turn) == (self._holder.token, self._holder.turn)

    def _lost(self, present: Holder) -> StoreError:
        return StoreError(
            f"LEASE_LOST: process {present.pid} on {present.host} took over publishing to "
            f"{self._root}, because this one gave no heartbeat for "
            f"{_time_to_live(self._root):.0f} s. Nothing of this release is visible; run again."
        )


@contextmanager
def publishing(
    root: StorePath,
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
    lease = _wait_for_lease(root, patience_seconds, time_to_live_seconds or _time_to_live(root))
    try:
        yield lease
    finally:
        with suppress(OSError, StoreError):  # the next process finds this one gone in any case
            lease.release()


def _wait_for_lease(root: StorePath, patience: float, time_to_live: float) -> Lease:
    jitter = SystemRandom()
    begun = seen_at = time.monotonic()
    seen = None
    pause = _POLL_SECONDS if isinstance(root, Path) else _POLL_SECONDS_AFAR
    while True:
        with _changing(root) as record:
            present = record.holder
            now = time.monotonic()
            if present != seen:
                seen, seen_at = present, now
            is_given_back = present.pid == os.getpid() and (
                (root.resolve(), present.token) in _GIVEN_BACK
            )
            if present.is_free or is_given_back or now - seen_at > time_to_live:
                mine = Holder(present.token + 1, 0, socket.gethostname(), os.getpid(), _turn(root))
                if record.write(mine):
                    if isinstance(root, ObjectPath) and present.pid and not is_given_back:
                        fence(mine.token, root)
                    return Lease(root, mine)
        if now - begun > patience:
            raise StoreError(
                f"Process {present.pid} on {present.host} has been publishing to {root} for "
                f"{patience:.0f} s. Wait for it, or end it, and run again."
            )
        time.sleep(pause * (0.5 + jitter.random()))


def _time_to_live(root: StorePath) -> float:
    return TIME_TO_LIVE_SECONDS if isinstance(root, Path) else _TIME_TO_LIVE_AFAR


def _turn(root: StorePath) -> str:
    return "" if isinstance(root, Path) else uuid4().hex


@contextmanager
def _changing(root: StorePath) -> Iterator[_Record]:
    """Read who holds the lease, to change it; on a disk nobody else can meanwhile."""
    if isinstance(root, ObjectPath):
        yield _Record(root)
        return
    try:
        with FileLock(root / ".lease.lock", timeout=PATIENCE_SECONDS):
            yield _Record(root)
    except Timeout:
        raise StoreError(
            f"{root / '.lease.lock'} has been locked for {PATIENCE_SECONDS:.0f} s. "
            "End the process that holds it and run again."
        ) from None


class _Record:
    """The file that says who holds the lease, as it was read."""

    def __init__(self, root: StorePath) -> None:
        self._path = root / ".lease.json"
        self._tag: Tag | None = None
        self.holder = self.read()

    def read(self) -> Holder:
        """Return who holds the lease; nobody before the first."""
        try:
            return Holder(**json.loads(self._content()))
        except FileNotFoundError:
            return Holder(token=0, beat=0, host="", pid=0)
        except (ValueError, TypeError) as error:
            raise StoreError(
                f"STORE_CORRUPT: {self._path} cannot be read ({error}). Make sure that nobody is "
                "publishing, delete it and run again."
            ) from None

    def write(self, holder: Holder) -> bool:
        """Write who holds it; False if an object store was changed since it was read."""
        content = json.dumps(_stated(holder)).encode()
        if isinstance(self._path, Path):
            write_atomically(self._path, content)
            return True
        # Where the answer of an earlier attempt was lost, the record is in place all the same.
        return self._path.write_if(content, tag=self._tag) or self.read() == holder

    def _content(self) -> bytes:
        if isinstance(self._path, Path):
            return self._path.read_bytes()
        content, self._tag = self._path.read_tagged()
        return content


def _stated(holder: Holder) -> dict[str, Any]:
    return {name: value for name, value in asdict(holder).items() if value != "" or name != "turn"}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's process
        return True
    return True
