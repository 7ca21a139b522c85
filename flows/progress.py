"""Tell whoever watches how far a run is: the terminal, and Prefect's own page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Called with what is being done, how many steps are done, and how many there are.
Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the progress of flows started inside this block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class Steps:
    """Counts the steps of one run."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0

    def expect(self, more: int) -> None:
        """Count on further steps that turned out to be needed."""
        self._total += more

    def begin(self, what: str) -> None:
        """Say what is being done now."""
        listener = _listener.get()
        if listener is not None:
            listener(what, self._done, self._total)

    def finish(self, what: str) -> None:
        """Count one step as done."""
        self._done += 1
        self.begin(what)
