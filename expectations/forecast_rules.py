"""Rules of a `forecasts` table; fast enough for half a million rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from expectations.violations import Violations, violating_rows, violations
from talentcast.domain.types import QUANTILE_LEVELS, OutputType, Target

_SERIES: Final = [
    "target", "population", "counting_rule", "source", "scenario", "model", "origin_year",
    "horizon_years",
]  # fmt: skip


def not_finite(forecasts: pd.DataFrame) -> Violations:
    """Return rows whose value is missing or infinite."""
    return violating_rows(forecasts, ~pd.Series(np.isfinite(forecasts["value"])))


def shares_above_one(forecasts: pd.DataFrame, *, tolerance: float) -> Violations:
    """Return share forecasts above 1."""
    is_share = forecasts["target"] == str(Target.SHARE)
    return violating_rows(forecasts, is_share & (forecasts["value"] > 1 + tolerance))


def wrong_target_years(forecasts: pd.DataFrame) -> Violations:
    """Return rows whose target year is not origin plus horizon."""
    expected = forecasts["origin_year"] + forecasts["horizon_years"]
    return violating_rows(forecasts, forecasts["target_year"] != expected)


def crossing_quantiles(forecasts: pd.DataFrame, *, tolerance: float) -> Violations:
    """Return quantiles that lie below the one of the next smaller level."""
    quantiles = _of_type(forecasts, OutputType.QUANTILE)
    ordered = quantiles.assign(_series=_numbered(quantiles, [*_SERIES, "country"])).sort_values(
        ["_series", "output_type_id"]
    )
    same_series = ordered["_series"].diff().eq(0)
    return violating_rows(ordered, same_series & ordered["value"].diff().lt(-tolerance))


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


def needless_ids(forecasts: pd.DataFrame) -> Violations:
    """Return means and medians with an id, and quantiles and samples without one."""
    needs_id = forecasts["output_type"].isin([str(OutputType.QUANTILE), str(OutputType.SAMPLE)])
    return violating_rows(forecasts, needs_id != forecasts["output_type_id"].notna())


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


def repeated_rows(forecasts: pd.DataFrame) -> Violations:
    """Return rows that repeat the key of another."""
    number = _numbered(forecasts, [*_SERIES, "country", "output_type", "output_type_id"])
    return violating_rows(forecasts, pd.Series(number).duplicated())


def countries_differ(forecasts: pd.DataFrame) -> Violations:
    """Return forecasts that do not cover the same countries at every horizon and output type."""
    shares = forecasts[forecasts["target"] == str(Target.SHARE)]
    series = [name for name in _SERIES if name != "horizon_years"]
    per_cell = shares.groupby([*_SERIES, "output_type"], observed=True)["country"].nunique()
    spread = per_cell.groupby(level=series, observed=True).nunique()
    bad = spread[spread > 1]
    return violations(" ".join(str(part) for part in key) for key in bad.index)


def _of_type(forecasts: pd.DataFrame, output_type: OutputType) -> pd.DataFrame:
    return forecasts[forecasts["output_type"] == str(output_type)]


def _numbered(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Number the groups of equal values, missing ones equal to each other."""
    number = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        codes, distinct = pd.factorize(frame[column], use_na_sentinel=False)
        number = number * max(len(distinct), 1) + codes
    return pd.factorize(number)[0]
