"""The third gate: may these forecasts be published?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import pandas as pd

from expectations.run import run_checks
from expectations.suites import Check, contract_checks, rule_check
from talentcast.domain.checks import CheckReport
from talentcast.domain.tables import FORECASTS
from talentcast.domain.types import OutputType

#: What rounding may add up to.
TOLERANCE: Final = 1e-9


def check_forecasts(
    forecasts: pd.DataFrame,
    *,
    expected_rows: int | None = None,
    countries: Collection[str] | None = None,
    table: str = FORECASTS.name,
) -> CheckReport:
    """Check forecast rows before they get a release id.

    Args:
        forecasts: Columns of `forecasts`; `release_id` may be absent.
        expected_rows: How many rows the run was to make; None does not check it.
        countries: Parts that must all be there, and no other; None does not check it.
        table: Name in the report, for example the population.
    """
    compact = _with_categories(forecasts)
    return run_checks(
        compact, list(_suite(compact, expected_rows, countries)), stage="forecasts", table=table
    )


def _with_categories(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text as categories: the same values, compared as numbers."""
    text = [column.name for column in FORECASTS.columns if column.type == "string"]
    return forecasts.astype({name: "category" for name in text if name in forecasts})


def _suite(
    forecasts: pd.DataFrame, expected_rows: int | None, countries: Collection[str] | None
) -> Iterator[Check]:
    absent = {"release_id"} - set(forecasts.columns)
    yield from contract_checks(FORECASTS, without=absent)
    yield from _composition_checks()
    yield rule_check(
        "KEYS_UNIQUE", "forecasts.repeated_rows", message="A forecast stands twice; nothing may."
    )
    yield rule_check("FINITE", "forecasts.not_finite", message="A model failed; see its log.")
    yield rule_check(
        "QUANTILES_MONOTONE",
        "forecasts.crossing_quantiles",
        options={"tolerance": 0.0},
        message="Quantiles must not fall with their level; take them from sorted samples.",
    )
    yield rule_check(
        "QUANTILE_LEVELS",
        "forecasts.wrong_levels",
        threshold="the 23 published levels",
        message="Publish exactly the levels of talentcast.domain.types.QUANTILE_LEVELS.",
    )
    yield rule_check(
        "OUTPUT_TYPE_IDS",
        "forecasts.needless_ids",
        message="Quantiles and samples have an id; mean and median have none.",
    )
    yield rule_check(
        "TARGET_YEAR", "forecasts.wrong_target_years", message="target = origin + horizon."
    )
    yield rule_check(
        "COUNTRIES_EQUAL",
        "forecasts.countries_differ",
        message="Every horizon and output type covers the same countries.",
    )
    yield from _expected_checks(expected_rows, countries)


def _composition_checks() -> Iterator[Check]:
    for code, output_type in (
        ("MEANS_CLOSE", OutputType.MEAN),
        ("SAMPLES_CLOSE", OutputType.SAMPLE),
    ):
        yield rule_check(
            code,
            "forecasts.open_compositions",
            options={"output_type": str(output_type), "tolerance": TOLERANCE},
            threshold=f"sum 1 within {TOLERANCE:g}",
            message="Shares sum to 1 over countries in the mean and in every draw.",
        )
    yield rule_check(
        "SHARE_RANGE",
        "forecasts.shares_above_one",
        options={"tolerance": TOLERANCE},
        threshold="0 to 1",
        message="A share above 1 is no share.",
    )


def _expected_checks(
    expected_rows: int | None, countries: Collection[str] | None
) -> Iterator[Check]:
    if expected_rows is not None:
        yield rule_check(
            "ROW_COUNT",
            "table.wrong_row_count",
            options={"expected": expected_rows},
            threshold=f"{expected_rows} rows",
            message="Part of the run is missing or stands twice.",
        )
    if countries is not None:
        yield rule_check(
            "COUNTRIES",
            "table.wrong_values",
            options={"column": "country", "values": sorted(countries)},
            threshold=f"{len(countries)} countries",
            message="The forecast must cover the countries of the panel, no more and no fewer.",
        )
