"""Sources by name, by the path of a file, or by an address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sources.base import Source
from sources.bundled import Bundled
from sources.counts_file import CountsFile
from sources.excel import sheet_of
from sources.number_styles import decimal_character
from sources.plain_files import MAX_FILE_BYTES, require_reachable
from storage.objects import SCHEMES
from talentcast.domain.errors import UsageError
from talentcast.domain.tables import NAME_PATTERN
from talentcast.domain.types import CountingRule, Vintage
from talentcast.populations.definition import PAPER_LISTS

if TYPE_CHECKING:
    from sources.counts_link import CountsLink
    from talentcast.config import Settings

OPENALEX: Final = "openalex"
#: A path of pathlib has one slash left of two.
_ADDRESS: Final = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)
_FILE: Final = "CSV, Excel or Parquet file"

# What fetches from the network is imported when it is asked for: a file waits for none of it.


def _scholarly_migration(folder: Path | None = None) -> Source:
    from sources.scholarly_migration import ScholarlyMigration

    return ScholarlyMigration(folder)


def _openalex() -> Source:
    from sources.openalex.source import OpenAlex

    return OpenAlex()


def _paper_lists() -> Source:
    from sources.paper_lists.source import PaperListSource

    return PaperListSource()


BUILT_IN: Final[Mapping[str, Callable[[], Source]]] = {
    "bundled": Bundled,
    "scholarly_migration": _scholarly_migration,
    OPENALEX: _openalex,
    PAPER_LISTS: _paper_lists,
}


def source_for(
    name_or_path: str | Path,
    *,
    population: str | None = None,
    counting_rule: CountingRule = CountingRule.UNSPECIFIED,
    vintage: Vintage | None = None,
    researchers_column: str | None = None,
    decimal: str | None = None,
    max_bytes: int = MAX_FILE_BYTES,
    wanted: Sequence[str] = (),
    settings: Settings | None = None,
) -> Source:
    """Return a built-in source by name, or the counts in a file by path or address.

    Args:
        name_or_path: For example `bundled`, `counts.csv`, `lab.xlsx#Counts` for a sheet of a
            workbook, or `https://example.org/counts.csv`; a folder with downloaded files of
            `scholarly_migration`, or with lists of papers, stands for that source.
        population: Name for counts in a file that states none.
        counting_rule: Rule for counts in a file that states none.
        vintage: Day on which the figures of a file stood; default: when it was written.
        researchers_column: Which column of a file counts researchers, where several could.
        decimal: Decimal character of a file, where its cells do not decide: `.` or `,`.
        max_bytes: Larger files are refused.
        wanted: Populations to fetch, where a source asks for each apart; empty for the usual ones.
        settings: Addresses, keys and folders of a source that is asked page by page.

    Raises:
        UsageError: If no source has that name and no file that path, or an address is not one that
            may be asked.
    """
    text = str(name_or_path)
    if text == OPENALEX:
        from sources.openalex.source import open_alex

        return open_alex(wanted, settings)
    if text == PAPER_LISTS:
        return _lists_in(None, wanted, settings, max_bytes)
    if text in BUILT_IN:
        return BUILT_IN[text]()
    options = CountsFile(
        Path(text),
        population=population,
        counting_rule=counting_rule,
        vintage=vintage,
        researchers_column=researchers_column,
        decimal=decimal_character(decimal),
        max_bytes=max_bytes,
    )
    if address := _ADDRESS.match(text):
        return _link(text, address[1].lower(), options, settings)
    path = Path(text)
    require_reachable(path)
    if path.is_dir():
        return _folder(path, wanted, settings, max_bytes)
    return _file(text, options)


def _folder(path: Path, wanted: Sequence[str], settings: Settings | None, max_bytes: int) -> Source:
    from sources.paper_lists.source import holds_lists
    from sources.scholarly_migration import holds_vintages

    if holds_vintages(path):
        return _scholarly_migration(path)
    if holds_lists(path):
        return _lists_in(path, wanted, settings, max_bytes)
    raise UsageError(
        f"{path} is a folder. Pass one {_FILE} of yearly counts, or a folder with lists of papers "
        "named like ijcai2024.json. Records about people are a folder that holds careers or "
        "affiliations as .parquet or .csv."
    )


def _lists_in(
    folder: Path | None, wanted: Sequence[str], settings: Settings | None, max_bytes: int
) -> Source:
    from sources.paper_lists.source import paper_lists

    if settings is None:
        return paper_lists(folder, wanted, None, max_bytes=max_bytes)
    hosts, own = settings.source_hosts, settings.populations
    return paper_lists(folder, wanted, own, hosts=hosts, max_bytes=max_bytes)


def _link(text: str, scheme: str, options: CountsFile, settings: Settings | None) -> CountsLink:
    # The address itself is not quoted: it may hold a password or a token.
    if scheme in SCHEMES:
        raise UsageError(
            f"A {scheme}:// address holds records of people, with a column of ids; this one does "
            f"not. Download a {_FILE} of counts and pass its path, or pass an https:// address."
        )
    if scheme != "https":
        raise UsageError(
            f"A source is no address of this kind ({scheme}://). Download the file and pass its "
            "path, or pass an https:// address; built-in sources: talentcast sources list"
        )
    from sources.counts_link import CountsLink

    return CountsLink.of(text, options, hosts=settings.source_hosts if settings else ())


def _file(text: str, options: CountsFile) -> Source:
    path = Path(text)
    if not (path.exists() or path.is_symlink() or path.suffix):
        hint = "" if re.fullmatch(NAME_PATTERN, text) else f" (names match {NAME_PATTERN})"
        raise UsageError(
            f"There is no source or file '{text}'{hint}. Sources: {', '.join(BUILT_IN)}; "
            f"or the path of a {_FILE}."
        )
    file, sheet = (text, None) if path.exists() else sheet_of(text)
    return replace(options, path=Path(file), sheet=sheet)
