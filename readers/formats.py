"""Formats of an export by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from storage.paths import StorePath
from talentcast.store.release import Release

Writer = Callable[[Release, StorePath, Path], list[Path]]

#: Module and function; imported when asked for, because their libraries are slow to load.
_WRITERS: Final = {
    "csv": ("readers.export.long_csv", "export_csv"),
    "xlsx": ("readers.export.workbook", "export_xlsx"),
    "hubverse": ("readers.export.hubverse", "export_hubverse"),
    "frictionless": ("readers.export.data_package", "export_frictionless"),
    "report": ("readers.report.static_report", "export_report"),
}


def writer(name: str) -> Writer:
    """Return the function that writes a release, its root and a folder in a format."""
    module, function = _WRITERS[name]
    return cast("Writer", getattr(import_module(module), function))
