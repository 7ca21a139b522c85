"""Stored pages of OpenAlex to counts: the same whenever they are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest

from sources.openalex.pages import read_group_page, works_by_country
from sources.openalex.record import FetchRecord, PageEntry, read_record
from sources.openalex.source import OpenAlex, open_alex
from talentcast.domain.errors import ContradictionError, InputRejectedError, UsageError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.types import CountingRule, Vintage

AS_OF = date(2026, 11, 24)


def page(groups: Mapping[object, int], total: int, cursor: str | None = None) -> bytes:
    rows = [{"key": key, "key_display_name": "x", "count": n} for key, n in groups.items()]
    return json.dumps({"meta": {"count": total, "next_cursor": cursor}, "group_by": rows}).encode()


def record(pages: Mapping[tuple[int, int], bytes]) -> FetchRecord:
    entries = tuple(
        PageEntry(year, number, sha256(content).hexdigest())
        for (year, number), content in pages.items()
    )
    return FetchRecord(
        "lab", CountingRule.WHOLE_WORKS, "type:article", "group_by", 6, "zero", AS_OF, entries
    )


def parse(pages: Mapping[tuple[int, int], bytes], made: FetchRecord | None = None) -> ParsedCounts:
    found = made or record(pages)
    files = [
        RawFile(name, content, "openalex", "", "CC0 1.0", Vintage(date(2020, 1, 1)))
        for name, content in [
            *((f"{year}-{n}.json", content) for (year, n), content in pages.items()),
            (found.file_name, found.to_bytes()),
        ]
    ]
    return OpenAlex().parse(files)


PAGES = {
    (2024, 1): page({"FR": 4, "https://openalex.org/countries/IT": 3}, 8, "next"),
    (2024, 2): page({"us": 5, "unknown": 2}, 8),
    (2026, 1): page({"US": 1}, 1),
}


def test_pages_become_rows_by_country_with_zeros_and_the_day_of_the_record() -> None:
    counts = parse(PAGES).counts
    rows = [tuple(row) for row in counts[["year", "country", "researchers"]].to_numpy()]
    assert sorted(rows) == [
        (2024, "FRA", 4),
        (2024, "ITA", 3),
        (2024, "UNK", 2),
        (2024, "USA", 5),
        (2026, "FRA", 0),
        (2026, "ITA", 0),
        (2026, "UNK", 0),
        (2026, "USA", 1),
    ]
    assert counts.set_index("year")["is_provisional"].to_dict() == {2024: False, 2026: True}
    assert set(counts["population"]) == {"lab"}
    assert [str(day.date()) for day in set(counts["vintage"])] == ["2026-11-24"]


def test_absent_countries_stay_absent_where_that_is_not_zero() -> None:
    counts = parse(PAGES, replace(record(PAGES), absence="missing")).counts
    assert set(counts.loc[counts["year"] == 2026, "country"]) == {"USA"}


def test_the_order_of_files_is_of_no_consequence() -> None:
    backwards = dict(reversed(PAGES.items()))
    assert parse(backwards, record(PAGES)).counts.equals(parse(PAGES).counts)


@pytest.mark.parametrize(
    ("months", "finished"), [(0, [2024, 2025]), (10, [2024, 2025]), (11, [2024]), (24, [])]
)
def test_a_year_is_finished_so_many_months_after_it_ended(months: int, finished: list[int]) -> None:
    made = replace(record({}), finished_after_months=months)
    assert [year for year in (2024, 2025, 2026) if made.is_finished(year)] == finished


def test_a_record_reads_back() -> None:
    made = record(PAGES)
    assert read_record(made.to_bytes(), "x") == made
    for text in (b"", b"[]", b"{}", b"\xff", b'{"format": 2}'):
        with pytest.raises(InputRejectedError, match="BAD_PAYLOAD"):
            read_record(text, "x")


def test_a_page_that_is_missing_or_of_a_year_to_come_is_refused() -> None:
    with pytest.raises(InputRejectedError, match="CORRUPT"):
        parse({(2024, 1): PAGES[2024, 1]}, record(PAGES))
    with pytest.raises(InputRejectedError, match="YEAR_FUTURE"):
        parse({(2027, 1): PAGES[2026, 1]})
    with pytest.raises(UsageError, match="no record"):
        OpenAlex().parse([])


@pytest.mark.parametrize("key", ["unknown", "Unknown", None, "", -111, -111.0, "null"])
def test_the_group_without_a_country_has_many_names(key: object) -> None:
    (group,) = read_group_page(page({key: 3}, 3)).groups
    assert (group.country, group.count) == ("unknown", 3)


def test_a_code_before_its_country_counts_as_unknown() -> None:
    counts = parse({(2005, 1): page({"SS": 2, "FR": 3, "unknown": 1}, 6)}).counts
    assert counts.set_index("country")["researchers"].to_dict() == {"FRA": 3, "UNK": 3}


def test_fewer_works_than_groups_are_no_contradiction_but_more_are() -> None:
    pages = [read_group_page(page({"FR": 4, "IT": 3}, 5))]
    assert works_by_country(pages, 2024) == {"FR": 4, "IT": 3}
    with pytest.raises(ContradictionError, match="GROUPS_INCOMPLETE"):
        works_by_country([read_group_page(page({"FR": 4, "IT": 3}, 8))], 2024)


def test_populations_are_chosen_by_name_and_one_is_usual() -> None:
    assert [one.id for one in open_alex((), None).populations] == ["ai_works"]
    chosen = open_alex(("robotics_works", "of_another_source"), None)
    assert [one.id for one in chosen.populations] == ["robotics_works"]
    with pytest.raises(UsageError, match="ai_top10_works"):
        open_alex(("of_another_source",), None)
