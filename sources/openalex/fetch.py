"""All pages of one population, year by year; what has come already is not asked for again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from sources.openalex.client import Client
from sources.openalex.downloads import Download
from sources.openalex.pages import (
    GroupPage,
    paging_loop,
    read_group_page,
    works_by_country,
)
from sources.openalex.record import FetchRecord, PageEntry
from talentcast.domain.errors import ContradictionError, InputRejectedError
from talentcast.populations.definition import Population

logger = logging.getLogger(__name__)

_FIRST_CURSOR: Final = "*"
_GROUPS_A_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class FetchedPages:
    """A record with the bytes of its pages, in the same order."""

    record: FetchRecord
    pages: tuple[bytes, ...]


def year_query(population: Population, year: int) -> dict[str, str]:
    """Return what is asked for one year, without the place in the pages."""
    return {
        "filter": f"{population.asked.filter},publication_year:{year}",
        "group_by": "authorships.countries:include_unknown",
        "corpus": "core",
        "per_page": str(_GROUPS_A_PAGE),
    }


def fetch_groups(
    population: Population, client: Client, download: Download, today: date
) -> FetchedPages:
    """Return the pages of every year up to the current one.

    Args:
        population: What is counted.
        client: Asks for pages.
        download: Where pages are kept as they come.
        today: Day on which the last page comes; later years are not asked for.

    Raises:
        InputRejectedError: If a year contradicts itself twice, or an answer is no page.
        SourceUnavailableError: If the fetch must stop; what came is kept.
    """
    finished = download.record()
    if finished is not None:
        return FetchedPages(finished, tuple(_stored(download, entry) for entry in finished.pages))
    entries, contents, asked_again = [], [], []
    for year in range(population.first_year, today.year + 1):
        pages, was_asked_again = _year(population, year, client, download)
        asked_again += [year] * was_asked_again
        contents += pages
        entries += [
            PageEntry(year, number, sha256(content).hexdigest())
            for number, content in enumerate(pages, start=1)
        ]
    record = FetchRecord.of(population, today, tuple(entries), tuple(asked_again))
    download.finish(record)
    logger.info(
        "fetched %d pages of %s in %d calls for $%.4f",
        len(entries),
        population.id,
        client.budget.calls,
        client.budget.spent_usd,
    )
    return FetchedPages(record, tuple(contents))


def _year(
    population: Population, year: int, client: Client, download: Download
) -> tuple[list[bytes], bool]:
    """Return the pages of a year, and whether they had to be asked for again."""
    query = year_query(population, year)
    try:
        return _pages(query, year, client, download), False
    except ContradictionError as error:
        logger.warning("%s; asked for again", error)
        download.drop_year(year)
    try:
        return _pages(query, year, client, download), True
    except ContradictionError:
        download.drop_year(year)
        raise


def _pages(query: Mapping[str, str], year: int, client: Client, download: Download) -> list[bytes]:
    contents: list[bytes] = []
    pages: list[GroupPage] = []
    cursor: str | None = _FIRST_CURSOR
    seen: set[str] = set()
    # The documentation ends a list with no cursor in one place and with no groups in another.
    while cursor is not None and (not pages or pages[-1].groups):
        if cursor in seen:
            raise paging_loop(year)
        seen.add(cursor)
        number = len(pages) + 1
        content = download.page(year, number)
        if content is None:
            content = client.works({**query, "cursor": cursor})
            page = read_group_page(content)
            download.keep_page(year, number, content)
        else:
            page = read_group_page(content)
        contents.append(content)
        pages.append(page)
        cursor = page.next_cursor
    works_by_country(pages, year)
    return contents


def _stored(download: Download, entry: PageEntry) -> bytes:
    content = download.page(entry.year, entry.page)
    if content is None or sha256(content).hexdigest() != entry.sha256:
        raise InputRejectedError(
            "CORRUPT",
            f"A page of {entry.year} in {download.folder} is not the one that came. "
            "Remove the folder and fetch again.",
        )
    return content
