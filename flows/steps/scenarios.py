"""Scenario files: the user's own, or one that comes with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from models.scenarios import Scenario, parse_scenario
from sources.plain_files import read_plain_text
from talentcast.domain.errors import UsageError

MAX_BYTES: Final = 100_000


def read_scenario(name_or_path: str) -> Scenario:
    """Return a scenario by path, or a bundled one by name.

    Raises:
        UsageError: If there is neither.
        InputRejectedError: If the text is no scenario.
    """
    path = Path(name_or_path)
    if path.is_file():
        return parse_scenario(read_plain_text(path, max_bytes=MAX_BYTES))
    bundled = files("sources").joinpath("data", "scenarios")
    names = sorted(entry.name.removesuffix(".yaml") for entry in bundled.iterdir())
    if name_or_path not in names:
        raise UsageError(
            f"There is no scenario file '{name_or_path}'. Bundled scenarios: {', '.join(names)}."
        )
    return parse_scenario(bundled.joinpath(f"{name_or_path}.yaml").read_text(encoding="utf-8"))
