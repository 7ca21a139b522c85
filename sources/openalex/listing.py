"""What is asked of OpenAlex for a year, and how its answers are read: groups of works, or works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from sources.openalex.pages import GroupPage, read_group_page, works_by_country
from sources.openalex.works import (
    WorksPage,
    cut_short,
    read_works_page,
    reduce_work,
    reduce_works_page,
    works_of_year,
)
from talentcast.populations.definition import Population

_PER_PAGE: Final = 200
#: What is asked of a single work, and of each work of a list.
WORK_FIELDS: Final = "id,authorships"


class Page(Protocol):
    """One page of a list."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None on the last one."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on it."""


AnyPage = TypeVar("AnyPage", bound=Page)


class Listing(Protocol[AnyPage]):
    """One way to ask for the works of a year."""

    def query(self, population: Population, year: int) -> dict[str, str]:
        """Return what is asked for, without the place in the pages."""

    def kept(self, content: bytes) -> bytes:
        """Return what is kept of an answer.

        Raises:
            InputRejectedError: `BAD_PAYLOAD` if it is no page.
        """

    def read(self, kept: bytes) -> AnyPage:
        """Read what was kept."""

    def asked_alone(self, pages: Sequence[AnyPage]) -> Iterator[str]:
        """Yield the ids of works that a list does not show whole."""

    def kept_alone(self, content: bytes | None, work: str) -> bytes:
        """Return what is kept of a single work; None for one that is not there any more."""

    def require_whole(self, pages: Sequence[AnyPage], year: int) -> None:
        """Check that pages can be true together.

        Raises:
            ContradictionError: If they cannot.
        """


@dataclass(frozen=True, slots=True)
class Groups:
    """Works by country, counted by the source: a page holds 200 countries."""

    def query(self, population: Population, year: int) -> dict[str, str]:
        """Ask for groups by country."""
        return {
            "filter": _filter(population, year),
            "group_by": "authorships.countries:include_unknown",
            "corpus": "core",
            "per_page": str(_PER_PAGE),
        }

    def kept(self, content: bytes) -> bytes:
        """Keep the answer byte for byte: it holds counts only."""
        read_group_page(content)
        return content

    def read(self, kept: bytes) -> GroupPage:
        """Read groups."""
        return read_group_page(kept)

    def asked_alone(self, pages: Sequence[GroupPage]) -> Iterator[str]:
        """Ask for none."""
        return iter(())

    def kept_alone(self, content: bytes | None, work: str) -> bytes:
        """Keep nothing."""
        raise NotImplementedError

    def require_whole(self, pages: Sequence[GroupPage], year: int) -> None:
        """Check groups against the total."""
        works_by_country(pages, year)


@dataclass(frozen=True, slots=True)
class Works:
    """Every work with its authors: a page holds 200 works."""

    def query(self, population: Population, year: int) -> dict[str, str]:
        """Ask for works."""
        return {
            "filter": _filter(population, year),
            "select": WORK_FIELDS,
            "corpus": "core",
            "per_page": str(_PER_PAGE),
        }

    def kept(self, content: bytes) -> bytes:
        """Keep the countries of authors."""
        return reduce_works_page(content).to_bytes()

    def read(self, kept: bytes) -> WorksPage:
        """Read works."""
        return read_works_page(kept)

    def asked_alone(self, pages: Sequence[WorksPage]) -> Iterator[str]:
        """Ask for works with as many authors as a list shows."""
        return cut_short(pages)

    def kept_alone(self, content: bytes | None, work: str) -> bytes:
        """Keep the countries of all authors of a work."""
        if content is None:
            return WorksPage(None, {work: None}).to_bytes()
        return reduce_work(content, work).to_bytes()

    def require_whole(self, pages: Sequence[WorksPage], year: int) -> None:
        """Check works against the total."""
        works_of_year(pages, year)


def listing_of(population: Population) -> Groups | Works:
    """Return how a population is asked for."""
    return Groups() if population.asked.method == "group_by" else Works()


def _filter(population: Population, year: int) -> str:
    return f"{population.asked.filter},publication_year:{year}"
