"""Parts worked on by several processes at once.

Another process is a Python of its own that reads what to do from a connection: it needs neither
the caller's `__main__` nor its threads. It ends with the connection, so that nobody who is killed
leaves one behind. What passes it, the key among it, is in no argument, file or environment.
"""

from __future__ import annotations

import logging
import operator
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection, Pipe
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, ParamSpec, TypeVar

from talentcast.domain.errors import TalentcastError

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

_SERVE: Final = "from engine.workers import serve; serve()"


@dataclass(frozen=True, slots=True)
class Workers:
    """Apply a function to items as `map` does, in the same order, several at a time.

    Attributes:
        processes: How many, this one included.
    """

    processes: int = 1

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """Yield the results in the order of the items.

        Function, items and results must be picklable, the function by its name.
        """
        remaining = iter(items)
        first = list(islice(remaining, self.processes))
        if self.processes == 1 or len(first) < self.processes:
            yield from map(function, first)
            yield from map(function, remaining)
            return
        with ExitStack() as stack:
            others = [stack.enter_context(_started()) for _ in range(self.processes - 1)]
            while first:
                yield from _at_once(function, first, others)
                first = list(islice(remaining, self.processes))

    def apart(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function in another process, so that this one has its processor to itself.

        For a thread that computes for long: beside it, Python would compute in turns. What is
        passed and returned must be picklable, the function by its name.
        """
        if self.processes == 1:
            return function(*args, **kwargs)
        with _started() as worker:
            with _ended_early():
                worker.send((operator.call, partial(function, *args, **kwargs)))
            result: R = _answer(worker)
            return result


def _answer(worker: Connection) -> Any:
    """Wait for a result, and say here what was logged there."""
    with _ended_early():
        result, error, records = worker.recv()
    for record in records:
        log = logging.getLogger(record.name)
        if log.isEnabledFor(record.levelno):
            log.handle(record)
    if error is not None:
        raise error
    return result


def _at_once(
    function: Callable[[T], R], items: Sequence[T], others: Sequence[Connection]
) -> Iterator[R]:
    mine, *theirs = items
    busy = others[: len(theirs)]
    for worker, item in zip(busy, theirs, strict=True):
        with _ended_early():
            worker.send((function, item))
    yield function(mine)
    for worker in busy:
        yield _answer(worker)


@contextmanager
def _ended_early() -> Iterator[None]:
    """Say what became of a process that is gone."""
    try:
        yield
    except (EOFError, OSError):
        raise TalentcastError(
            "A process that worked on records of people ended early; was there too little "
            "memory? Set TALENTCAST_BUCKET_ROWS or TALENTCAST_PEOPLE_PROCESSES lower, and run "
            "again: it goes on where it was."
        ) from None


@contextmanager
def _started() -> Iterator[Connection]:
    """Start a process and yield what leads to it."""
    mine, its = Pipe()
    with its:
        # -P: nothing is imported from the folder in which somebody happens to be.
        worker = subprocess.Popen(  # noqa: S603 - this Python, with a text of ours
            [sys.executable, "-P", "-c", _SERVE, str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        with mine:
            yield mine
    finally:
        worker.kill()
        worker.wait()


def serve() -> None:
    """Do what comes through the connection that the first argument numbers, until it ends."""
    outward = Connection(int(sys.argv[1]))
    jobs, log = _Jobs(outward), _Log()
    while True:
        function, item = jobs.next()
        try:
            answer: tuple[Any, Exception | None] = (function(item), None)
        except Exception as error:
            answer = (None, error)
        try:
            outward.send((*answer, log.taken()))
        except Exception:
            # What it says could hold anything: its kind is enough to look for it in one process.
            kind = type(answer[1] or answer[0]).__name__
            outward.send((None, TalentcastError(f"A part failed ({kind})."), []))


class _Log:
    """What is logged in a process that has no place to show it, in a form that can be sent."""

    def __init__(self) -> None:
        self._kept: SimpleQueue[logging.LogRecord] = SimpleQueue()
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        root.addHandler(QueueHandler(self._kept))

    def taken(self) -> list[logging.LogRecord]:
        """Return what was logged since the last call."""
        return [self._kept.get() for _ in range(self._kept.qsize())]


class _Jobs:
    """What comes through a connection, watched while the last job is done."""

    def __init__(self, inward: Connection) -> None:
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._inward = inward
        Thread(target=self._watch, daemon=True).start()

    def next(self) -> Any:
        return self._queue.get()

    def _watch(self) -> None:
        try:
            while True:
                self._queue.put(self._inward.recv())
        except (EOFError, OSError):
            os._exit(0)  # in the middle of a job: nobody waits for it
