"""One list of papers in the papercopilot JSON form, reduced to the countries of each author.

A list names people, and sometimes says more about them. Nothing of that is needed to count, so it
is dropped here, before anything is kept: what is stored holds countries in the order of authors.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sources.author_countries import Work
from sources.countries import country_code
from talentcast.domain.errors import InputRejectedError, some_of
from talentcast.domain.types import UNKNOWN_COUNTRY

#: What a paper's status says when it is not among the accepted ones.
NOT_ACCEPTED: Final = frozenset({"withdraw", "reject", "desk reject"})
_STATUS: Final = re.compile(r"[A-Za-z][A-Za-z -]{0,19}")


@dataclass(frozen=True, slots=True)
class PaperList:
    """The accepted papers of one venue and year.

    Attributes:
        papers: Per paper and author the codes of countries, in the order in which they are named.
        statuses: Papers by status, those that are not accepted included.
    """

    papers: Sequence[Work]
    statuses: Mapping[str, int]

    def to_bytes(self) -> bytes:
        """Return what is kept of a list; the same list gives the same bytes."""
        kept = {"statuses": dict(self.statuses), "papers": self.papers}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def reduce_list(content: bytes, name: str) -> PaperList:
    """Read a list as it is published.

    A paper of which the countries do not fit its authors counts with authors in no known country.

    Args:
        content: JSON, one object a paper.
        name: Of the file, for messages.

    Raises:
        InputRejectedError: ``PAPER_LIST`` if the bytes are no list of papers, ``UNKNOWN_COUNTRY``
            if a name of a country is not understood.
    """
    papers = _json(content, name)
    if not (isinstance(papers, list) and papers and all(isinstance(one, dict) for one in papers)):
        raise _refused(name, "it is no list of objects")
    statuses = Counter(_status(paper) for paper in papers)
    accepted = [one for one in papers if _text(one, "status").strip().lower() not in NOT_ACCEPTED]
    if not any(_text(paper, "author") for paper in accepted):
        raise _refused(name, "no accepted paper on it has an 'author'")
    named = [_author_countries(paper) for paper in accepted]
    return PaperList(_coded(named, name), dict(sorted(statuses.items())))


def read_kept_list(content: bytes, name: str) -> PaperList:
    """Read what `PaperList.to_bytes` gave.

    Raises:
        InputRejectedError: ``PAPER_LIST`` if it is something else.
    """
    kept = _json(content, name)
    try:
        papers = [[list(map(str, author)) for author in paper] for paper in kept["papers"]]
        statuses = {str(status): int(number) for status, number in kept["statuses"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _refused(name, "the copy that was kept is damaged") from None
    return PaperList(papers, statuses)


def _author_countries(paper: Mapping[str, Any]) -> list[list[str]]:
    """Return the countries of each author, by position in the paper's own list of countries."""
    authors = _once(_text(paper, "author").split(";"))
    names = [name.strip() for name in _text(paper, "aff_country_unique").split(";")]
    index = _text(paper, "aff_country_unique_index")
    positions = index.split(";") if index else []
    if len(positions) != len(authors):
        return [[] for _ in authors]
    return [_named(names, places.split("+")) for places in positions]


def _coded(papers: Sequence[Sequence[Sequence[str]]], name: str) -> list[list[list[str]]]:
    """Return codes instead of names; a cell may hold anything, so nothing else is kept of it."""
    names = {country for paper in papers for author in paper for country in author}
    codes = {country: country_code(country) for country in names}
    strange = sorted(country for country, code in codes.items() if code is None)
    if strange:
        raise InputRejectedError(
            "UNKNOWN_COUNTRY",
            f"{name} names countries that are not understood: {some_of(strange)}. "
            "Write them as ISO codes or English names.",
        )
    return [[_distinct([codes[one] for one in author]) for author in paper] for paper in papers]


def _named(names: Sequence[str], places: Sequence[str]) -> list[str]:
    found = [names[int(at)] for at in places if at.strip().isdigit() and int(at) < len(names)]
    return list(dict.fromkeys(name for name in found if country_code(name) != UNKNOWN_COUNTRY))


def _once(authors: Sequence[str]) -> Sequence[str]:
    """Return authors once: some lists of authors are written twice, one after the other."""
    half, rest = divmod(len(authors), 2)
    return authors[:half] if not rest and authors[:half] == authors[half:] else authors


def _distinct(codes: Sequence[str | None]) -> list[str]:
    return list(dict.fromkeys(code for code in codes if code is not None))


def _status(paper: Mapping[str, Any]) -> str:
    """Return a status if it is a short word or two; anything else is none of ours to keep."""
    status = _text(paper, "status").strip()
    return status if _STATUS.fullmatch(status) else "other"


def _text(paper: Mapping[str, Any], key: str) -> str:
    value = paper.get(key)
    return value if isinstance(value, str) else ""


def _json(content: bytes, name: str) -> Any:
    try:
        return json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise _refused(name, "it is no JSON") from None


def _refused(name: str, problem: str) -> InputRejectedError:
    return InputRejectedError(
        "PAPER_LIST",
        f"{name} cannot be counted: {problem}. A list is JSON with one object a paper: 'author', "
        "'status', 'aff_country_unique' and 'aff_country_unique_index'. See "
        "docs/how-to/paper-lists.md.",
    )
