"""The populations that come with the package, and those in the user's own folder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from talentcast.config import load_settings
from talentcast.domain.errors import ConfigurationError, InputRejectedError
from talentcast.populations.definition import PAPER_LISTS, Population, parse_population

_MAX_BYTES: Final = 100_000


def all_populations(own_folder: Path | None = None) -> Mapping[str, Population]:
    """Return every population by id, in order of id.

    Args:
        own_folder: Folder with files of the user; a file named like a bundled one takes its place.

    Raises:
        ConfigurationError: If the folder does not exist.
        InputRejectedError: If a file is no population.
    """
    found = dict(bundled_populations())
    if own_folder is not None:
        if not own_folder.is_dir():
            raise ConfigurationError(
                f"TALENTCAST_POPULATIONS names {own_folder}, which is no folder."
            )
        for path in sorted(own_folder.glob("*.yaml")):
            found[path.stem] = _read(path)
    return dict(sorted(found.items()))


@cache
def bundled_populations() -> Mapping[str, Population]:
    """Return the populations that come with the package, by id."""
    folder = files("talentcast.populations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    texts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in names}
    return {name.removesuffix(".yaml"): parse_population(texts[name], name) for name in names}


def known_populations() -> Mapping[str, Population]:
    """Return every population, those of the folder in the settings included, as it is now."""
    folder = _own_folder()
    files_now = () if folder is None else sorted(folder.glob("*.yaml"))
    return _known(folder, tuple((path.name, path.stat().st_mtime_ns) for path in files_now))


@cache
def _own_folder() -> Path | None:
    return load_settings().populations


@lru_cache(maxsize=1)
def _known(folder: Path | None, _files: tuple[tuple[str, int], ...]) -> Mapping[str, Population]:
    return all_populations(folder)


def on_request(source: str) -> frozenset[str]:
    """Return the bundled populations of a source that are only forecast when they are named."""
    return frozenset(
        name
        for name, one in bundled_populations().items()
        if one.source == source and not one.is_default
    )


def _read(path: Path) -> Population:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise InputRejectedError("TOO_LARGE", f"{path.name} is no population: it is too long.")
    try:
        population = parse_population(content.decode(), path.name)
    except UnicodeDecodeError:
        raise InputRejectedError("ENCODING", f"{path.name} is not UTF-8.") from None
    if population.query is None and population.source != PAPER_LISTS:
        raise InputRejectedError(
            "POPULATION",
            f"{path.name} asks for nothing: a file of your own needs a query of OpenAlex, or "
            "lists of papers (source: paperlists). Counts that you have "
            "already are read with: talentcast refresh --source FILE",
        )
    return population
