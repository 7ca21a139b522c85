"""Check counts, a panel or forecasts: the three tables that stand between a source and a reader."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import pandas as pd

from expectations.contract import contract_checks
from expectations.counts_checks import COUNTS, CountLimits
from expectations.forecast_checks import FORECAST, TOLERANCE
from expectations.panel_checks import PANEL
from expectations.profile_checks import PROFILE
from expectations.rules import count_rules, panel_rules
from expectations.run import run_checks
from features.panel import Panel
from talentcast.domain.checks import CheckReport, merge
from talentcast.domain.tables import FORECASTS, RESEARCHER_COUNTS

_CHECKED_BY_RULES: Final = ("country", "researchers", "arrivals", "departures")


def check_counts(
    counts: pd.DataFrame,
    *,
    previous: pd.DataFrame | None = None,
    limits: CountLimits | None = None,
    approved_revisions: Collection[str] = (),
) -> CheckReport:
    """Check canonical counts, one population after the other: are they fit to forecast from?

    Args:
        counts: Columns of `researcher_counts` and `source_row`, as sources return them.
        previous: Counts of the last accepted vintage, to compare with; None if there is none.
        limits: What is allowed.
        approved_revisions: Populations whose revision someone has approved.

    Returns:
        Results whose `table` is the population.
    """
    if counts.empty or "population" not in counts:
        contract = contract_checks(RESEARCHER_COUNTS)
        return run_checks(counts, contract, stage=COUNTS.stage, table=RESEARCHER_COUNTS.name)
    contract = contract_checks(RESEARCHER_COUNTS, checked_elsewhere=_CHECKED_BY_RULES)
    tables = count_rules(
        counts, previous=previous, limits=limits, approved_revisions=approved_revisions
    )
    return merge(
        run_checks(rows, [*contract, *rules], stage=COUNTS.stage, table=population)
        for population, rows, rules in tables
    )


def check_profile(profile: pd.DataFrame, *, table: str) -> CheckReport:
    """Check what was read about people, of which nothing is at hand but a profile of it.

    Args:
        profile: One row per bucket: the part of rows of each kind, in steps.
        table: Name in the report: the population.
    """
    return run_checks(profile, PROFILE.with_limits({}), stage=PROFILE.stage, table=table)


def check_panel(panel: Panel, *, min_years: int = 3, min_countries: int = 2) -> CheckReport:
    """Check the panel of one population: is it fit for a forecaster?

    Args:
        panel: Counts, years by countries.
        min_years: Counted years a country needs.
        min_countries: Countries with that many years the panel needs.

    Returns:
        Results whose `table` is the population.
    """
    table, rules = panel_rules(panel, min_years=min_years, min_countries=min_countries)
    return run_checks(table, rules, stage=PANEL.stage, table=panel.key.population)


def check_forecasts(
    forecasts: pd.DataFrame,
    *,
    expected_rows: int | None = None,
    countries: Collection[str] | None = None,
    table: str = FORECASTS.name,
) -> CheckReport:
    """Check forecast rows before they get a release id: may they be published?

    Args:
        forecasts: Columns of `forecasts`; `release_id` may be absent.
        expected_rows: How many rows the run was to make; None does not check it.
        countries: Parts that must all be there, and no other; None does not check it.
        table: Name in the report, for example the population.
    """
    compact = _with_categories(forecasts)
    limits = {
        "tolerance": TOLERANCE,
        "overlap": 0.0,
        "expected_rows": expected_rows,
        "countries": sorted(countries or ()),
        "n_countries": len(countries or ()),
    }
    not_asked = {"ROW_COUNT"} if expected_rows is None else set()
    not_asked |= {"COUNTRIES"} if countries is None else set()
    absent = {"release_id"} - set(forecasts.columns)
    rules = FORECAST.with_limits(limits, without=not_asked)
    checks = [*contract_checks(FORECASTS, without=absent), *rules]
    return run_checks(compact, checks, stage=FORECAST.stage, table=table)


def _with_categories(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text as categories: the same values, compared as numbers."""
    text = [column.name for column in FORECASTS.columns if column.type == "string"]
    return forecasts.astype({name: "category" for name in text if name in forecasts})
