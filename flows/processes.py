"""Processes beside the run's own: on this machine, where they end with it, or on a cluster."""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread
from typing import Any, cast

from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from talentcast.config import load_settings
from talentcast.domain.errors import ConfigurationError


def shared_out() -> TaskRunner[PrefectFuture[Any]]:
    """Return a task runner for tasks that share nothing: on a cluster that is configured, or here.

    Raises:
        ConfigurationError: If a cluster is configured, but what speaks with it is not installed.
    """
    settings = load_settings()
    if (scheduler := settings.dask_scheduler) is None:
        return processes(settings.backfill_processes)
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise ConfigurationError(
            f"TALENTCAST_DASK_SCHEDULER is {scheduler}, but Dask is not installed here. "
            "Run: pip install 'talentcast[dask]'"
        ) from None
    return cast(TaskRunner[PrefectFuture[Any]], DaskTaskRunner(address=scheduler))


def processes(at_once: int) -> TaskRunner[PrefectFuture[Any]]:
    """Return a task runner for work that holds Python's lock, such as checks and models."""
    runner = ProcessPoolTaskRunner(max_workers=at_once, initializer=end_with_parent)
    return cast(TaskRunner[PrefectFuture[Any]], runner)


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_outlive, args=(parent,), daemon=True).start()


def _outlive(parent: Any) -> None:
    parent.join()
    # A pool waits for work for ever; what was half done is invisible and done again.
    os._exit(1)
