from datetime import date

import pandas as pd
from pandas.testing import assert_frame_equal

from features.vintages import known_at
from talentcast.domain.types import CountingRule, SeriesKey, Vintage, VintageKind

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")


def counts(*rows: tuple[str, int, str, float], population: str = "scholars") -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["vintage", "year", "country", "researchers"])
    return table.assign(
        researchers=table["researchers"].astype("float64"),
        vintage=pd.to_datetime(table["vintage"]),
        population=population,
        counting_rule="whole",
        source="register",
    )


def test_the_newest_vintage_by_the_date_is_taken_whole() -> None:
    table = counts(
        ("2022-07-01", 2020, "FRA", 10),
        ("2022-07-01", 2020, "DEU", 20),
        ("2023-07-01", 2020, "FRA", 11),
    )
    known = known_at(table, Vintage(date(2023, 7, 1)))
    assert known.counts[["country", "researchers"]].to_numpy().tolist() == [["FRA", 11.0]]
    assert known.kinds == {KEY: VintageKind.TRUE}


def test_later_vintages_do_not_change_the_past() -> None:
    early = counts(("2022-07-01", 2020, "FRA", 10), ("2022-07-01", 2021, "FRA", 12))
    late = early.assign(vintage=pd.Timestamp("2023-07-02"), researchers=-1.0)
    as_of = Vintage(date(2023, 7, 1))
    both = known_at(pd.concat([early, late], ignore_index=True), as_of)
    assert_frame_equal(both.counts, known_at(early, as_of).counts)


def test_before_the_first_vintage_only_ended_years_are_known_and_it_says_so() -> None:
    table = counts(
        ("2022-07-01", 2018, "FRA", 10),
        ("2022-07-01", 2019, "FRA", 11),
        ("2022-07-01", 2020, "FRA", 12),
        ("2023-07-01", 2018, "FRA", 99),
    )
    known = known_at(table, Vintage(date(2020, 6, 30)))
    assert known.counts["researchers"].tolist() == [10.0, 11.0]
    assert known.kinds == {KEY: VintageKind.PSEUDO}


def test_each_series_has_its_own_vintage() -> None:
    table = pd.concat(
        [
            counts(("2022-07-01", 2020, "FRA", 10)),
            counts(("2024-07-01", 2020, "FRA", 5), population="robotics"),
        ],
        ignore_index=True,
    )
    known = known_at(table, Vintage(date(2023, 1, 1)))
    assert {key.population: kind for key, kind in known.kinds.items()} == {
        "robotics": VintageKind.PSEUDO,
        "scholars": VintageKind.TRUE,
    }


def test_no_rows_are_no_series() -> None:
    known = known_at(counts().astype({"vintage": "datetime64[ns]"}), Vintage(date(2023, 1, 1)))
    assert known.counts.empty
    assert not known.kinds
