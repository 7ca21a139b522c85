"""All pages of one population, year by year; what has come already is not asked for again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from typing import Any, Final, Generic

from sources.openalex.client import Client
from sources.openalex.downloads import Download
from sources.openalex.listing import WORK_FIELDS, AnyPage, Listing, listing_of
from sources.openalex.pages import paging_loop
from sources.openalex.record import FetchRecord, PageEntry
from talentcast.domain.errors import ContradictionError, InputRejectedError
from talentcast.populations.definition import Population

logger = logging.getLogger(__name__)

_FIRST_CURSOR: Final = "*"


@dataclass(frozen=True, slots=True)
class FetchedPages:
    """A record with the bytes of its pages, in the same order."""

    record: FetchRecord
    pages: tuple[bytes, ...]


def fetch_pages(
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
    fetch: _YearFetch[Any] = _YearFetch(listing_of(population), population, year, client, download)
    try:
        return fetch.pages(), False
    except ContradictionError as error:
        logger.warning("%s; asked for again", error)
        download.drop_year(year)
    try:
        return fetch.pages(), True
    except ContradictionError:
        download.drop_year(year)
        raise


@dataclass(frozen=True, slots=True)
class _YearFetch(Generic[AnyPage]):
    """The pages of one year, from the disk where they have come and from the network else."""

    listing: Listing[AnyPage]
    population: Population
    year: int
    client: Client
    download: Download

    def pages(self) -> list[bytes]:
        """Return what is kept of all pages: those of the list, then works asked for alone."""
        contents, pages = self._listed()
        for work in list(self.listing.asked_alone(pages)):
            contents.append(self._page(len(contents) + 1, partial(self._alone, work)))
            pages.append(self.listing.read(contents[-1]))
        self.listing.require_whole(pages, self.year)
        return contents

    def _listed(self) -> tuple[list[bytes], list[AnyPage]]:
        query = self.listing.query(self.population, self.year)
        contents: list[bytes] = []
        pages: list[AnyPage] = []
        cursor: str | None = _FIRST_CURSOR
        seen: set[str] = set()
        # A list ends with no cursor in one place of the documentation, and with an empty page in
        # another.
        while cursor is not None:
            if cursor in seen:
                raise paging_loop(self.year)
            seen.add(cursor)
            ask = partial(self._list_page, {**query, "cursor": cursor})
            contents.append(self._page(len(contents) + 1, ask))
            pages.append(self.listing.read(contents[-1]))
            cursor = None if pages[-1].is_empty else pages[-1].next_cursor
        return contents, pages

    def _page(self, number: int, ask: Callable[[], bytes]) -> bytes:
        content = self.download.page(self.year, number)
        if content is None:
            content = ask()
            self.download.keep_page(self.year, number, content)
        return content

    def _list_page(self, query: Mapping[str, str]) -> bytes:
        return self.listing.kept(self.client.works(query))

    def _alone(self, work: str) -> bytes:
        return self.listing.kept_alone(self.client.work(work, WORK_FIELDS), work)


def _stored(download: Download, entry: PageEntry) -> bytes:
    content = download.page(entry.year, entry.page)
    if content is None or sha256(content).hexdigest() != entry.sha256:
        raise InputRejectedError(
            "CORRUPT",
            f"A page of {entry.year} in {download.folder} is not the one that came. "
            "Remove the folder and fetch again.",
        )
    return content
