"""Country files of the scholarly migration database (Scopus), in all vintages that are public.

Akbaritabar, Theile and Zagheni 2024, Scientific Data 11:816, doi 10.1038/s41597-024-03655-9.
Researchers count in their modal country of the year; years between two observations are filled
with the earlier country, and nothing is filled after the last, so the newest years are low.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from features.edge_years import MAX_FLOW_DROP, first_edge_year, last_finished_year
from sources.counts import CountsDefaults, merge_parsed, to_counts
from sources.http import FetchLimits, fetch_bytes
from sources.moves import agreement_notes, to_moves
from sources.parse_notes import warning_note
from sources.plain_files import read_plain_file
from sources.tabular import read_table
from talentcast.domain.errors import IntegrityError, UsageError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.types import CountingRule, Vintage

POPULATION: Final = "scholars_scopus"
#: Moves between pairs of countries, read only from a folder: they are no counts, but show whether
#: the counts' arrivals and departures can be true.
MOVES_FILE: Final = "scopus_2024_V1_scholarlymigration_countryflows_enriched.parquet"
#: Flows need a later observation to be seen, so they fade before stocks do.

_REPOSITORY: Final = (
    "https://raw.githubusercontent.com/MPIDR/"
    "Global-flows-and-rates-of-international-migration-of-scholars"
)
_LIMITS: Final = FetchLimits(hosts=("raw.githubusercontent.com",), max_bytes=20_000_000)


@dataclass(frozen=True, slots=True)
class PublicFile:
    """One vintage at its public address, which names an immutable commit.

    Attributes:
        sha256: Hash of the bytes; None where copies with other columns are in circulation, whose
            counts agree. Then the size of the public copy is the pin for a download.
    """

    name: str
    address: str
    vintage: Vintage
    sha256: str | None
    size_bytes: int


FILES: Final = (
    PublicFile(
        "scopus_2022_07_V1_scholarlymigration_country.csv",
        f"{_REPOSITORY}/1fc3f6468d2b6b8c33b09a8c0079459af6871532/data_input/"
        "scopus_2022_07_V1_scholarlymigration_country.csv",
        Vintage(date(2022, 7, 31)),  # the name says July 2022
        None,
        526_015,
    ),
    PublicFile(
        "scopus_2024_V1_scholarlymigration_country_enriched.csv",
        f"{_REPOSITORY}/f1312fc25e02890e2d7590e24a9edd4af8a2bd33/data_processed/"
        "scopus_2024_V1_scholarlymigration_country_enriched.csv",
        Vintage(date(2024, 7, 24)),  # publication of the data descriptor
        "a3a07075de8c111b07a73c72b27dcf839144bdf2c713bf8cd3c1c09bd89642da",
        596_332,
    ),
)

_MOVES_VINTAGE: Final = FILES[-1].vintage


@dataclass(frozen=True, slots=True)
class ScholarlyMigration:
    """Country panels of the scholarly migration database.

    Attributes:
        directory: A folder that holds the files, all or some; None downloads the country files.
    """

    directory: Path | None = None
    limits: FetchLimits = field(default=_LIMITS)
    name: str = "scholarly_migration"
    title: str = "Scholarly migration database: Scopus scholars by country, 1996-2021, two vintages"
    licence: str = "CC BY 4.0"
    url: str = "https://www.scholarlymigration.org/data.html"

    def download(self) -> list[RawFile]:
        """Fetch every vintage, or read those that lie in `directory`."""
        if self.directory is None:
            return [self._raw(file, self._fetched(file), file.address) for file in FILES]
        present = [file for file in FILES if (self.directory / file.name).exists()]
        if not present:
            raise UsageError(
                f"{self.directory} holds none of {', '.join(file.name for file in FILES)}. "
                "Download them from the source's page, or leave the folder out."
            )
        files = [self._raw(file, self._local(file.name), file.address) for file in present]
        if (self.directory / MOVES_FILE).exists():
            content = self._local(MOVES_FILE)
            files.append(
                RawFile(MOVES_FILE, content, self.name, self.url, self.licence, _MOVES_VINTAGE)
            )
        return files

    def parse(self, files: Sequence[RawFile]) -> ParsedCounts:
        """Read the vintages side by side; edge years are flagged from the data."""
        parsed = merge_parsed([self._parse_one(raw) for raw in files if raw.name != MOVES_FILE])
        notes = list(parsed.notes)
        for raw in (raw for raw in files if raw.name == MOVES_FILE):
            found = to_moves(read_table(raw.content, raw.name), raw.vintage)
            notes += [*found.notes, *agreement_notes(found.moves, parsed.counts, raw.name)]
        return ParsedCounts(parsed.counts, tuple(notes))

    def _parse_one(self, raw: RawFile) -> ParsedCounts:
        defaults = CountsDefaults(POPULATION, self.name, raw.vintage, CountingRule.MODAL_COUNTRY)
        parsed = to_counts(read_table(raw.content, raw.name), defaults)
        edge_year = _first_unfinished_year(parsed.counts)
        if edge_year is None:
            return parsed
        note = warning_note(
            raw.name,
            "EDGE_YEARS",
            f"from {edge_year} on, moves per researcher fall by more than {MAX_FLOW_DROP:.0%}, or "
            "the total grows far less than before",
            message="These years are provisional: the source has not seen everybody yet.",
        )
        counts = parsed.counts.assign(is_provisional=parsed.counts["year"] >= edge_year)
        return ParsedCounts(counts, (*parsed.notes, note))

    def _raw(self, file: PublicFile, content: bytes, address: str) -> RawFile:
        require_bytes(file, content)
        return RawFile(file.name, content, self.name, address, self.licence, file.vintage)

    def _fetched(self, file: PublicFile) -> bytes:
        content = fetch_bytes(file.address, self.limits)
        if len(content) != file.size_bytes:
            raise IntegrityError(
                f"{file.name}: {len(content)} bytes came where {file.size_bytes} were published. "
                "Try again; if it stays so, the file was replaced and needs a new entry."
            )
        return content

    def _local(self, name: str) -> bytes:
        assert self.directory is not None  # noqa: S101 - for the type checker
        return read_plain_file(self.directory / name).content


def _first_unfinished_year(counts: pd.DataFrame) -> int | None:
    by_moves = first_edge_year(counts)
    totals = counts.groupby("year")["researchers"].sum()
    by_total = last_finished_year(totals) + 1
    found = [year for year in (by_moves, by_total) if year is not None and year in totals.index]
    return min(found, default=None)


def holds_vintages(path: Path) -> bool:
    """Return whether a path is a folder with downloaded country files."""
    return path.is_dir() and any((path / file.name).exists() for file in FILES)


def require_bytes(file: PublicFile, content: bytes) -> None:
    """Refuse bytes that are not those the figures were checked on.

    Raises:
        IntegrityError: If the sha256 differs from the pinned one.
    """
    found = hashlib.sha256(content).hexdigest()
    if file.sha256 is not None and found != file.sha256:
        raise IntegrityError(
            f"{file.name}: sha256 {found[:12]} where {file.sha256[:12]} was published. "
            "Fetch it again from the address in sources/scholarly_migration.py."
        )
