"""Which lists of papers can be used, and what they add up to."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from sources.counts import CountsDefaults
from sources.paper_lists.venue_counts import (
    counts_of_lists,
    incomplete_lists,
    read_venue_counts,
    unusable_years,
)
from sources.tabular import TextTable
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import CountingRule, Vintage
from talentcast.populations.definition import PaperLists

RULE = CountingRule.AUTHORSHIPS
DEFAULTS = CountsDefaults("robots", "bundled", Vintage(date(2026, 11, 23)), RULE)
NAMES = ("venue", "year", "counting_rule", "country", "count", "papers", "total", "unknown_share")


def venue(name: str, papers: dict[int, int], counts: dict[str, float]) -> list[tuple[str, ...]]:
    total = sum(counts.values())
    unknown = f"{counts.get('UNK', 0) / total:.4f}"
    return [
        (name, str(year), str(RULE), country, str(count), str(number), str(total), unknown)
        for year, number in papers.items()
        for country, count in counts.items()
    ]


def rows(*venues: list[tuple[str, ...]]) -> pd.DataFrame:
    cells = [row for one in venues for row in one]
    columns = {name: tuple(row[at] for row in cells) for at, name in enumerate(NAMES)}
    return read_venue_counts(TextTable("lists.csv", columns, tuple(range(2, len(cells) + 2))))


def test_a_list_far_shorter_than_those_near_it_is_incomplete() -> None:
    icra = {2000: 167, 2003: 248, 2004: 173, 2005: 769, 2006: 680, 2007: 807, 2015: 940}
    icra |= {2016: 48, 2017: 795, 2018: 815, 2019: 1024}
    assert sorted(incomplete_lists(pd.Series(icra))) == [2000, 2003, 2004, 2016]
    assert sorted(incomplete_lists(pd.Series({2021: 800, 2022: 900, 2023: 90}))) == [2023]


def test_a_conference_that_grows_is_complete() -> None:
    neurips = {2014: 411, 2015: 403, 2016: 569, 2017: 690, 2018: 1008}
    assert incomplete_lists(pd.Series(neurips)) == {}


@pytest.mark.parametrize(
    ("name", "authorships", "without_country"),
    [("aistats", 1787, 850), ("corl", 1526, 762), ("rss", 897, 351), ("aistats", 298, 69)],
)
def test_a_share_among_those_whose_country_is_known_is_no_share(
    name: str, authorships: int, without_country: int
) -> None:
    counts = {"USA": float(authorships - without_country), "UNK": float(without_country)}
    table = rows(venue(name, {2021: 100, 2022: 100, 2023: 100}, counts))
    assert sorted(unusable_years(table)) == [2021, 2022, 2023]
    with pytest.raises(InputRejectedError, match=r"NOT_A_SHARE.* is not a share"):
        counts_of_lists(table, PaperLists(venues=(name,)), RULE, DEFAULTS, first_year=2021)


def test_a_year_counts_if_every_list_of_it_can_be_used() -> None:
    years = {2015: 100, 2016: 100, 2017: 100, 2018: 110}
    table = rows(
        venue("icra", years | {2016: 5}, {"USA": 60.0, "CHN": 30.0, "UNK": 10.0}),
        venue("iros", years, {"USA": 50.0, "DEU": 20.0}),
    )
    lists = PaperLists(venues=("icra", "iros"))
    parsed = counts_of_lists(table, lists, RULE, DEFAULTS, first_year=2015)
    by_year = parsed.counts.pivot_table(index="year", columns="country", values="researchers")
    assert list(by_year.index) == [2015, 2017, 2018]
    assert by_year.loc[2017].to_dict() == {"CHN": 30, "DEU": 20, "UNK": 10, "USA": 110}
    (note,) = (one for one in parsed.notes if one.check == "YEARS_LEFT_OUT")
    assert note.example_keys == ("2016: icra lists 5 papers",)


def test_a_country_that_is_absent_from_a_year_has_nobody_there() -> None:
    table = rows(
        venue("colt", {2020: 90, 2021: 90}, {"USA": 60.0}),
        venue("colt", {2022: 90}, {"USA": 60.0, "ISR": 6.0}),
    )
    counts = counts_of_lists(
        table, PaperLists(venues=("colt",)), RULE, DEFAULTS, first_year=2020
    ).counts
    israel = counts[counts["country"] == "ISR"].set_index("year")["researchers"]
    assert israel.to_dict() == {2020: 0, 2021: 0, 2022: 6}


@pytest.mark.parametrize(("column", "value"), [("total", "99"), ("unknown_share", "0.5")])
def test_rows_that_do_not_add_up_to_what_they_state_are_refused(column: str, value: str) -> None:
    at = NAMES.index(column)
    cells = [(*row[:at], value, *row[at + 1 :]) for row in venue("colt", {2020: 9}, {"USA": 60.0})]
    with pytest.raises(InputRejectedError, match=r"TOTALS.*colt 2020"):
        rows(cells)
