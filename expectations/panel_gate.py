"""The second gate: is this panel fit for a forecaster?"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from expectations.run import run_checks
from expectations.suites import Check, rule_check
from features.panel import Panel
from talentcast.domain.checks import CheckReport, Severity

#: Shares may miss 1 by rounding only.
CLOSURE_TOLERANCE = 1e-9


def check_panel(panel: Panel, *, min_years: int = 3, min_countries: int = 2) -> CheckReport:
    """Check the panel of one population.

    Args:
        panel: Counts, years by countries.
        min_years: Counted years a country needs.
        min_countries: Countries with that many years the panel needs.

    Returns:
        Results whose `table` is the population.
    """
    return run_checks(
        _long(panel),
        list(_suite(min_years, min_countries)),
        stage="panel",
        table=panel.key.population,
    )


def _long(panel: Panel) -> pd.DataFrame:
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


def _suite(min_years: int, min_countries: int) -> Iterator[Check]:
    yield rule_check(
        "CLOSES",
        "panel.open_compositions",
        options={"tolerance": CLOSURE_TOLERANCE},
        threshold=f"sum 1 within {CLOSURE_TOLERANCE:g}",
        message="Shares of a year must sum to 1, ROW and UNK included.",
    )
    yield rule_check(
        "YEARS_CONTIGUOUS",
        "panel.broken_years",
        message="Every year from first to last has a row; a missing one holds NaN.",
    )
    yield rule_check("KEYS_UNIQUE", "panel.repeated_cells", message="Merge the repeated columns.")
    yield rule_check("POSITIVE", "panel.not_positive", message="Put small countries into ROW.")
    yield rule_check("KNOWN_CODES", "panel.unknown_codes", message="Use codes, ROW or UNK.")
    yield rule_check(
        "MIN_HISTORY",
        "panel.short_series",
        options={"min_years": min_years, "min_countries": min_countries},
        threshold=f"{min_years} counted years in {min_countries} countries",
        message="Add years, or put these countries into ROW.",
    )
    yield rule_check(
        "MISSING_CELLS",
        "panel.missing_cells",
        severity=Severity.WARNING,
        message="The model sees these years as missing.",
    )
    yield rule_check(
        "LAST_YEAR",
        "panel.missing_last_year",
        severity=Severity.WARNING,
        message="Forecasts of these countries start from an older count.",
    )
