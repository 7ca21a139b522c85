"""Unfinished years: what is counted of them so far, and how such years filled up before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import pandas as pd

from features.panel import Panel
from features.series import rows_of

_DAYS_A_MONTH: Final = 365.25 / 12
#: Years are taken to be of one age within half a month.
_SAME_AGE_MONTHS: Final = 0.5


@dataclass(frozen=True, eq=False)
class CountedSoFar:
    """A year that a source is still counting.

    Attributes:
        age_months: Since the year began, on the day of the vintage.
        counts: By part of the panel; a part without anybody is 0.
    """

    year: int
    age_months: float
    counts: pd.Series = field(repr=False)


@dataclass(frozen=True, eq=False)
class YearInTwoVintages:
    """An earlier year of the same series: how it stood at about the same age, and later on.

    Attributes:
        first_age: In months, of `first`.
        last_age: Of `last`.
        first: By part of the panel; missing where that vintage had no such part.
        last: Likewise.
    """

    year: int
    first_age: float
    last_age: float
    first: pd.Series = field(repr=False)
    last: pd.Series = field(repr=False)


def age_months(year: int, day: date) -> float:
    """Return the months from the beginning of a year to a day.

    Example:
        >>> round(age_months(2026, date(2026, 7, 1)), 1)
        5.9
    """
    return (day - date(year, 1, 1)).days / _DAYS_A_MONTH


def unfinished_years(observed: pd.DataFrame, panel: Panel) -> list[CountedSoFar]:
    """Return the provisional years that follow the panel without a gap, in order.

    Args:
        observed: `observations` rows of the panel, one vintage.
        panel: Its last year is the last finished one.
    """
    found: list[CountedSoFar] = []
    provisional = observed[observed["is_provisional"]]
    by_year = dict(iter(provisional.groupby("year")))
    year = panel.origin.year + 1
    while year in by_year:
        rows = by_year[year]
        counts = _by_part(rows, panel).fillna(0.0)
        if not counts.sum():
            break
        found.append(CountedSoFar(year, age_months(year, _day(rows)), counts))
        year += 1
    return found


def earlier_years(
    unfinished: CountedSoFar, observed: pd.DataFrame, earlier: pd.DataFrame, panel: Panel
) -> list[YearInTwoVintages]:
    """Return earlier years that were watched while they filled up from about the same age on.

    Args:
        unfinished: The year to be estimated.
        observed: `observations` rows of the panel, one vintage.
        earlier: `observations` rows of unfinished years in earlier vintages, of any series.
        panel: Gives the parts.
    """
    states = rows_of(earlier, panel.key)
    states = states[(states["year"] < unfinished.year) & (states["vintage"] < _vintage(observed))]
    now = dict(iter(observed.groupby("year")))
    found = []
    for year, rows in states.groupby("year"):
        ages = {age_months(int(str(year)), when.date()): when for when in rows["vintage"].unique()}
        usable = [age for age in ages if age >= unfinished.age_months - _SAME_AGE_MONTHS]
        if not usable or year not in now:
            continue
        first_age = min(usable)
        first = rows[rows["vintage"] == ages[first_age]]
        found.append(
            YearInTwoVintages(
                int(str(year)),
                max(first_age, unfinished.age_months),
                age_months(int(str(year)), _day(now[year])),
                _by_part(first, panel),
                _by_part(now[year], panel),
            )
        )
    return found


def _by_part(rows: pd.DataFrame, panel: Panel) -> pd.Series:
    counts = rows.drop_duplicates("country").set_index("country")["researchers"]
    return counts.reindex(list(panel.countries)).astype("float64")


def _vintage(observed: pd.DataFrame) -> pd.Timestamp:
    return pd.Timestamp(observed["vintage"].max())


def _day(rows: pd.DataFrame) -> date:
    return _vintage(rows).date()
