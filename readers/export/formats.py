"""Formats by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from talentcast.store.release import Release

Writer = Callable[[Release, Path, Path], list[Path]]

#: Module and function; imported when asked for, because their libraries are slow to load.
_WRITERS: Final = {
    "csv": ("long_csv", "export_csv"),
    "xlsx": ("workbook", "export_xlsx"),
    "hubverse": ("hubverse", "export_hubverse"),
    "frictionless": ("data_package", "export_frictionless"),
    "report": ("report", "export_report"),
}
FORMATS: Final = tuple(_WRITERS)


def writer(name: str) -> Writer:
    """Return the function that writes a release, its root and a folder in a format."""
    module, function = _WRITERS[name]
    return cast("Writer", getattr(import_module(f"readers.export.{module}"), function))
