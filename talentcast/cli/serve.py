"""talentcast serve: the dashboard."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

import dashboard
from dashboard.sign_in_file import require_usable
from talentcast.cli.options import Home
from talentcast.cli.terminal import say
from talentcast.config import load_settings

DEFAULT_PORT = 8501


def serve(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = DEFAULT_PORT,
    address: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    home: Home = None,
) -> None:
    """Serve the dashboard until interrupted. It reads published releases and nothing else.

    Example: talentcast serve --port 8501
    """
    folder = Path(dashboard.__file__).resolve().parent
    settings = load_settings(home)
    options = {
        **dict(_flat(tomllib.loads((folder / "config.toml").read_text(encoding="utf-8")))),
        "server.port": port,
        "server.address": address,
    }
    if settings.dashboard_sign_in is not None:
        require_usable(settings.dashboard_sign_in)
        options["secrets.files"] = str(settings.dashboard_sign_in.resolve())
    flags = [f"--{name}={_written(value)}" for name, value in options.items()]
    say(f"Dashboard: http://{address}:{port} (stop with Ctrl-C)")
    sys.stdout.flush()
    # Streamlit takes the place of this process, so that signals reach it.
    os.execve(  # noqa: S606 - our own interpreter, no shell
        sys.executable,
        [sys.executable, "-m", "streamlit", "run", str(folder / "entry" / "app.py"), *flags],
        {**os.environ, "TALENTCAST_HOME": str(settings.home.resolve())},  # noqa: TID251
    )


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a TOML table's values with dotted names."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _written(value: object) -> str:
    """Write a value as Streamlit reads it on its command line."""
    return value if isinstance(value, str) else json.dumps(value)
