"""Listed works to counts by country, by the rule of the population."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sources.author_countries import Work, count_by_country
from sources.countries import country_code
from sources.openalex.record import FetchRecord
from sources.openalex.works import MAX_LISTED_AUTHORS, Authors, read_works_page, works_of_year
from sources.parse_notes import warning_note
from talentcast.domain.checks import CheckResult
from talentcast.domain.types import UNKNOWN_COUNTRY


def counted_works(
    contents: Sequence[bytes], year: int, record: FetchRecord, notes: list[CheckResult]
) -> dict[str, float]:
    """Return the counts of one year by country.

    Args:
        contents: What was kept of its pages.
        year: The year.
        record: How the population counts.
        notes: Added to: works that name no author, and works whose list of authors stayed cut.
    """
    pages = [read_works_page(content) for content in contents]
    works = works_of_year(pages, year)
    gone = [work for page in pages for work, authors in page.works.items() if authors is None]
    notes += _about_works(works.values(), gone, year, record)
    coded = [_coded(authors) for authors in works.values()]
    return dict(count_by_country(coded, record.counting_rule))


def _coded(authors: Authors) -> Work:
    """Return codes of countries; what is no country stays as written, for the reader to name."""
    return [
        list(
            dict.fromkeys(
                code
                for written in author
                if (code := country_code(written) or written) != UNKNOWN_COUNTRY
            )
        )
        for author in authors
    ]


def _about_works(
    works: Iterable[Authors], gone: Sequence[str], year: int, record: FetchRecord
) -> list[CheckResult]:
    notes = []
    without = sum(not authors for authors in works)
    if without:
        notes.append(
            warning_note(
                record.file_name,
                "NO_AUTHORS",
                f"{year}: {without} works name no author",
                message="They count for nothing where authors are counted.",
            )
        )
    if gone:
        notes.append(
            warning_note(
                record.file_name,
                "AUTHORS_CUT",
                f"{year}: {len(gone)} works have {MAX_LISTED_AUTHORS} authors or more and are not "
                "there any more",
                examples=gone,
                message=f"Only their first {MAX_LISTED_AUTHORS} authors are counted.",
            )
        )
    return notes
