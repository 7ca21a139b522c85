"""A run and its Prefect server: how the server tells our runs, and what ends a run without it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

from httpx import HTTPStatusError, TransportError
from prefect import Flow, State, tags
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from talentcast.config import load_settings
from talentcast.domain.errors import ServerLostError

#: On every run of this project, and on no other: automations go by it.
TAG: Final = "talentcast"
#: How long one question may take, and how long it is until the next one.
ANSWER_SECONDS, PAUSE_SECONDS = 10.0, 5.0


@contextmanager
def connected(patience_seconds: float) -> Iterator[None]:
    """Mark the runs started in this block as ours, and end this process if their server is gone."""
    is_over = Event()
    _watch(patience_seconds, is_over)
    try:
        with tags(TAG):
            yield
    finally:
        is_over.set()


def end_without_server(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """End the process that a worker started for a run if the server is gone; a hook of flows."""
    if flow_run.deployment_id is not None:
        _watch(load_settings().server_patience_seconds, Event())


def _watch(patience_seconds: float, is_over: Event) -> None:
    # A client of its own, so that nothing else closes it or waits for its answers.
    client = get_client(httpx_settings={"timeout": ANSWER_SECONDS}, sync_client=True)
    Thread(target=_end_if_lost, args=(client, patience_seconds, is_over), daemon=True).start()


def _end_if_lost(client: SyncPrefectClient, patience_seconds: float, is_over: Event) -> None:
    """Ask again and again. A run that is over is still waited for until its server answers.

    Left to itself, Prefect asks for a minute for each thing that it has to say, one by one.
    """
    answered = time.monotonic()
    while True:
        if _answers(client):
            answered = time.monotonic()
            if is_over.is_set():
                return
        elif time.monotonic() - answered > patience_seconds:
            error = ServerLostError(str(client.api_url).rstrip("/"), f"for {patience_seconds:g} s")
            sys.stderr.write(f"talentcast: {error}\n")
            sys.stderr.flush()
            # What is half done is invisible and done again; an orderly end waits for the server.
            os._exit(error.exit_code)
        else:
            time.sleep(1)
        is_over.wait(PAUSE_SECONDS)


def _answers(client: SyncPrefectClient) -> bool:
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        problem = client.api_healthcheck()
    if isinstance(problem, HTTPStatusError):
        return problem.response.is_client_error
    return not isinstance(problem, TransportError)
