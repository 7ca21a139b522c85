"""Stored pages to `researcher_counts`: the same today and in ten years."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256

from sources.countries import country_code
from sources.counts import CountsDefaults, to_counts
from sources.openalex.pages import (
    UNKNOWN,
    read_group_page,
    works_by_country,
)
from sources.openalex.record import FetchRecord
from sources.openalex.works_counts import counted_works
from sources.parse_notes import info_note, warning_note
from sources.tabular import TextTable
from talentcast.domain.checks import CheckResult
from talentcast.domain.countries import code_holds
from talentcast.domain.errors import ContradictionError, InputRejectedError
from talentcast.domain.provenance import ParsedCounts
from talentcast.domain.types import UNKNOWN_COUNTRY

#: Whole works, authorships or parts of works, by country.
YearCounts = dict[str, float]


def counts_of(record: FetchRecord, source: str, contents: Sequence[bytes]) -> ParsedCounts:
    """Return the counts of one population on one day.

    Args:
        record: Which pages belong together.
        source: For the `source` column.
        contents: Bytes of pages, in any order; others may be among them.

    Raises:
        InputRejectedError: If a page is missing, damaged, or contradicts another.
    """
    notes: list[CheckResult] = []
    pages = _pages_by_year(record, contents)
    counted = (
        {year: _groups(found, year) for year, found in pages.items()}
        if record.method == "group_by"
        else {year: counted_works(found, year, record, notes) for year, found in pages.items()}
    )
    by_year = _coded(counted, record, notes)
    by_year = _without_empty_years(by_year, record, notes)
    notes += _about_years(by_year, record)
    defaults = CountsDefaults(record.population, source, record.vintage, record.counting_rule)
    parsed = to_counts(_table(by_year, record), defaults)
    provisional = ~parsed.counts["year"].map(record.is_finished).astype(bool)
    counts = parsed.counts.assign(is_provisional=provisional)
    return ParsedCounts(counts, (*notes, *parsed.notes))


def _pages_by_year(record: FetchRecord, contents: Sequence[bytes]) -> dict[int, list[bytes]]:
    by_hash = {sha256(content).hexdigest(): content for content in contents}
    pages = defaultdict(list)
    for entry in record.pages:
        if entry.sha256 not in by_hash:
            raise InputRejectedError(
                "CORRUPT",
                f"{record.file_name} names page {entry.page} of {entry.year}, which is not there. "
                "Fetch the population again.",
            )
        if entry.year > record.as_of.year:
            raise InputRejectedError(
                "YEAR_FUTURE", f"{record.file_name} holds {entry.year}, which had not begun."
            )
        pages[entry.year].append(by_hash[entry.sha256])
    return dict(sorted(pages.items()))


def _groups(contents: Sequence[bytes], year: int) -> YearCounts:
    return dict(works_by_country([read_group_page(content) for content in contents], year))


def _coded(
    by_year: Mapping[int, YearCounts], record: FetchRecord, notes: list[CheckResult]
) -> dict[int, YearCounts]:
    """Return works by ISO code; a code that names no country of that year counts as unknown."""
    coded: dict[int, YearCounts] = {}
    unplaced: list[str] = []
    for year, counts in by_year.items():
        coded[year] = {}
        for written, works in counts.items():
            code = UNKNOWN_COUNTRY if written == UNKNOWN else country_code(written)
            if code is None or not code_holds(code, year):
                unplaced.append(f"{written[:20]} {year}: {works:g}")
                code = UNKNOWN_COUNTRY
            elif code in coded[year] and code != UNKNOWN_COUNTRY:
                raise ContradictionError(
                    "GROUP_TWICE", f"{record.population} {year}: two groups stand for {code}."
                )
            coded[year][code] = coded[year].get(code, 0) + works
    if unplaced:
        notes.append(
            warning_note(
                record.file_name,
                "COUNTRY_UNPLACED",
                f"{len(unplaced)} groups of no country that is known: counted as UNK",
                examples=unplaced,
                message="A new code goes to sources/data/country_aliases.csv.",
            )
        )
    return coded


def _without_empty_years(
    by_year: Mapping[int, YearCounts], record: FetchRecord, notes: list[CheckResult]
) -> dict[int, YearCounts]:
    empty = [year for year, counts in by_year.items() if not any(counts.values())]
    if len(empty) == len(by_year):
        raise InputRejectedError(
            "EMPTY", f"No works match the filter of {record.population}. Check it."
        )
    if empty:
        notes.append(
            warning_note(
                record.file_name,
                "NO_WORKS",
                f"{empty}: no works at all",
                message="These years are left out.",
            )
        )
    return {year: counts for year, counts in by_year.items() if year not in empty}


def _about_years(by_year: Mapping[int, YearCounts], record: FetchRecord) -> list[CheckResult]:
    """Return what a reader should know about some of the years."""
    name = record.file_name
    notes = [info_note(name, "AS_OF", f"read {record.as_of}, {len(record.pages)} pages")]
    unfinished = [year for year in by_year if not record.is_finished(year)]
    if unfinished:
        notes.append(
            warning_note(
                name,
                "PROVISIONAL_YEARS",
                f"{unfinished}: the source has not finished counting",
                message="They are estimated (nowcasts), never taken as counted.",
            )
        )
    unstated = [year for year, counts in by_year.items() if UNKNOWN_COUNTRY not in counts]
    if unstated:
        notes.append(
            warning_note(
                name,
                "UNKNOWN_NOT_STATED",
                f"{len(unstated)} years without a group of works that name no country",
                examples=[str(year) for year in unstated],
                message="Their unknown share reads as 0, which may be too low.",
            )
        )
    if record.asked_again:
        notes.append(
            warning_note(
                name,
                "ASKED_AGAIN",
                f"{list(record.asked_again)}: pages contradicted one another at first",
                message="Nothing to do; the second answer was whole.",
            )
        )
    return notes


def _table(by_year: Mapping[int, YearCounts], record: FetchRecord) -> TextTable:
    """Return rows as a file would hold them; absent countries are rows where they mean zero."""
    countries = sorted({country for counts in by_year.values() for country in counts})
    rows = [
        (str(year), country, f"{counts.get(country, 0):.10g}")
        for year, counts in by_year.items()
        for country in countries
        if country in counts or (record.absence == "zero" and code_holds(country, year))
    ]
    names = ("year", "country", "researchers")
    cells = {name: tuple(row[i] for row in rows) for i, name in enumerate(names)}
    return TextTable(record.file_name, cells, tuple(range(1, len(rows) + 1)))
