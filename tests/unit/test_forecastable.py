"""Which series a past year is forecast from, and why others are not."""

from __future__ import annotations

from datetime import date

import pandas as pd

from features.forecastable import forecastable_series
from talentcast.domain.types import Vintage


def counts(population: str, first_year: int, last_year: int, vintage: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (population, "unspecified", "file", year, country, 100.0 + year % 7)
            for year in range(first_year, last_year + 1)
            for country in ("FRA", "ITA")
        ],
        columns=["population", "counting_rule", "source", "year", "country", "researchers"],
    ).assign(vintage=pd.Timestamp(vintage), is_provisional=False, arrivals=None, departures=None)


END_OF_2012 = Vintage(date(2012, 12, 31))


def test_what_was_not_counted_yet_is_not_known() -> None:
    found = forecastable_series(counts("lab", 2000, 2019, "2024-01-01"), END_OF_2012)
    assert found.left_out == {}
    assert found.counts["year"].max() == 2011


def test_a_series_that_began_later_is_too_short_or_has_ended_is_left_out_with_the_reason() -> None:
    table = pd.concat(
        [
            counts("later", 2013, 2019, "2024-01-01"),
            counts("short", 2010, 2019, "2024-01-01"),
            counts("over", 1990, 2010, "2024-01-01"),
        ]
    )
    found = forecastable_series(table, END_OF_2012)
    reasons = {key.population: reason for key, reason in found.left_out.items()}
    assert found.counts.empty
    assert reasons["later"] == "nothing was counted before 2012"
    assert reasons["short"].startswith("SHORT_PANEL")
    assert reasons["over"] == "the counts end in 2010"


def test_what_was_archived_by_then_counts_however_old_its_last_year() -> None:
    found = forecastable_series(counts("lab", 2000, 2009, "2012-06-30"), END_OF_2012)
    assert found.left_out == {}
    assert found.counts["year"].max() == 2009
