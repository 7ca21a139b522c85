"""Read published tables: no orchestrator, no quality suite, one release at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from talentcast.config import load_settings
from talentcast.store import reader


def read(
    table: str, release: str = "latest", *, home: Path | str | None = None, **filters: Any
) -> pd.DataFrame:
    """Return rows of one table of one release.

    Args:
        table: For example ``forecasts``; see docs/data-dictionary.md.
        release: A release id, or ``latest``.
        home: Folder that holds the releases; `TALENTCAST_HOME` or ``./var`` by default.
        **filters: Keep rows where a column has this value, or one of these values.

    Raises:
        UsageError: If there is no such table or column.
        StoreError: If there is no such release.

    Example:
        ``read("forecasts", target="researcher_share", country=["USA", "CHN"])``
    """
    root = _root(home)
    where = reader.condition(table, filters)
    return reader.read_frame(table, reader.find_release(release, root), root, where=where)


def releases(*, home: Path | str | None = None) -> pd.DataFrame:
    """Return one row per release, newest first."""
    return pd.DataFrame([found.to_row() for found in reader.list_releases(_root(home))])


def _root(home: Path | str | None) -> Path:
    return load_settings(None if home is None else Path(home)).releases
