"""Panels: yearly counts as a matrix of years by countries, ready for a forecaster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from features.series import rows_of, series_keys
from talentcast.domain.errors import InputRejectedError, UsageError
from talentcast.domain.types import (
    REST_OF_WORLD,
    UNKNOWN_COUNTRY,
    Origin,
    SeriesKey,
)
from talentcast.populations.catalogue import known_populations

#: Below this many persons a country is part of `ROW`: its yearly changes are mostly chance.
MIN_COUNT: Final = 50
MIN_YEARS: Final = 3
MIN_COUNTRIES: Final = 2


@dataclass(frozen=True, slots=True)
class PanelRule:
    """Which countries are forecast apart.

    Attributes:
        min_count: In persons, or whatever the population counts, in the last year.
        present_years: So many last years must count somebody; years before that without anybody
            are missing. None for all years.
    """

    min_count: float = MIN_COUNT
    present_years: int | None = None


USUAL_RULE: Final = PanelRule()


@dataclass(frozen=True)
class Panel:
    """Counts of one population by one rule and source.

    Attributes:
        key: What is counted.
        counts: Index: every year from first to last, without gaps in the index. Columns: country
            codes, `ROW` last where anything falls to it. Values in persons, positive; a missing or
            provisional year is NaN, never a compressed index.
        rule: How the parts were chosen.
    """

    key: SeriesKey
    counts: pd.DataFrame
    rule: PanelRule = USUAL_RULE

    @property
    def countries(self) -> tuple[str, ...]:
        """Parts of the composition, `ROW` last."""
        return tuple(str(country) for country in self.counts.columns)

    @property
    def origin(self) -> Origin:
        """Last year of the panel."""
        return Origin(int(self.counts.index[-1]))

    def until(self, origin: Origin) -> Panel:
        """Return the panel as its years up to the origin, with the same parts."""
        return replace(self, counts=self.counts.loc[: origin.year])

    def carried_forward(self) -> pd.DataFrame:
        """Return the counts with each missing value replaced by the last one before it."""
        return self.counts.ffill().bfill()

    def totals(self) -> pd.Series:
        """Return persons per year; NaN where the whole year is missing.

        A single missing country is carried forward, so that its gap does not lift all others.
        """
        return self.carried_forward().sum(axis=1).where(self.counts.notna().any(axis=1))

    def shares(self) -> pd.DataFrame:
        """Return each country's share of the year's total; NaN where its count is missing."""
        return self.counts.div(self.totals(), axis=0)


def build_panels(counts: pd.DataFrame) -> list[Panel]:
    """Build the panel of every series, each by the rule of its population.

    Args:
        counts: Rows of `researcher_counts` with one vintage per series.
    """
    return [build_panel(counts, key, rule=rule_of(key.population)) for key in series_keys(counts)]


def rule_of(population: str) -> PanelRule:
    """Return which countries of a population are forecast apart."""
    known = known_populations().get(population)
    if known is None or known.lists is None:
        return USUAL_RULE
    return PanelRule(known.lists.smallest_part, known.lists.present_years)


def build_panel(
    counts: pd.DataFrame,
    key: SeriesKey,
    *,
    last_year: int | None = None,
    eligible_by: Origin | None = None,
    rule: PanelRule = USUAL_RULE,
) -> Panel:
    """Return one series as a panel.

    A country is a part of its own if it has a positive count in every year up to `eligible_by` (or
    the last ones, as the rule says) and at least the rule's count in that year. All others, `ROW`
    and `UNK` are summed to `ROW`. A year with a provisional row is missing; such years at either
    end are cut off.

    Args:
        counts: Rows of `researcher_counts` with one vintage of the series.
        key: The series to take.
        last_year: Ignore later years, for example those that the source has not finished.
        eligible_by: Decide on parts with the years up to here; the last year by default. A
            backtest names its first origin, so that later years do not choose the parts.
        rule: Which countries are forecast apart.

    Raises:
        UsageError: If the series is absent, or holds several vintages.
        InputRejectedError: ``SHORT_PANEL`` if fewer than 3 years in 2 countries are left.
    """
    rows = _rows_of_one_vintage(counts, key)
    if last_year is not None:
        rows = rows[rows["year"] <= last_year]
    table = _year_by_country(rows)
    _require_enough(table, key)
    decided_on = table if eligible_by is None else table.loc[: eligible_by.year]
    own = _eligible(decided_on, rule)
    parts = table[own].where(table[own] > 0)
    others = table.drop(columns=own)
    rest = others.sum(axis=1)
    if (rest > 0).any():
        is_missing = table.isna().all(axis=1)
        if REST_OF_WORLD in others:
            is_missing |= _is_gap(others[[REST_OF_WORLD]], rule.min_count)[REST_OF_WORLD]
        # A rest of nobody in one year is a share too small to see, not an impossible one.
        parts[REST_OF_WORLD] = rest.clip(lower=1).mask(is_missing)
    if len(own) == 0 or parts.shape[1] < MIN_COUNTRIES:
        raise InputRejectedError(
            "SHORT_PANEL",
            f"Series {_label(key)} leaves {len(own)} countries with at least {rule.min_count:g} "
            "persons and a count in every year. Give more countries or a longer list of years.",
        )
    return Panel(key, parts.astype("float64"), rule)


def _rows_of_one_vintage(counts: pd.DataFrame, key: SeriesKey) -> pd.DataFrame:
    rows = rows_of(counts, key)
    if rows.empty:
        raise UsageError(f"There is no series {_label(key)} in these counts.")
    n_vintages = len(rows["vintage"].unique())
    if n_vintages > 1:
        raise UsageError(
            f"Series {_label(key)} holds {n_vintages} vintages. "
            "Choose one with features.vintages.known_at."
        )
    return rows


def _year_by_country(rows: pd.DataFrame) -> pd.DataFrame:
    """Return counts with a row for every year; provisional and absent years are NaN."""
    if rows.empty:
        return pd.DataFrame()
    countries = rows["country"].where(rows["country"] != UNKNOWN_COUNTRY, REST_OF_WORLD)
    table = rows.assign(country=countries).pivot_table(
        index="year", columns="country", values="researchers", aggfunc="sum"
    )
    if "is_provisional" in rows:
        provisional = rows.loc[rows["is_provisional"].astype(bool), "year"]
        table = table[~table.index.isin(provisional)]
    if table.empty:
        return table
    every_year = pd.RangeIndex(int(table.index.min()), int(table.index.max()) + 1, name="year")
    return table.reindex(every_year)


def _is_gap(table: pd.DataFrame, min_count: float) -> pd.DataFrame:
    """Tell gaps from zeros: sources leave out countries where they count nobody.

    An absent count between two sizeable ones is a gap in the source; a small country that is
    absent for a year had nobody in it.
    """
    return table.isna() & (table.ffill() >= min_count) & (table.bfill() >= min_count)


def _eligible(table: pd.DataFrame, rule: PanelRule) -> list[str]:
    present = table.dropna(how="all")
    if present.empty:
        return []
    is_there = (present > 0) | _is_gap(present, rule.min_count)
    always = is_there.tail(rule.present_years or len(is_there)).all()
    large = present.iloc[-1] >= rule.min_count
    return [str(country) for country in table.columns[always & large] if country != REST_OF_WORLD]


def _require_enough(table: pd.DataFrame, key: SeriesKey) -> None:
    years = table.drop(columns=REST_OF_WORLD, errors="ignore").notna().sum()
    long_enough = int((years >= MIN_YEARS).sum())
    if long_enough < MIN_COUNTRIES:
        raise InputRejectedError(
            "SHORT_PANEL",
            f"Series {_label(key)} has {long_enough} countries with {MIN_YEARS} finished years; "
            f"it needs {MIN_COUNTRIES}. Give more years, or more countries.",
        )


def _label(key: SeriesKey) -> str:
    return f"{key.population}/{key.counting_rule}/{key.source}"
