"""Lines of a snapshot to works: year, authors and their countries, and nothing else of a work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from features.listed_works import ListedWorks
from sources.countries import country_code
from sources.openalex.snapshot import SnapshotPart, lines_of
from sources.openalex.snapshot_parquet import records_of
from sources.openalex.works import MAX_LISTED_AUTHORS
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import UNKNOWN_COUNTRY

Corpus = Literal["core", "expansion", "all"]
FIRST_YEAR: Final = 1900
#: Authorships that are added up at once.
_AT_ONCE: Final = 300_000
_ADDRESS: Final = "https://openalex.org/"
#: Stand for nobody: works of removed profiles, and profiles that were deleted.
_NOBODY: Final = frozenset({f"{_ADDRESS}A9999999999", f"{_ADDRESS}A5317838346"})
#: Part of the lines that may be unreadable.
_MOST_UNREADABLE: Final = 0.01


@dataclass(frozen=True, slots=True)
class WorksWanted:
    """Which works are counted.

    Attributes:
        release_year: No work can be of a later one.
        first_year: Earlier works are left out.
        last_year: Later ones are.
        subfield: Number of the subfield of their primary topic; None for all.
        corpus: `core`, `expansion` or `all`.
        types: Kinds of works, such as `article`; empty for all.
    """

    release_year: int
    first_year: int = FIRST_YEAR
    last_year: int = 9999
    subfield: str | None = None
    corpus: Corpus = "core"
    types: frozenset[str] = frozenset()


class _Institution(msgspec.Struct):
    country_code: str | None = None


class _Author(msgspec.Struct):
    id: str | None = None


class _Authorship(msgspec.Struct):
    author: _Author | None = None
    author_position: str | None = None
    countries: list[str | None] | None = None
    institutions: list[_Institution] | None = None


class _Subfield(msgspec.Struct):
    id: str | int | None = None


class _Topic(msgspec.Struct):
    subfield: _Subfield | None = None


class WorkLine(msgspec.Struct):
    """What is read of a work; what a line holds beside it is passed over, not kept."""

    id: str
    publication_year: int | None = None
    type: str | None = None
    is_xpac: bool | None = None
    authors_count: int | None = None
    primary_topic: _Topic | None = None
    authorships: list[_Authorship] | None = None


def listed_works(
    part: SnapshotPart, wanted: WorksWanted, deleted: NDArray[np.int64], counts: Counter[str]
) -> Iterator[ListedWorks]:
    """Yield the works of a part that are wanted, some at a time.

    Args:
        part: What to read.
        wanted: Which works.
        deleted: Numbers of works that were deleted, sorted.
        counts: Added to: how many works there were, and how many were left out for each reason.

    Raises:
        InputRejectedError: `TRUNCATED` or `TOO_LARGE` as `lines_of`, `BAD_LINES` if more than 1 %
            are no works, `RECORD_COUNT` if there are not as many as the manifest says.
    """
    read = _Reader(wanted, deleted, counts)
    for some in _written(part):
        for each in some:
            if each:
                read.work(each)
        if len(read.person) >= _AT_ONCE:
            yield read.taken()
    _require_whole(part, counts)
    yield read.taken()


def _written(part: SnapshotPart) -> Iterator[Sequence[bytes | dict[str, Any]]]:
    """Yield works as lines, or as the records of a Parquet file."""
    return records_of(part) if part.name.endswith(".parquet") else lines_of(part)


def _require_whole(part: SnapshotPart, counts: Counter[str]) -> None:
    if counts["unreadable"] > _MOST_UNREADABLE * counts["works"]:
        raise InputRejectedError(
            "BAD_LINES",
            f"{counts['unreadable']} of {counts['works']} lines of {part.name} are no works as "
            "JSON. Download it again.",
        )
    if part.n_records is not None and counts["works"] != part.n_records:
        raise InputRejectedError(
            "RECORD_COUNT",
            f"{part.name} holds {counts['works']} works where the manifest says "
            f"{part.n_records}. Download both again.",
        )


class _Reader:
    """Adds works to lists, until they are taken."""

    def __init__(
        self, wanted: WorksWanted, deleted: NDArray[np.int64], counts: Counter[str]
    ) -> None:
        self._wanted, self._deleted, self._counts = wanted, deleted, counts
        self._decode = msgspec.json.Decoder(WorkLine).decode
        self._begin()

    def _begin(self) -> None:
        self._ids: dict[str, int] = {}
        self._codes: dict[str, int] = {UNKNOWN_COUNTRY: 0}
        self._places: dict[str, int | None] = {}
        self._numbers: list[int] = []
        self._years: list[int] = []
        self._sizes: list[int] = []
        self._work: list[int] = []
        self.person: list[int] = []
        self._position: list[int] = []
        self._n_countries: list[int] = []
        self._country: list[int] = []

    def work(self, written: bytes | dict[str, Any]) -> None:
        """Take in one work as a line or as a record, or count why not."""
        counts = self._counts
        counts["works"] += 1
        try:
            work = (
                self._decode(written)
                if isinstance(written, bytes)
                else msgspec.convert(written, WorkLine)
            )
            number = int(work.id.rpartition("/")[2][1:])
        except (ValueError, RecursionError):  # those of msgspec are ValueErrors
            counts["unreadable"] += 1
            return
        if reason := self._unwanted(work):
            counts[reason] += 1
            return
        listed = work.authorships or ()
        is_cut = len(listed) == MAX_LISTED_AUTHORS != work.authors_count
        counts["authors_cut"] += is_cut
        self._numbers.append(number)
        self._years.append(work.publication_year or 0)
        self._sizes.append(max(len(listed), work.authors_count or 0))
        at = len(self._years) - 1
        for authorship in listed:
            position = authorship.author_position
            self._work.append(at)
            self.person.append(self._person(authorship))
            # Where a list was cut, the last one on it is not the last author.
            self._position.append(
                1 if position == "first" else 2 if position == "last" and not is_cut else 0
            )
            self._add_countries(authorship)

    def _unwanted(self, work: WorkLine) -> str | None:
        """Return why a work is left out."""
        wanted, year = self._wanted, work.publication_year
        if wanted.corpus != "all" and bool(work.is_xpac) != (wanted.corpus == "expansion"):
            return "other_corpus"
        if wanted.subfield is not None and _subfield(work) != wanted.subfield:
            return "other_subfield"
        if wanted.types and work.type not in wanted.types:
            return "other_type"
        if year is None or year < FIRST_YEAR or year > wanted.release_year:
            return "impossible_year"
        if not wanted.first_year <= year <= wanted.last_year:
            return "other_year"
        return None if work.authorships else "no_authors"

    def _person(self, authorship: _Authorship) -> int:
        name = authorship.author.id if authorship.author is not None else None
        if (known := self._ids.get(name)) is not None:  # type: ignore[arg-type]
            return known
        if name is None or name in _NOBODY or not name.startswith(f"{_ADDRESS}A"):
            self._counts["authorships_of_nobody"] += 1
            return -1
        return self._ids.setdefault(name, len(self._ids))

    def _add_countries(self, authorship: _Authorship) -> None:
        written = authorship.countries
        if written and len(written) == 1 and (known := self._places.get(written[0])):  # type: ignore[arg-type]
            self._n_countries.append(1)
            self._country.append(known)
            return
        written = written or [one.country_code for one in authorship.institutions or ()]
        places = {place for text in written if (place := self._place(text)) is not None} or {0}
        self._n_countries.append(len(places))
        self._country.extend(sorted(places))

    def _place(self, text: str | None) -> int | None:
        """Return the place of a country among the codes; None if it is not known."""
        if not text:
            return None
        if text not in self._places:
            code = country_code(text) or UNKNOWN_COUNTRY
            place = self._codes.setdefault(code, len(self._codes))
            self._places[text] = place or None
        if self._places[text] is None:
            self._counts["unknown_countries"] += 1
        return self._places[text]

    def taken(self) -> ListedWorks:
        """Return what was added, and begin anew."""
        numbers = np.array(self._numbers, dtype=np.int64)
        is_kept = ~_is_among(numbers, self._deleted)
        self._counts["deleted"] += int((~is_kept).sum())
        self._counts["taken"] += int(is_kept.sum())
        work, position = np.array(self._work, np.int64), np.array(self._position, np.int64)
        person = np.array(self.person, np.int64)
        n_countries = np.array(self._n_countries, np.int64)
        stays = is_kept[work]
        found = ListedWorks(
            years=np.array(self._years, np.int64),
            sizes=np.array(self._sizes, np.int64),
            ids=list(self._ids),
            work=work[stays],
            person=person[stays],
            is_first=(position == 1)[stays],
            is_last=(position == 2)[stays],
            n_countries=n_countries[stays],
            country=np.array(self._country, np.int64)[np.repeat(stays, n_countries)],
            countries=list(self._codes),
        )
        self._begin()
        return found


def _subfield(work: WorkLine) -> str | None:
    topic = work.primary_topic
    if topic is None or topic.subfield is None:
        return None
    return str(topic.subfield.id).rpartition("/")[2]


def _is_among(numbers: NDArray[np.int64], listed: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which numbers are listed; the list is sorted, and may be a hundred times as long."""
    if not len(listed):
        return np.zeros(len(numbers), dtype=bool)
    place = np.searchsorted(listed, numbers).clip(max=len(listed) - 1)
    return np.asarray(listed[place] == numbers)
