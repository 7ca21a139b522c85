"""talentcast metrics: figures for a monitor."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from talentcast.cli.options import Home
from talentcast.cli.terminal import say

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write them there instead, whole or not at all."),
]
Every = Annotated[
    int | None,
    typer.Option("--every", metavar="SECONDS", min=1, help="Write them again and again."),
]


def metrics(*, out: Out = None, every: Every = None, home: Home = None) -> None:
    """Print figures for Prometheus: the age of the release that is served, its checks, its rows.

    The file is for the textfile collector of the node exporter. Durations of runs are metrics of
    the Prefect server.

    Example: talentcast metrics --out /var/lib/node_exporter/talentcast.prom
    """
    from readers.export.metrics import metrics_text
    from storage.files import write_atomically
    from talentcast.config import load_settings
    from talentcast.domain.errors import UsageError
    from talentcast.store.failures import storage_failures
    from talentcast.store.pointer import list_releases

    if every is not None and out is None:
        raise UsageError("--every SECONDS needs --out FILE.", parameters=("out",))
    root = load_settings(home).releases
    while True:
        text = metrics_text(list_releases(root), now=datetime.now(UTC))
        if out is None:
            say(text.rstrip("\n"))
        else:
            with storage_failures(out.parent, parameter="out"):
                write_atomically(out, text.encode())
        if every is None:
            return
        time.sleep(every)
