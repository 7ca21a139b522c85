"""Processes beside the run's own: they share its cores and end when it ends."""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread
from typing import Any

from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner


def processes(at_once: int) -> TaskRunner[PrefectFuture[Any]]:
    """Return a task runner for work that holds Python's lock, such as checks and models."""
    runner: Any = ProcessPoolTaskRunner(max_workers=at_once, initializer=end_with_parent)
    checked: TaskRunner[PrefectFuture[Any]] = runner
    return checked


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_outlive, args=(parent,), daemon=True).start()


def _outlive(parent: Any) -> None:
    parent.join()
    # A pool waits for work for ever; what was half done is invisible and done again.
    os._exit(1)
