"""Results of data checks: values, not exceptions, so that all are seen before a run stops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Literal

import pandas as pd

Stage = Literal["input", "counts", "panel", "forecasts"]


class Severity(StrEnum):
    """What a violated check does to the run."""

    ERROR = "error"
    WARNING = "warning"


class Outcome(StrEnum):
    """What became of a check."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"
    COULD_NOT_RUN = "could_not_run"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check on one table.

    Attributes:
        check: Stable upper-case code, for example ``NEG_COUNT``.
        observed: What was seen, as text for a reader.
        threshold: What was allowed.
        failing_rows: How many rows (or groups) broke the rule.
        example_keys: Up to a handful of keys of failing rows, with row numbers where known.
        message: What to do about it; empty when the check passed.
    """

    stage: Stage
    table: str
    check: str
    severity: Severity
    outcome: Outcome
    observed: str = ""
    threshold: str = ""
    failing_rows: int = 0
    example_keys: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All results of one or several suites, in the order in which they ran."""

    results: tuple[CheckResult, ...] = ()

    def __add__(self, other: CheckReport) -> CheckReport:
        return CheckReport(self.results + other.results)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """Results that stop a run: failures and checks that could not run."""
        return self._with(Outcome.FAIL, Outcome.COULD_NOT_RUN)

    @property
    def warned(self) -> tuple[CheckResult, ...]:
        """Results a reader should know about."""
        return self._with(Outcome.WARN)

    @property
    def passed(self) -> tuple[CheckResult, ...]:
        """Results with nothing to say."""
        return self._with(Outcome.PASS)

    @property
    def counts(self) -> dict[str, int]:
        """How many checks ran, and how they ended."""
        return {
            "run": len(self.results),
            "passed": len(self.passed),
            "warned": len(self.warned),
            "failed": len(self.failed),
        }

    def _with(self, *outcomes: Outcome) -> tuple[CheckResult, ...]:
        return tuple(result for result in self.results if result.outcome in outcomes)

    def to_frame(self) -> pd.DataFrame:
        """Return the results as `quality_checks` rows, without `release_id`."""
        rows = [
            asdict(result)
            | {
                "severity": str(result.severity),
                "outcome": str(result.outcome),
                "example_keys": "; ".join(result.example_keys),
            }
            for result in self.results
        ]
        return pd.DataFrame(rows, columns=[field.name for field in fields(CheckResult)])


def merge(reports: Iterable[CheckReport]) -> CheckReport:
    """Join reports in order."""
    return CheckReport(tuple(result for report in reports for result in report.results))
