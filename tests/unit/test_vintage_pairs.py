from datetime import date

import numpy as np
import pandas as pd

from features.panel import Panel
from features.vintage_pairs import earlier_vintage, seen_revisions
from talentcast.domain.types import CountingRule, SeriesKey, Vintage

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")
NOW = Vintage(date(2024, 7, 1))


def counts(*vintages: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "population": "scholars",
            "counting_rule": "whole",
            "source": "register",
            "vintage": pd.to_datetime(list(vintages)),
            "year": 2020,
            "country": "FRA",
            "researchers": 100.0,
        }
    )


def panel(years: range, **columns: float) -> Panel:
    table = pd.DataFrame({name: [value] * len(years) for name, value in columns.items()}, years)
    return Panel(KEY, table)


def test_the_newest_vintage_that_is_half_a_year_older_is_compared() -> None:
    found = earlier_vintage(counts("2022-07-01", "2023-07-01", "2024-06-01"), KEY, NOW)
    assert found is not None
    assert (found.vintage, round(found.years_between, 1)) == (Vintage(date(2023, 7, 1)), 1.0)
    assert found.counts["vintage"].unique().tolist() == [pd.Timestamp("2023-07-01")]


def test_vintages_of_the_same_months_are_not_compared() -> None:
    assert earlier_vintage(counts("2024-06-01", "2024-07-01"), KEY, NOW) is None


def test_shares_are_compared_among_countries_that_both_vintages_tell_apart() -> None:
    before = panel(range(2010, 2018), FRA=100.0, USA=300.0, DEU=50.0, ROW=500.0)
    now = panel(range(2010, 2021), FRA=200.0, USA=200.0, ROW=900.0)
    seen = seen_revisions(before, now, years_between=2.0)
    assert seen.countries == ("FRA", "USA")
    assert seen.age_years.tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    np.testing.assert_allclose(seen.shares[0], [0.25, 0.75])
    np.testing.assert_allclose(seen.moved[0], np.log([0.5 / 0.25, 0.5 / 0.75]))
