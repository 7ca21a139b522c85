"""Run a suite on a table and say what became of each check, in our own words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import great_expectations as gx
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
)
from great_expectations.util import convert_to_json_serializable

from expectations.batch import ExpectRuleToHold
from expectations.suite import Bound, Check
from expectations.violations import MAX_EXAMPLES, row_names
from talentcast.domain.checks import CheckReport, CheckResult, Outcome, Severity, Stage

_KEY_COLUMNS: Final = (
    "source_row",
    "model",
    "country",
    "year",
    "origin_year",
    "horizon_years",
    "output_type",
    "output_type_id",
)


#: The second sets a level of its own on import, so the first does not silence it.
_TALKATIVE: Final = ("great_expectations", "great_expectations.data_context.types.base")


def run_checks(
    frame: pd.DataFrame, checks: Sequence[Check], *, stage: Stage, table: str
) -> CheckReport:
    """Return one result per check, and one on how many were evaluated.

    A table without rows fails before any expectation is asked, because most hold for no rows.
    """
    if frame.empty:
        return CheckReport((_empty(stage, table),))
    codes = [check.code for check in checks]
    if len(set(codes)) != len(codes):
        raise ValueError(f"A suite names a check twice: {sorted(codes)}")
    results = [
        _result(check, outcome, stage, table)
        for check, outcome in zip(
            checks, _validated(frame.reset_index(drop=True), checks), strict=True
        )
    ]
    ran = sum(result.outcome is not Outcome.COULD_NOT_RUN for result in results)
    return CheckReport((*results, _evaluated(ran, len(checks), stage, table)))


def _validated(frame: pd.DataFrame, checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Validate all expectations in one pass; results in the order of `checks`."""
    batch = _whole_frame().get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="checks", expectations=[_expectation(c) for c in checks])
    keys = [column for column in _KEY_COLUMNS if column in frame]
    validation = batch.validate(
        suite,
        result_format={
            "result_format": "SUMMARY",
            "partial_unexpected_count": MAX_EXAMPLES,
            "unexpected_index_column_names": keys,
        },
    )
    by_code = {
        result.expectation_config.meta["code"]: {
            "success": result.success,
            "result": convert_to_json_serializable(result.result),
            "exception_info": result.exception_info,
        }
        for result in validation.results
    }
    return [by_code.get(check.code, {}) for check in checks]


@cache
def _whole_frame() -> BatchDefinition[Any]:
    """Return what makes a batch of a frame; it keeps none, and takes longer than many checks."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    in_memory = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
    )
    context = gx.get_context(mode="ephemeral", project_config=in_memory)
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def _expectation(check: Check) -> Any:
    is_rule = isinstance(check.asks, Bound)
    expectation = ExpectRuleToHold(rule=check.asks) if is_rule else check.asks
    return expectation.copy(update={"meta": {"code": check.code}})


def _result(check: Check, outcome: dict[str, Any], stage: Stage, table: str) -> CheckResult:
    if not outcome or (error := _exception_text(outcome.get("exception_info") or {})):
        reason = error if outcome else "the expectation was not evaluated"
        return CheckResult(
            stage,
            table,
            check.code,
            Severity.ERROR,
            Outcome.COULD_NOT_RUN,
            observed=reason,
            threshold=check.threshold,
            message="The check itself broke, often on a missing column; fix that first.",
        )
    if outcome["success"]:
        return CheckResult(
            stage, table, check.code, check.severity, Outcome.PASS, threshold=check.threshold
        )
    found = outcome.get("result") or {}
    return check.broken(
        stage,
        table,
        count=int(found.get("unexpected_count") or 1),
        observed=str(found.get("observed_value") or ""),
        examples=_examples(found),
    )


def _examples(found: dict[str, Any]) -> tuple[str, ...]:
    if "examples" in found:
        return tuple(found["examples"])
    keys = found.get("partial_unexpected_index_list") or []
    if not keys:
        return tuple(str(value) for value in found.get("partial_unexpected_list") or ())
    named = [{name: value for name, value in key.items() if name in _KEY_COLUMNS} for key in keys]
    return tuple(row_names(pd.DataFrame(named[:MAX_EXAMPLES])))


def _exception_text(info: dict[str, Any]) -> str:
    """Return the message of an exception; Great Expectations nests it by metric."""
    entries = [info] if "raised_exception" in info else list(info.values())
    texts = [
        str(entry.get("exception_message"))
        for entry in entries
        if isinstance(entry, dict) and entry.get("raised_exception")
    ]
    return "; ".join(dict.fromkeys(texts))


def _evaluated(ran: int, expected: int, stage: Stage, table: str) -> CheckResult:
    all_ran = ran == expected and expected > 0
    return CheckResult(
        stage,
        table,
        "CHECKS_EVALUATED",
        Severity.ERROR,
        Outcome.PASS if all_ran else Outcome.FAIL,
        observed=f"{ran} of {expected}",
        threshold="all, and more than none",
        message="" if all_ran else "Checks that did not run prove nothing; fix those first.",
    )


def _empty(stage: Stage, table: str) -> CheckResult:
    return CheckResult(
        stage,
        table,
        "EMPTY",
        Severity.ERROR,
        Outcome.FAIL,
        observed="0 rows",
        threshold="at least one row",
        message="Check the file and the choice of population and years.",
    )
