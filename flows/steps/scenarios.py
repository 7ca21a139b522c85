"""Scenario files: the user's own, or one that comes with the package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from models.scenarios import SCENARIO_PAGE, Scenario, parse_scenario
from sources.plain_files import read_plain_text, require_reachable
from talentcast.domain.errors import InputRejectedError, UsageError

MAX_BYTES: Final = 100_000


def read_scenario(name_or_path: str) -> Scenario:
    """Return a scenario by path, or a bundled one by name.

    Raises:
        UsageError: If there is neither.
        InputRejectedError: If the text is no scenario. Every message names the page about them.
    """
    with _naming_the_page():
        return parse_scenario(_text(name_or_path))


def _text(name_or_path: str) -> str:
    path = Path(name_or_path)
    require_reachable(path)
    bundled = files("sources").joinpath("data", "scenarios")
    names = sorted(entry.name.removesuffix(".yaml") for entry in bundled.iterdir())
    if name_or_path in names and not path.is_file():
        return bundled.joinpath(f"{name_or_path}.yaml").read_text(encoding="utf-8")
    if path.exists() or path.is_symlink():
        return read_plain_text(path, max_bytes=MAX_BYTES)
    raise UsageError(
        f"There is no scenario file '{name_or_path}'. Bundled scenarios: {', '.join(names)}."
    )


@contextmanager
def _naming_the_page() -> Iterator[None]:
    try:
        yield
    except (UsageError, InputRejectedError) as error:
        if SCENARIO_PAGE not in str(error):
            error.args = (f"{error} Scenario files are described in {SCENARIO_PAGE}.",)
        raise
