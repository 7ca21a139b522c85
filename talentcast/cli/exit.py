"""How a process of the command line ends."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn


def end_after_exit_handlers(command: Callable[[], None]) -> NoReturn:
    """Run a command, then every exit handler, then end without taking the interpreter down.

    Threads of Arrow, Tokio and V8 can still hand Python objects back when a command is done.
    Up to 3.13, CPython unwinds such a thread when it asks for the interpreter's lock during the
    shutdown, which aborts the process (SIGABRT, "exception not rethrown") though its work is
    whole: https://github.com/python/cpython/issues/87135.
    """
    ended = _Ended()
    # Handlers run last in, first out: what the command registers runs before this one.
    atexit.register(ended.leave)
    try:
        command()
    except SystemExit as exit_:
        ended.code = _code(exit_)
        raise
    except BaseException:
        ended.code = 1
        raise
    sys.exit(0)


class _Ended:
    """The exit code of a process, which an exit handler cannot ask for."""

    code = 0

    def leave(self) -> None:
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):  # the reader of a pipe is gone, or it was closed
                self.code = self.code or 120  # what Python answers itself
        os._exit(self.code)


def _code(exit_: SystemExit) -> int:
    if exit_.code is None:
        return 0
    return exit_.code if isinstance(exit_.code, int) else 1
