"""Run a flow from the command line: set Prefect up, show progress, fail in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from talentcast.cli.environment import prepare_prefect, require_room_for_server
from talentcast.cli.progress import progress_bar
from talentcast.config import Settings, server_url
from talentcast.domain.errors import ConfigurationError, ServerLostError


@contextmanager
def orchestrator(settings: Settings) -> Iterator[None]:
    """Import and call a flow inside this block.

    Raises:
        ConfigurationError: If the Prefect server does not start or stops answering.
        StoreError: If the home of a temporary one is full or cannot be written to.
    """
    prepare_prefect(settings.home, server_url())
    with progress_bar() as update:
        update("Starting the orchestrator", 0, 1)
        from flows.connection import connected  # after Prefect's variables are set
        from flows.progress import listening

        patience = settings.server_patience_seconds
        with _failures_in_one_line(settings.home), connected(patience), listening(update):
            yield


@contextmanager
def _failures_in_one_line(home: Path) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        _require_own_server_had_room(home)
        raise _lost(error) from error
    except RuntimeError as error:
        _require_own_server_had_room(home)
        if "ephemeral Prefect API server" in str(error):
            raise ConfigurationError(
                "The embedded Prefect server did not start in time. Start one that stays with "
                "'prefect server start' and set PREFECT_API_URL=http://127.0.0.1:4200/api, or "
                "raise PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS."
            ) from error
        if "Failed to reach API" in str(error):
            raise _lost(error) from error
        raise


def _require_own_server_had_room(home: Path) -> None:
    """A server whose disk is full answers nothing: say so, rather than that it does not answer."""
    if server_url() is None:
        require_room_for_server(home)


def _lost(error: Exception) -> ServerLostError:
    return ServerLostError(server_url() or "its temporary address", type(error).__name__)
