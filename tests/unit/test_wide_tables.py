"""Years or countries as columns become rows, and nothing else does."""

from __future__ import annotations

import pytest

from sources import wide_tables
from sources.tabular import TextTable, read_table
from sources.wide_tables import to_long
from talentcast.domain.errors import InputRejectedError


def table(text: str) -> TextTable:
    return read_table(text.encode(), "lab.csv")


def long_rows(found: TextTable) -> list[tuple[str, ...]]:
    names = ("country", "year", "researchers")
    return list(zip(*(found.columns[name] for name in names), strict=True))


EXPECTED = [("FRA", "2019", "5"), ("FRA", "2020", "6"), ("ITA", "2019", "7"), ("ITA", "2020", "8")]


@pytest.mark.parametrize("years", ["2019,2020", "2019.0,2020.0", "2019 [YR2019],2020 [YR2020]"])
@pytest.mark.parametrize("heading", ["country", "iso3", "Area", ""])
def test_years_as_columns_become_rows(heading: str, years: str) -> None:
    found = to_long(table(f"{heading},{years}\nFRA,5,6\nITA,7,8\n"))
    assert long_rows(found) == EXPECTED
    assert (found.rows, found.form) == ((2, 2, 3, 3), ("wide",))


@pytest.mark.parametrize("heading", ["year", "Year", "", "period"])
def test_countries_as_columns_become_rows(heading: str) -> None:
    found = to_long(table(f"{heading},FRA,ITA\n2019,5,7\n2020,6,8\n"))
    assert sorted(long_rows(found)) == EXPECTED
    assert found.rows == (2, 2, 3, 3)


def test_other_columns_of_a_wide_table_are_repeated() -> None:
    found = to_long(table("population,country,2019,2020\nrobots,FRA,5,6\n"))
    assert found.columns["population"] == ("robots", "robots")
    found = to_long(table("year,source,FRA,ITA\n2019,own,5,7\n"))
    assert found.columns["source"] == ("own", "own")


@pytest.mark.parametrize(
    "text",
    [
        "year,country,n\n2019,FRA,5\n",
        "country,2019\nFRA,5\n",  # one year may be anything
        "year,2019,2020\n2019,5,6\n",
        "year,id,no\n2019,1,2\n",  # words before they are codes
        "year,n,FRA,ITA\n2019,1,5,7\n",
        "year,n\n2019,1\n",
    ],
)
def test_a_table_that_is_not_plainly_wide_stays_as_it_is(text: str) -> None:
    assert to_long(table(text)) == table(text)


def test_a_sum_among_countries_as_columns_is_refused() -> None:
    with pytest.raises(InputRejectedError, match=r"WIDE_TABLE: .*\['Total'\] are not understood"):
        to_long(table("year,FRA,ITA,Total\n2019,5,7,12\n"))


@pytest.mark.parametrize("text", ["a,2019,2020\nLyon,5,6\n", "a,b,2019,2020\nFRA,ITA,5,6\n"])
def test_a_wide_table_whose_countries_cannot_be_told_is_refused(text: str) -> None:
    with pytest.raises(InputRejectedError, match=r"WIDE_TABLE: .*Call the one that is meant"):
        to_long(table(text))


def test_a_wide_table_is_as_large_as_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide_tables, "MAX_CELLS", 3)
    with pytest.raises(InputRejectedError, match="TOO_LARGE"):
        to_long(table("country,2019,2020\nFRA,5,6\nITA,7,8\n"))
