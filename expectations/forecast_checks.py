"""Checks of a `forecasts` table; fast enough for half a million rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import pandas as pd

from expectations.suite import Suite
from expectations.violations import Violations, violating_rows, violations
from talentcast.domain.types import QUANTILE_LEVELS, OutputType, Target

_SERIES: Final = [
    "target",
    "population",
    "counting_rule",
    "source",
    "scenario",
    "model",
    "origin_year",
    "horizon_years",
]

#: What rounding may add up to.
TOLERANCE: Final = 1e-9

FORECAST: Final = Suite("forecasts")


@FORECAST.check(
    "MEANS_CLOSE",
    threshold="sum 1 within {tolerance:g}",
    message="Shares sum to 1 over countries in the mean and in every draw.",
)
def open_means(forecasts: pd.DataFrame, *, tolerance: float) -> Violations:
    """Return horizons whose mean shares do not sum to 1."""
    return open_compositions(forecasts, output_type=OutputType.MEAN, tolerance=tolerance)


@FORECAST.check(
    "SAMPLES_CLOSE",
    threshold="sum 1 within {tolerance:g}",
    message="Shares sum to 1 over countries in the mean and in every draw.",
)
def open_samples(forecasts: pd.DataFrame, *, tolerance: float) -> Violations:
    """Return draws whose shares do not sum to 1."""
    return open_compositions(forecasts, output_type=OutputType.SAMPLE, tolerance=tolerance)


@FORECAST.check("SHARE_RANGE", threshold="0 to 1", message="A share above 1 is no share.")
def shares_above_one(forecasts: pd.DataFrame, *, tolerance: float) -> Violations:
    """Return share forecasts above 1."""
    is_share = forecasts["target"] == str(Target.SHARE)
    return violating_rows(forecasts, is_share & (forecasts["value"] > 1 + tolerance))


@FORECAST.check("KEYS_UNIQUE", message="A forecast stands twice; nothing may.")
def repeated_rows(forecasts: pd.DataFrame) -> Violations:
    """Return rows that repeat the key of another."""
    number = _numbered(forecasts, [*_SERIES, "country", "output_type", "output_type_id"])
    return violating_rows(forecasts, pd.Series(number).duplicated())


@FORECAST.check("FINITE", message="A model failed; see its log.")
def not_finite(forecasts: pd.DataFrame) -> Violations:
    """Return rows whose value is missing or infinite."""
    return violating_rows(forecasts, ~pd.Series(np.isfinite(forecasts["value"])))


@FORECAST.check(
    "QUANTILES_MONOTONE",
    message="Quantiles must not fall with their level; take them from sorted samples.",
)
def crossing_quantiles(forecasts: pd.DataFrame, *, overlap: float) -> Violations:
    """Return quantiles that lie below the one of the next smaller level."""
    quantiles = _of_type(forecasts, OutputType.QUANTILE)
    ordered = quantiles.assign(_series=_numbered(quantiles, [*_SERIES, "country"])).sort_values(
        ["_series", "output_type_id"]
    )
    same_series = ordered["_series"].diff().eq(0)
    return violating_rows(ordered, same_series & ordered["value"].diff().lt(-overlap))


@FORECAST.check(
    "QUANTILE_LEVELS",
    threshold="the 23 published levels",
    message="Publish exactly the levels of talentcast.domain.types.QUANTILE_LEVELS.",
)
def wrong_levels(forecasts: pd.DataFrame) -> Violations:
    """Return quantile levels that are not published, and series that lack one."""
    quantiles = _of_type(forecasts, OutputType.QUANTILE)
    levels = np.array(QUANTILE_LEVELS)
    nearest = np.abs(quantiles["output_type_id"].to_numpy()[:, None] - levels).min(axis=1)
    strange = quantiles[nearest > 1e-9]
    sizes = quantiles.groupby(_numbered(quantiles, [*_SERIES, "country"]))["value"].size()
    short = int((sizes != len(levels)).sum())
    found = violating_rows(strange, pd.Series(data=True, index=strange.index))
    if not short:
        return found
    observed = f"{short} series without exactly {len(levels)} quantiles"
    return Violations(found.count + short, (*found.examples, observed), observed)


@FORECAST.check(
    "OUTPUT_TYPE_IDS",
    message="Quantiles and samples have an id; mean and median have none.",
)
def needless_ids(forecasts: pd.DataFrame) -> Violations:
    """Return means and medians with an id, and quantiles and samples without one."""
    needs_id = forecasts["output_type"].isin([str(OutputType.QUANTILE), str(OutputType.SAMPLE)])
    return violating_rows(forecasts, needs_id != forecasts["output_type_id"].notna())


@FORECAST.check("TARGET_YEAR", message="target = origin + horizon.")
def wrong_target_years(forecasts: pd.DataFrame) -> Violations:
    """Return rows whose target year is not origin plus horizon."""
    expected = forecasts["origin_year"] + forecasts["horizon_years"]
    return violating_rows(forecasts, forecasts["target_year"] != expected)


@FORECAST.check(
    "COUNTRIES_EQUAL",
    message="Every horizon and output type covers the same countries.",
)
def countries_differ(forecasts: pd.DataFrame) -> Violations:
    """Return forecasts that do not cover the same countries at every horizon and output type."""
    shares = forecasts[forecasts["target"] == str(Target.SHARE)]
    series = [name for name in _SERIES if name != "horizon_years"]
    per_cell = shares.groupby([*_SERIES, "output_type"], observed=True)["country"].nunique()
    spread = per_cell.groupby(level=series, observed=True).nunique()
    bad = spread[spread > 1]
    return violations(" ".join(str(part) for part in key) for key in bad.index)


@FORECAST.check(
    "ROW_COUNT",
    threshold="{expected_rows} rows",
    message="Part of the run is missing or stands twice.",
)
def wrong_row_count(forecasts: pd.DataFrame, *, expected_rows: int) -> Violations:
    """Return the difference, if there are more or fewer rows than the run was to make."""
    off = abs(len(forecasts) - expected_rows)
    return Violations(off, (), f"{len(forecasts)} rows") if off else Violations()


@FORECAST.check(
    "COUNTRIES",
    threshold="{n_countries} countries",
    message="The forecast must cover the countries of the panel, no more and no fewer.",
)
def wrong_countries(forecasts: pd.DataFrame, *, countries: Collection[str]) -> Violations:
    """Return countries that the forecast lacks or has too many."""
    found = set(forecasts["country"].unique())
    lacking = [f"lacks {country}" for country in sorted(set(countries) - found)]
    return violations(lacking + [f"has {country}" for country in sorted(found - set(countries))])


def open_compositions(forecasts: pd.DataFrame, *, output_type: str, tolerance: float) -> Violations:
    """Return horizons whose shares do not sum to 1 over countries.

    Args:
        forecasts: Table of forecasts.
        output_type: `mean`, or `sample` for every draw.
        tolerance: Distance from 1 that rounding may cause.
    """
    is_share = forecasts["target"] == str(Target.SHARE)
    shares = forecasts[is_share & (forecasts["output_type"] == output_type)]
    number = _numbered(shares, [*_SERIES, "output_type_id"])
    sums = np.bincount(number, weights=shares["value"].to_numpy()) if len(shares) else np.array([])
    bad = np.flatnonzero(np.abs(sums - 1) > tolerance)
    first = pd.Series(number).drop_duplicates().reset_index(drop=True)
    rows = pd.Series(number).drop_duplicates().index.to_numpy()[np.isin(first, bad)]
    names = shares.iloc[rows[:5]]
    examples = tuple(
        f"{row.model} {row.origin_year}+{row.horizon_years} id {row.output_type_id}: {sums[n]:.12g}"
        for row, n in zip(names.itertuples(), number[rows[:5]], strict=True)
    )
    return Violations(len(bad), examples)


def _of_type(forecasts: pd.DataFrame, output_type: OutputType) -> pd.DataFrame:
    return forecasts[forecasts["output_type"] == str(output_type)]


def _numbered(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Number the groups of equal values, missing ones equal to each other."""
    number = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        codes, distinct = pd.factorize(frame[column], use_na_sentinel=False)
        number = number * max(len(distinct), 1) + codes
    return pd.factorize(number)[0]
