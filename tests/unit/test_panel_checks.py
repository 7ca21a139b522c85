"""Checks of a panel, at their limits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from expectations import panel_checks as checks


def panel(**by_country: list[float]) -> pd.DataFrame:
    """One row per year from 2010 and country; shares are of the year's sum."""
    n_years = len(next(iter(by_country.values())))
    rows = [
        (2010 + at, country, values[at])
        for at in range(n_years)
        for country, values in by_country.items()
    ]
    frame = pd.DataFrame(rows, columns=["year", "country", "researchers"])
    totals = frame.groupby("year")["researchers"].transform("sum")
    return frame.assign(closed_share=frame["researchers"] / totals)


def test_shares_of_a_year_close_within_the_tolerance() -> None:
    sound = panel(FRA=[1.0, 1.0], USA=[1.0, 3.0])
    assert checks.open_compositions(sound, tolerance=1e-9).count == 0
    over = sound.assign(closed_share=[0.5, 0.5, 0.25, 0.875])
    assert checks.open_compositions(over, tolerance=0.125).count == 0
    found = checks.open_compositions(over, tolerance=0.1)
    assert found.examples == ("2011: sum 1.125",)
    under = sound.assign(closed_share=[0.5, 0.25, 0.25, 0.75])
    assert checks.open_compositions(under, tolerance=0.1).examples == ("2010: sum 0.75",)


def test_years_follow_each_other() -> None:
    sound = panel(FRA=[1.0, 1.0, 1.0])
    assert checks.broken_years(sound).count == 0
    skipped = sound.assign(year=[2010, 2011, 2013])
    assert checks.broken_years(skipped).examples == ("year 2013",)
    assert checks.broken_years(sound.assign(year=[2011, 2010, 2012])).count > 0


def test_a_missing_cell_is_named_and_a_missing_cell_of_the_last_year_twice() -> None:
    table = panel(FRA=[np.nan, 1.0], USA=[1.0, np.nan])
    assert checks.missing_cells(table).examples == ("FRA 2010", "USA 2011")
    assert checks.missing_last_year(table).examples == ("USA 2011",)


def test_a_counted_cell_is_above_zero_and_finite() -> None:
    table = panel(FRA=[1.0, 0.0, -1.0, np.inf, np.nan, 0.5])
    assert checks.not_positive(table).examples == ("FRA 2011", "FRA 2012", "FRA 2013")


def test_parts_are_known_codes_and_stand_once() -> None:
    table = panel(FRA=[1.0, 1.0], ZZZ=[1.0, 1.0], ROW=[1.0, 1.0])
    assert checks.unknown_codes(table).examples == ("ZZZ",)
    assert checks.repeated_cells(table).count == 0
    twice = pd.concat([table, table.iloc[[0]]])
    assert checks.repeated_cells(twice).examples == ("FRA 2010",)


def test_short_countries_are_named_when_too_few_are_long() -> None:
    table = panel(FRA=[1.0, 1.0, 1.0], USA=[1.0, 1.0, np.nan], DEU=[1.0, 1.0, 1.0])
    assert checks.short_series(table, min_years=3, min_countries=2).count == 0
    found = checks.short_series(table, min_years=3, min_countries=3)
    assert found.examples == ("USA: 2 years",)
    assert checks.short_series(table, min_years=2, min_countries=3).count == 0
