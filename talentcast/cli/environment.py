"""Environment variables of other libraries: set here, when a process starts, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from storage.files import require_room
from talentcast.store.failures import storage_failures

#: What the database of a temporary server takes up in a run of several populations, and some more.
_SERVER_BYTES: Final = 16_000_000


def use_one_thread() -> None:
    """Keep numerical libraries to one thread each, unless the user said otherwise.

    Several processes share the cores, threads that wait for each other burn them, and results must
    not depend on how many there are. Call it before NumPy is imported.
    """
    _set(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))


def prepare_prefect(home: Path, server: str | None) -> None:
    """Set Prefect's settings for a run; call it before Prefect is imported.

    A server that the user configured is left alone. Otherwise the run starts a temporary one, which
    gets a database and a password of its own, whatever the environment says of a real server:
    two servers on one database would take each other's runs. Nothing is reported to anyone.

    Raises:
        StoreError: If `home` cannot be written to, or has no room for the files of that server.
    """
    _set(
        {
            # On a loaded machine the temporary server needs longer than Prefect's 20 seconds.
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # `talentcast deploy` makes the server call a run crashed after 45 s without a
            # heartbeat.
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            # An expected failure is one line of ours; Prefect would log its traceback as well.
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "DO_NOT_TRACK": "1",
        }
    )
    if server is None:
        os.environ.update(_temporary_server(home))  # noqa: TID251 - see above


def _temporary_server(home: Path) -> dict[str, str]:
    # The server waits for ever for a database in a folder that it cannot make or write to.
    require_room_for_server(home, _SERVER_BYTES)
    folder = (home / "prefect").resolve()
    password = f"talentcast:{token_urlsafe(16)}"
    return {
        "PREFECT_HOME": str(folder),
        # Not `prefect.db`, which a real server would make if it were given the same folder.
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'temporary.db'}",
        "PREFECT_SERVER_API_AUTH_STRING": password,
        "PREFECT_API_AUTH_STRING": password,
    }


def require_room_for_server(home: Path, n_bytes: int = 1_000_000) -> None:
    """Make sure that the files of a temporary server have room.

    Raises:
        StoreError: If they have none, or `home` cannot be written to.
    """
    with storage_failures(home):
        require_room(home / "prefect", n_bytes)


def _set(defaults: dict[str, str]) -> None:
    for name, value in defaults.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - the one place that writes it
