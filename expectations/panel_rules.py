"""Rules of a panel in long form: `year`, `country`, `researchers` (NaN where missing), `share`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from expectations.violations import Violations, violating_rows, violations
from talentcast.domain.countries import known_codes


def open_compositions(panel: pd.DataFrame, *, tolerance: float) -> Violations:
    """Return years whose shares, missing ones carried forward, do not sum to 1."""
    sums = panel.groupby("year")["closed_share"].sum()
    bad = sums[(sums - 1).abs() > tolerance]
    return violations(f"{year}: sum {total:.12g}" for year, total in bad.items())


def broken_years(panel: pd.DataFrame) -> Violations:
    """Return years that the index skips or has out of order."""
    years = panel["year"].drop_duplicates().to_numpy()
    expected = np.arange(years[0], years[0] + len(years))
    return violations(f"year {year}" for year in years[years != expected])


def missing_cells(panel: pd.DataFrame) -> Violations:
    """Return cells without a count."""
    return violating_rows(panel, panel["researchers"].isna())


def not_positive(panel: pd.DataFrame) -> Violations:
    """Return counted cells that are zero, negative or infinite: they have no log-ratio."""
    counted = panel["researchers"].notna()
    good = np.isfinite(panel["researchers"]) & panel["researchers"].gt(0)
    return violating_rows(panel, counted & ~good)


def unknown_codes(panel: pd.DataFrame) -> Violations:
    """Return parts that are no known code."""
    codes = panel["country"].drop_duplicates()
    return violations(codes[~codes.isin(known_codes())])


def repeated_cells(panel: pd.DataFrame) -> Violations:
    """Return cells that stand twice."""
    return violating_rows(panel, panel.duplicated(["year", "country"]))


def short_series(panel: pd.DataFrame, *, min_years: int, min_countries: int) -> Violations:
    """Return countries with too few counted years, if too few have enough."""
    counted = panel.groupby("country")["researchers"].count()
    short = counted[counted < min_years]
    if len(counted) - len(short) >= min_countries:
        return violations(())
    return violations(f"{country}: {number} years" for country, number in short.items())


def missing_last_year(panel: pd.DataFrame) -> Violations:
    """Return parts that the last year of the panel lacks."""
    last = panel[panel["year"] == panel["year"].max()]
    return violating_rows(last, last["researchers"].isna())
