"""Pages of works: the countries of each author, and nothing else of a work.

A list of works names its authors. Counting needs the order of authors and their countries, so the
rest is dropped before a page is kept. Lists stop at the first 100 authors of a work; a work with as
many is asked for by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, TypeAlias

from sources.openalex.pages import contradiction, count_of, cursor_of
from talentcast.domain.errors import InputRejectedError

#: A list of works holds so many authors of each at most.
MAX_LISTED_AUTHORS: Final = 100
_CODE: Final = re.compile("[A-Z]{2,3}")
#: Stands for no country in ISO 3166-1.
_NO_COUNTRY: Final = "ZZ"
#: Per author the codes of countries as written, in order.
Authors: TypeAlias = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class WorksPage:
    """Works on one page, or one work that was asked for by itself.

    Attributes:
        total: Works that match the query; None for a single work.
        works: Authors by the id of the work; None for a work that is not there any more.
        next_cursor: Where the next page begins; None on the last one.
    """

    total: int | None
    works: Mapping[str, Authors | None]
    next_cursor: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on it."""
        return not self.works

    def to_bytes(self) -> bytes:
        """Return what is kept of a page; the same page gives the same bytes."""
        kept = {"total": self.total, "works": self.works, "next_cursor": self.next_cursor}
        return json.dumps(kept, separators=(",", ":")).encode()


def reduce_works_page(content: bytes) -> WorksPage:
    """Read a page of works as it was sent.

    Raises:
        InputRejectedError: `BAD_PAYLOAD` if it is none.
    """
    try:
        answer = json.loads(content)
        meta, results = answer["meta"], answer["results"]
        works = {_id(row["id"]): _authors(row["authorships"]) for row in results}
        if len(works) != len(results):
            raise ValueError
        return WorksPage(count_of(meta["count"]), works, cursor_of(meta["next_cursor"]))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise _no_page(content) from None


def reduce_work(content: bytes, work: str) -> WorksPage:
    """Read a work that was asked for by itself; after a merger it may have another id.

    Raises:
        InputRejectedError: `BAD_PAYLOAD` if it is none.
    """
    try:
        return WorksPage(None, {work: _authors(json.loads(content)["authorships"])})
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise _no_page(content) from None


def read_works_page(content: bytes) -> WorksPage:
    """Read what `WorksPage.to_bytes` gave.

    Raises:
        InputRejectedError: `BAD_PAYLOAD` if it is something else.
    """
    try:
        kept: dict[str, Any] = json.loads(content)
        return WorksPage(**kept)
    except (TypeError, ValueError, RecursionError):
        raise _no_page(content) from None


def cut_short(pages: Sequence[WorksPage]) -> Iterator[str]:
    """Yield the ids of works whose list of authors may have been cut."""
    for page in pages:
        for work, authors in page.works.items():
            if page.total is not None and authors and len(authors) == MAX_LISTED_AUTHORS:
                yield work


def works_of_year(pages: Sequence[WorksPage], year: int) -> Mapping[str, Authors]:
    """Return the authors of every work of one year.

    Args:
        pages: Those of the list, then the works that were asked for by themselves.
        year: Their year.

    Raises:
        ContradictionError: `UNSTABLE_TOTAL` if the number of works changed between pages,
            `WORK_TWICE` if one stands on them twice, `WORKS_INCOMPLETE` if some are missing.
    """
    works: dict[str, Authors] = {}
    total = pages[0].total
    for page in pages:
        if page.total is None:
            works |= {work: authors for work, authors in page.works.items() if authors is not None}
            continue
        if page.total != total:
            raise contradiction(
                "UNSTABLE_TOTAL", year, f"{total} works on one page, {page.total} on another"
            )
        for work, authors in page.works.items():
            if work in works:
                raise contradiction("WORK_TWICE", year, f"{work} stands twice")
            works[work] = authors or ()
    if len(works) != total:
        raise contradiction("WORKS_INCOMPLETE", year, f"{len(works)} works where {total} match")
    return works


def _authors(authorships: Any) -> list[list[str]]:
    if not isinstance(authorships, list):
        raise TypeError
    return [[_code(country) for country in row.get("countries") or []] for row in authorships]


def _code(country: Any) -> str:
    if not isinstance(country, str):
        raise TypeError
    code = country.rstrip("/").rsplit("/", 1)[-1].strip().upper()
    # What is no code could be anything, and is not kept.
    return code if _CODE.fullmatch(code) else _NO_COUNTRY


def _id(address: Any) -> str:
    if not isinstance(address, str):
        raise TypeError
    name = address.rstrip("/").rsplit("/", 1)[-1].upper()
    if not (name[:1] == "W" and name[1:].isdigit()):
        raise ValueError
    return name


def _no_page(content: bytes) -> InputRejectedError:
    # The answer may hold anything: its hash is enough to recognise it.
    return InputRejectedError(
        "BAD_PAYLOAD",
        f"OpenAlex sent {len(content)} bytes that are no page of works (sha256 "
        f"{sha256(content).hexdigest()}). What came before is kept; run again later.",
    )
