"""Talk to Prefect from the command line: set it up, show progress, fail in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from talentcast.cli.environment import prepare_prefect, require_room_for_server
from talentcast.cli.progress import progress_bar
from talentcast.config import PrefectServer, Settings, server_url
from talentcast.domain.errors import ConfigurationError, NotAdmittedError, ServerLostError


@contextmanager
def orchestrator(settings: Settings) -> Iterator[None]:
    """Import and call a flow inside this block.

    Raises:
        ConfigurationError: If the Prefect server does not start, refuses or stops answering.
        StoreError: If the home of a temporary one is full or cannot be written to.
    """
    with prefect_ready(settings), progress_bar() as update:
        update("Starting the orchestrator", 0, 1)
        from flows.connection import connected  # after Prefect's variables are set
        from flows.progress import listening

        with connected(settings.server_patience_seconds), listening(update):
            yield


@contextmanager
def prefect_ready(settings: Settings) -> Iterator[None]:
    """Import Prefect and ask its server inside this block.

    Raises:
        ConfigurationError: If the Prefect server does not start, refuses or stops answering.
        StoreError: If the home of a temporary one is full or cannot be written to.
    """
    home = settings.local
    _require_admission()
    prepare_prefect(home, server_url())
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


def ask_server(url: str) -> httpx.Response:
    """Ask a server its version: unlike /health, it tells that to nobody without the password."""
    headers = PrefectServer().headers
    return httpx.get(f"{url.rstrip('/')}/admin/version", headers=headers, timeout=5)


def _require_admission() -> None:
    """Refuse a wrong password before Prefect is loaded and its threads have to be ended again."""
    url = server_url()
    if url is None:
        return
    # A server that does not answer at once is Prefect's to wait for.
    with suppress(httpx.HTTPError, httpx.InvalidURL):
        if ask_server(url).status_code == httpx.codes.UNAUTHORIZED:
            raise NotAdmittedError(url)


def _require_own_server_had_room(home: Path) -> None:
    """A server whose disk is full answers nothing: say so, rather than that it does not answer."""
    if server_url() is None:
        require_room_for_server(home)


def _lost(error: Exception) -> ConfigurationError:
    url = server_url() or "its temporary address"
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return NotAdmittedError(url) if status == 401 else ServerLostError(url, f"HTTP {status}")
    return ServerLostError(url, type(error).__name__)
