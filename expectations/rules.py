"""The rules that a table is asked, and what breaks them, found by calling them one by one.

A release is checked by Great Expectations, which also notices rules that could not run. A quick
look does without: it needs the same rules, and an answer in a second.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict

import pandas as pd

from expectations.counts_checks import COUNTS, CountLimits
from expectations.earlier_states import earlier_vintages, with_other_state
from expectations.panel_checks import CLOSURE_TOLERANCE, PANEL, long_panel
from expectations.suite import Check
from features.panel import MIN_COUNTRIES, MIN_YEARS, Panel
from talentcast.domain.checks import CheckReport, CheckResult, Stage


def count_rules(
    counts: pd.DataFrame,
    *,
    previous: pd.DataFrame | None = None,
    limits: CountLimits | None = None,
    approved_revisions: Collection[str] = (),
) -> Iterator[tuple[str, pd.DataFrame, list[Check]]]:
    """Yield each population, its table with what was known before, and the rules for it."""
    allowed = asdict(limits or CountLimits())
    known = with_other_state(counts, previous, "previous_researchers")
    known = with_other_state(known, earlier_vintages(counts), "earlier_researchers")
    for population, rows in known.groupby("population", sort=True):
        rules = COUNTS.with_limits(allowed, approved=population in approved_revisions)
        yield str(population), rows.reset_index(drop=True), rules


def panel_rules(
    panel: Panel, *, min_years: int = MIN_YEARS, min_countries: int = MIN_COUNTRIES
) -> tuple[pd.DataFrame, list[Check]]:
    """Return a panel in long form, and the rules for it."""
    limits = {
        "tolerance": CLOSURE_TOLERANCE,
        "min_years": min_years,
        "min_countries": min_countries,
    }
    return long_panel(panel), PANEL.with_limits(limits)


def broken_count_rules(counts: pd.DataFrame) -> CheckReport:
    """Return the rules that counts break; types and forms of columns are not looked at."""
    return CheckReport(
        tuple(
            result
            for population, table, rules in count_rules(counts)
            for result in _broken(table, rules, COUNTS.stage, population)
        )
    )


def broken_panel_rules(panel: Panel) -> CheckReport:
    """Return the rules that a panel breaks."""
    return CheckReport(tuple(_broken(*panel_rules(panel), PANEL.stage, panel.key.population)))


def _broken(
    table: pd.DataFrame, rules: Sequence[Check], stage: Stage, name: str
) -> Iterator[CheckResult]:
    for rule in rules:
        found = rule.asks(table)
        if found.count:
            yield rule.broken(
                stage, name, count=found.count, observed=found.observed, examples=found.examples
            )
