"""The public file: an archive with a record of each person, read as a stream, never unpacked."""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa

from features.listed_works import ListedWorks, weights_in_order
from sources.countries import country_code
from sources.orcid.record import (
    Affiliation,
    BrokenRecordError,
    DocumentTypeError,
    affiliations_of,
)
from sources.plain_files import require_plain
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import UNKNOWN_COUNTRY, Vintage

FIRST_YEAR: Final = 1900
_ADDRESS: Final = "https://orcid.org/"
_MEMBER: Final = re.compile(r"[\w-]+/[\dX]{3}/(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\.xml")
_DATED_NAME: Final = re.compile(r"ORCID_(\d{4})_(\d{2})_")
#: People are divided into so many parts, each of which reads the whole archive for its own.
_PARTS: Final = 4
#: Years of people that are added up at once.
_AT_ONCE: Final = 100_000
_MAX_RECORD_BYTES: Final = 32 << 20
#: XML packs ten- to twentyfold; what unfolds further is a bomb.
_MOST_UNFOLDING: Final = 200
_UNFOLDING_FROM: Final = 64 << 20
#: Part of the members that may be no records.
_MOST_BROKEN: Final = 0.01
_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class OrcidRecords:
    """Records of the people in the public file.

    Attributes:
        first_year: Earlier years are left out.
        last_year: Later ones are.
        vintage: Day on which the file was made.
    """

    path: Path = field(repr=False)
    first_year: int
    last_year: int
    vintage: Vintage
    size: int
    written: int

    @property
    def said(self) -> Mapping[str, Any]:
        """What tells it from others."""
        return {
            "source": "orcid",
            "release": str(self.vintage.as_of),
            "years": [self.first_year, self.last_year],
        }

    @property
    def parts(self) -> Sequence[str]:
        """What tells each part from others."""
        return [f"{self.size:x}-{self.written:x}-{number}" for number in range(_PARTS)]

    def prepared(self, folder: Path) -> OrcidRecords:
        """Return itself: there is nothing to prepare."""
        return self

    def listed(self, number: int, counts: Counter[str]) -> Iterator[ListedWorks]:
        """Yield the affiliations of a part of the people: each year of each as one work of theirs.

        Raises:
            InputRejectedError: `TRUNCATED` if the archive breaks off or is damaged, `BOMB` if it
                unfolds further than records do, `BAD_RECORDS` if more than 1 % are none.
        """
        held = _Held(self)
        for orcid, content in self._members(number, counts):
            held.add(orcid, content, counts)
            if held.n_years >= _AT_ONCE:
                yield held.taken()
        broken = counts["broken"] + counts["document_types"] + counts["too_large"]
        if broken > _MOST_BROKEN * counts["records"]:
            raise InputRejectedError(
                "BAD_RECORDS",
                f"{broken} of {counts['records']} members of {self.path.name} are no records of "
                "people as XML. Is this the file of summaries? Download it again.",
            )
        yield held.taken()

    def _members(self, number: int, counts: Counter[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the records of one part of the people, and count what else the archive holds."""
        with self.path.open("rb") as packed, gzip.open(packed) as plain:
            stream = _Bounded(packed, plain, self.path.name)
            try:
                with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
                    for member in archive:
                        archive.members = []  # it would keep every header
                        name = _MEMBER.fullmatch(member.name)
                        is_record = name is not None and member.isreg() and not member.issparse()
                        if not is_record or name is None:
                            # Nothing is unpacked: a link or a path leads nowhere.
                            counts["odd_members"] += number == 0 and not member.isdir()
                        elif zlib.crc32(name[1].encode()) % _PARTS == number:
                            counts["records"] += 1
                            if member.size > _MAX_RECORD_BYTES:
                                counts["too_large"] += 1
                            elif (file := archive.extractfile(member)) is not None:
                                yield name[1], file.read()
                stream.require_end()
            except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise _truncated(self.path.name, type(error).__name__) from None

    def affiliations(self, sums: pa.Table) -> pa.Table:
        """Return the columns of affiliations beside the key: an entry says nothing about works."""
        weights, _ = weights_in_order(sums)
        return pa.table({"weight": weights, "works": np.ones(len(sums), dtype=np.int32)})


def orcid_records(
    path: Path, *, first_year: int | None = None, last_year: int | None = None
) -> OrcidRecords:
    """Return what reads a public file.

    Args:
        path: The archive of summaries.
        first_year: None for all that can be.
        last_year: None for that of the file.

    Raises:
        UsageError: If there is no plain file.
    """
    require_plain(path)
    status = path.lstat()
    named = _DATED_NAME.match(path.name)
    day = datetime.fromtimestamp(status.st_mtime, UTC).date()
    vintage = Vintage.parse(f"{named[1]}-{named[2]}-01") if named else Vintage(day)
    return OrcidRecords(
        path,
        FIRST_YEAR if first_year is None else first_year,
        vintage.as_of.year if last_year is None else min(last_year, vintage.as_of.year),
        vintage,
        status.st_size,
        status.st_mtime_ns,
    )


class _Bounded:
    """A stream that ends with an error where it unfolds further than records do."""

    def __init__(self, packed: BinaryIO, plain: gzip.GzipFile, name: str) -> None:
        self._packed, self._plain, self._name = packed, plain, name
        self._n_read = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        content = self._plain.read(size)
        self._n_read += len(content)
        if self._n_read > _UNFOLDING_FROM + _MOST_UNFOLDING * self._packed.tell():
            raise InputRejectedError(
                "BOMB",
                f"{self._name} unfolds more than {_MOST_UNFOLDING}-fold, which records of people "
                "do not. Download it again.",
            )
        return content

    def require_end(self) -> None:
        """Refuse an archive that goes on behind what was taken for its end: a header is damaged."""
        for block in iter(partial(self.read, _BLOCK), b""):
            if block.strip(b"\0"):
                raise _truncated(self._name, "a header is damaged")


def _truncated(name: str, why: str) -> InputRejectedError:
    return InputRejectedError(
        "TRUNCATED", f"{name} breaks off or is damaged ({why}). Download it again."
    )


class _Held:
    """Adds affiliations to lists, until they are taken."""

    def __init__(self, source: OrcidRecords) -> None:
        self._source = source
        self._release_year = source.vintage.as_of.year
        self._begin()

    def _begin(self) -> None:
        self._ids: list[str] = []
        self._codes: dict[str, int] = {UNKNOWN_COUNTRY: 0}
        self._years: list[int] = []
        self._person: list[int] = []
        self._country: list[int] = []

    @property
    def n_years(self) -> int:
        """How many years of people were added."""
        return len(self._years)

    def add(self, orcid: str, content: bytes, counts: Counter[str]) -> None:
        """Take in one record, or count why not."""
        try:
            found = affiliations_of(content, orcid)
        except DocumentTypeError:
            counts["document_types"] += 1
            return
        except BrokenRecordError:
            counts["broken"] += 1
            return
        counts["without_affiliations"] += not found
        person = len(self._ids)
        self._ids.append(f"{_ADDRESS}{orcid}")
        for one in found:
            counts["affiliations"] += 1
            years = self._years_of(one, counts)
            self._years.extend(years)
            self._person.extend([person] * len(years))
            self._country.extend([self._place(one.country, counts)] * len(years))

    def _years_of(self, one: Affiliation, counts: Counter[str]) -> range:
        """Return the years that an entry speaks of, of those that are wanted.

        One without an end goes on until somebody last changed it, if it is an employment; of an
        education only the year of its beginning is known then.
        """
        start, end = _year(one.start), _year(one.end)
        if start is None and end is None:
            counts["undated"] += 1
            return range(0)
        open_end = _year(one.modified[:4]) if one.is_employment else None
        first = end if start is None else start
        last = end if end is not None else open_end
        assert first is not None  # noqa: S101 - one of them is known
        last = first if last is None or (end is None and last < first) else last
        if not FIRST_YEAR <= first <= min(last, self._release_year):
            counts["impossible_years"] += 1
            return range(0)
        wanted = self._source
        return range(max(first, wanted.first_year), min(last, wanted.last_year) + 1)

    def _place(self, text: str, counts: Counter[str]) -> int:
        code = country_code(text)
        counts["unknown_countries"] += code is None
        return self._codes.setdefault(code or UNKNOWN_COUNTRY, len(self._codes))

    def taken(self) -> ListedWorks:
        """Return what was added, and begin anew."""
        n_rows = len(self._years)
        nobody, ones = np.zeros(n_rows, dtype=bool), np.ones(n_rows, np.int64)
        found = ListedWorks(
            years=np.array(self._years, np.int64),
            sizes=ones,
            ids=self._ids,
            work=np.arange(n_rows),
            person=np.array(self._person, np.int64),
            is_first=nobody,
            is_last=nobody,
            n_countries=ones,
            country=np.array(self._country, np.int64),
            countries=list(self._codes),
        )
        self._begin()
        return found


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{4}", text, re.ASCII) else None
