"""talentcast worker: work off scheduled runs, and end when told to."""

from __future__ import annotations

import signal
import subprocess
import sys
from threading import Timer
from typing import Annotated

import typer


def worker(
    *,
    pool: Annotated[str, typer.Option("--pool", help="Work pool to take runs from.")] = "local",
    patience: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How long it may take to end.")
    ] = 30.0,
) -> None:
    """Work off scheduled runs; ends when told to, with or without its server.

    A run at work when the worker ends goes on by itself, and ends if its server stays away.

    Example: talentcast worker --pool local
    """
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool]
    prefect = subprocess.Popen(command)  # noqa: S603 - our own interpreter, no shell

    def end(*_: object) -> None:
        # Prefect's worker may wait for a server that is gone for as long as that stays away.
        prefect.terminate()
        killer = Timer(patience, prefect.kill)
        killer.daemon = True
        killer.start()

    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, end)
    code = prefect.wait()
    raise typer.Exit(0 if code in (0, -signal.SIGTERM, -signal.SIGKILL) else code)
