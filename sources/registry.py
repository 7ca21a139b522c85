"""Sources by name, or by the path of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from sources.base import Source
from sources.bundled import Bundled
from sources.counts_file import CountsFile
from sources.openalex.source import NAME as OPENALEX
from sources.openalex.source import OpenAlex, open_alex
from sources.plain_files import MAX_FILE_BYTES, require_reachable
from sources.scholarly_migration import ScholarlyMigration, holds_vintages
from talentcast.config import Settings
from talentcast.domain.errors import UsageError
from talentcast.domain.tables import NAME_PATTERN
from talentcast.domain.types import CountingRule, Vintage

#: A path of pathlib has one slash left of two.
_ADDRESS: Final = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)

BUILT_IN: Final[Mapping[str, Callable[[], Source]]] = {
    "bundled": Bundled,
    "scholarly_migration": ScholarlyMigration,
    OPENALEX: OpenAlex,
}


def source_for(
    name_or_path: str | Path,
    *,
    population: str | None = None,
    counting_rule: CountingRule = CountingRule.UNSPECIFIED,
    vintage: Vintage | None = None,
    researchers_column: str | None = None,
    max_bytes: int = MAX_FILE_BYTES,
    wanted: Sequence[str] = (),
    settings: Settings | None = None,
) -> Source:
    """Return a built-in source by name, or the counts in a file by path.

    Args:
        name_or_path: For example `bundled`, or `counts.csv`; a folder with downloaded files of
            `scholarly_migration` stands for that source.
        population: Name for counts in a file that states none.
        counting_rule: Rule for counts in a file that states none.
        vintage: Day on which the figures of a file stood; default: when it was written.
        researchers_column: Which column of a file counts researchers, where several could.
        max_bytes: Larger files are refused.
        wanted: Populations to fetch, where a source asks for each apart; empty for the usual ones.
        settings: Addresses, keys and folders of a source that is asked page by page.

    Raises:
        UsageError: If no source has that name and no file that path, or it is an address.
    """
    text = str(name_or_path)
    if text == OPENALEX:
        return open_alex(wanted, settings)
    if text in BUILT_IN:
        return BUILT_IN[text]()
    _refuse_address(text)
    path = Path(text)
    require_reachable(path)
    if holds_vintages(path):
        return ScholarlyMigration(path)
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder. Pass one CSV or Parquet file of yearly counts. Records "
            "about people are a folder that holds careers or affiliations as .parquet or .csv."
        )
    if not (path.exists() or path.is_symlink() or path.suffix):
        hint = "" if re.fullmatch(NAME_PATTERN, text) else f" (names match {NAME_PATTERN})"
        raise UsageError(
            f"There is no source or file '{text}'{hint}. Sources: {', '.join(BUILT_IN)}; "
            "or the path of a CSV or Parquet file."
        )
    return CountsFile(
        path,
        population=population,
        counting_rule=counting_rule,
        vintage=vintage,
        researchers_column=researchers_column,
        max_bytes=max_bytes,
    )


def _refuse_address(text: str) -> None:
    # The address itself is not quoted: it may hold a password or a token.
    if address := _ADDRESS.match(text):
        raise UsageError(
            f"A source is no address ({address[1].lower()}://). Download the file and pass its "
            "path; the built-in sources, which fetch theirs, are listed by: talentcast sources list"
        )
