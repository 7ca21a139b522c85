"""Checks of a panel in long form, as `long_panel` makes it."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from expectations.suite import Suite
from expectations.violations import Violations, violating_rows, violations
from features.panel import Panel
from talentcast.domain.checks import Severity
from talentcast.domain.countries import known_codes

#: Shares may miss 1 by rounding only.
CLOSURE_TOLERANCE: Final = 1e-9

PANEL: Final = Suite("panel")


@PANEL.check(
    "CLOSES",
    threshold="sum 1 within {tolerance:g}",
    message="Shares of a year must sum to 1, ROW and UNK included.",
)
def open_compositions(panel: pd.DataFrame, *, tolerance: float) -> Violations:
    """Return years whose shares, missing ones carried forward, do not sum to 1."""
    sums = panel.groupby("year")["closed_share"].sum()
    bad = sums[(sums - 1).abs() > tolerance]
    return violations(f"{year}: sum {total:.12g}" for year, total in bad.items())


@PANEL.check(
    "YEARS_CONTIGUOUS",
    message="Every year from first to last has a row; a missing one holds NaN.",
)
def broken_years(panel: pd.DataFrame) -> Violations:
    """Return years that the index skips or has out of order."""
    years = panel["year"].drop_duplicates().to_numpy()
    expected = np.arange(years[0], years[0] + len(years))
    return violations(f"year {year}" for year in years[years != expected])


@PANEL.check("KEYS_UNIQUE", message="Merge the repeated columns.")
def repeated_cells(panel: pd.DataFrame) -> Violations:
    """Return cells that stand twice."""
    return violating_rows(panel, panel.duplicated(["year", "country"]))


@PANEL.check("POSITIVE", message="Put small countries into ROW.")
def not_positive(panel: pd.DataFrame) -> Violations:
    """Return counted cells that are zero, negative or infinite: they have no log-ratio."""
    counted = panel["researchers"].notna()
    good = np.isfinite(panel["researchers"]) & panel["researchers"].gt(0)
    return violating_rows(panel, counted & ~good)


@PANEL.check("KNOWN_CODES", message="Use codes, ROW or UNK.")
def unknown_codes(panel: pd.DataFrame) -> Violations:
    """Return parts that are no known code."""
    codes = panel["country"].drop_duplicates()
    return violations(codes[~codes.isin(known_codes())])


@PANEL.check(
    "MIN_HISTORY",
    threshold="{min_years} counted years in {min_countries} countries",
    message="Add years, or put these countries into ROW.",
)
def short_series(panel: pd.DataFrame, *, min_years: int, min_countries: int) -> Violations:
    """Return countries with too few counted years, if too few have enough."""
    counted = panel.groupby("country")["researchers"].count()
    short = counted[counted < min_years]
    if len(counted) - len(short) >= min_countries:
        return violations(())
    return violations(f"{country}: {number} years" for country, number in short.items())


@PANEL.check(
    "MISSING_CELLS",
    severity=Severity.WARNING,
    message="The model sees these years as missing.",
)
def missing_cells(panel: pd.DataFrame) -> Violations:
    """Return cells without a count."""
    return violating_rows(panel, panel["researchers"].isna())


@PANEL.check(
    "LAST_YEAR",
    severity=Severity.WARNING,
    message="Forecasts of these countries start from an older count.",
)
def missing_last_year(panel: pd.DataFrame) -> Violations:
    """Return parts that the last year of the panel lacks."""
    last = panel[panel["year"] == panel["year"].max()]
    return violating_rows(last, last["researchers"].isna())


def long_panel(panel: Panel) -> pd.DataFrame:
    """Return one row per year and country: the count, and the share after closure."""
    filled = panel.counts.ffill().bfill()
    closed = filled.div(filled.sum(axis=1), axis=0)
    years, countries = panel.counts.shape
    return pd.DataFrame(
        {
            "year": panel.counts.index.repeat(countries),
            "country": list(panel.countries) * years,
            "researchers": panel.counts.to_numpy(dtype=float).ravel(),
            "closed_share": closed.to_numpy(dtype=float).ravel(),
        }
    )
