"""The source `openalex`: works by country and year, one vintage a day.

Works are not persons: a work counts once in every country on it. The newest years fill up for two
years or so; each population says from when on it takes a year as counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sources.base import today_utc
from sources.counts import merge_parsed
from sources.openalex.access import Access, Budget
from sources.openalex.client import Client
from sources.openalex.counts import counts_of
from sources.openalex.downloads import open_download
from sources.openalex.fetch import FetchedPages, fetch_pages
from sources.openalex.listing import listing_of
from sources.openalex.record import is_record, read_record
from storage.paths import StorePath
from talentcast.config import Settings
from talentcast.domain.errors import UsageError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.populations.catalogue import all_populations, bundled_populations
from talentcast.populations.definition import Population

NAME = "openalex"
#: An interrupted fetch is gone on with on later days: a budget that ended begins anew then, and a
#: list of every work may need several.
_MAX_DAYS = {"group_by": 1, "works": 7}


@dataclass(frozen=True, slots=True)
class OpenAlex:
    """Counts of works from OpenAlex.

    Attributes:
        populations: What to fetch.
        access: Where to ask, and what it may cost.
        snapshots: Where pages are once they are kept.
        downloads: Where they are while they come; below `snapshots` by default.
        today: Tells the day at the provider, whose budget begins at midnight UTC.
    """

    populations: Sequence[Population] = ()
    access: Access = field(default_factory=Access)
    snapshots: StorePath = Path("var/snapshots")
    today: Callable[[], date] = field(default=today_utc)
    downloads: Path | None = None
    name: str = NAME
    title: str = "Works by country and year, up to this year, all countries; see `populations`"
    licence: str = "CC0 1.0"
    url: str = "https://openalex.org"

    def download(self) -> list[RawFile]:
        """Fetch all pages of every population; those that came today are read from the disk."""
        budget = Budget(self.access.max_cost_usd)
        client = Client(self.access, budget)
        self.access.limits()  # a refused address is refused before anything is made
        return [raw for one in self.populations for raw in self._fetch(one, client)]

    def parse(self, files: Sequence[RawFile]) -> ParsedCounts:
        """Read the pages that each record names; the record says which day they stand for."""
        records = [read_record(raw.content, raw.name) for raw in files if is_record(raw.name)]
        if not records:
            raise UsageError("There is no record of a fetch among these files of OpenAlex.")
        pages = [raw.content for raw in files if not is_record(raw.name)]
        return merge_parsed([counts_of(record, self.name, pages) for record in records])

    def _fetch(self, population: Population, client: Client) -> list[RawFile]:
        today = self.today()
        asked = listing_of(population).query(population, 0)
        query = f"{self.access.url} {asked} {population.first_year}"
        max_days = _MAX_DAYS[population.asked.method]
        with open_download(
            self.snapshots,
            population.id,
            query,
            today,
            max_days=max_days,
            downloads=self.downloads,
        ) as download:
            fetched = fetch_pages(population, client, download, today)
        return self._raw_files(population, fetched, client)

    def _raw_files(
        self, population: Population, fetched: FetchedPages, client: Client
    ) -> list[RawFile]:
        record = fetched.record

        def raw(name: str, content: bytes, address: str) -> RawFile:
            return RawFile(name, content, self.name, address, population.licence, record.vintage)

        pages = [
            raw(
                f"{population.id}-{entry.year}-{entry.page}.json",
                content,
                client.address(listing_of(population).query(population, entry.year)),
            )
            for entry, content in zip(record.pages, fetched.pages, strict=True)
        ]
        return [raw(record.file_name, record.to_bytes(), self.url), *pages]


def open_alex(wanted: Sequence[str], settings: Settings | None) -> OpenAlex:
    """Return the source with the populations that are wanted.

    Args:
        wanted: Ids; those of other sources are passed over. Empty for the usual ones.
        settings: Where to ask, as whom, and what it may cost; None for reading only.

    Raises:
        UsageError: If populations are wanted, but none of this source.
    """
    if settings is None:
        return OpenAlex(_chosen(bundled_populations(), wanted))
    return OpenAlex(
        _chosen(all_populations(settings.populations), wanted),
        Access(
            url=settings.openalex_url,
            key=settings.openalex_key,
            mailto=settings.openalex_mailto,
            max_cost_usd=settings.openalex_max_cost,
        ),
        settings.snapshots,
        today_utc,
        downloads=settings.downloads,
    )


def _chosen(known: Mapping[str, Population], wanted: Sequence[str]) -> tuple[Population, ...]:
    own = {name: one for name, one in known.items() if one.source == NAME}
    if not wanted:
        return tuple(one for one in own.values() if one.is_default)
    chosen = tuple(one for name, one in own.items() if name in wanted)
    if not chosen:
        raise UsageError(
            f"OpenAlex counts none of {', '.join(sorted(wanted))}. It counts {', '.join(own)}; "
            "add your own with a file in the folder TALENTCAST_POPULATIONS."
        )
    return chosen
