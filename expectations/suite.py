"""Checks and suites: a rule with what a reader has to know, declared in one place.

    @COUNTS.check("ALL_ZERO", message="Nobody anywhere: leave the year out.")
    def years_of_zeros(counts: pd.DataFrame) -> Violations: ...

puts a rule into the suite `COUNTS`. The keyword arguments of a rule are limits of its suite, by the
same name; threshold and message may quote them in braces. Nothing here knows Great Expectations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, Final

import pandas as pd

from expectations.violations import Violations
from talentcast.domain.checks import CheckResult, Outcome, Severity, Stage

Rule = Callable[..., Violations]


@dataclass(frozen=True)
class Check:
    """A question to a whole table, with the words a reader needs when it is answered badly.

    Attributes:
        code: Stable upper-case name, unique within a suite.
        asks: A rule that takes the table alone, or an expectation of Great Expectations.
        threshold: What is allowed.
        message: What to do when that is not met.
        severity: What a violation does to the run.
        can_be_approved: A violation is a warning where someone has approved it.
    """

    code: str
    asks: Any
    threshold: str = "none"
    message: str = ""
    severity: Severity = Severity.ERROR
    can_be_approved: bool = False

    def broken(
        self, stage: Stage, table: str, *, count: int, observed: str, examples: Iterable[str]
    ) -> CheckResult:
        """Return what is reported of a table that breaks this.

        Args:
            stage: Under which it is reported.
            table: Its name.
            count: Failing rows or groups.
            observed: What was seen; how many, if it is empty.
            examples: Keys of failing rows.
        """
        return CheckResult(
            stage,
            table,
            self.code,
            self.severity,
            Outcome.WARN if self.severity is Severity.WARNING else Outcome.FAIL,
            observed=observed or f"{count} found",
            threshold=self.threshold,
            failing_rows=count,
            example_keys=tuple(examples),
            message=self.message,
        )


class Bound(str):
    """A rule with its limits, so that only the table is missing.

    It is a text, because Great Expectations writes down what it is given and tells two expectations
    apart by that; the rule itself travels along.
    """

    rule: Rule
    limits: Mapping[str, Any]

    @classmethod
    def of(cls, rule: Rule, limits: Mapping[str, Any]) -> Bound:
        """Fill in the limits of a rule."""
        bound = cls(f"{rule.__module__}.{rule.__qualname__} {dict(limits)}")
        bound.rule, bound.limits = rule, limits
        return bound

    def __call__(self, table: pd.DataFrame) -> Violations:
        """Return what of a table breaks the rule."""
        return self.rule(table, **self.limits)


class Suite:
    """The checks of one kind of table, in the order in which they are defined.

    Attributes:
        stage: Under which they are reported.
        checks: Rules whose limits are still open.
    """

    def __init__(self, stage: Stage, checks: Iterable[Check] = ()) -> None:
        self.stage: Final = stage
        self.checks = list(checks)

    def check(
        self,
        code: str,
        *,
        message: str,
        threshold: str = "none",
        severity: Severity = Severity.ERROR,
        can_be_approved: bool = False,
    ) -> Callable[[Rule], Rule]:
        """Add the rule below to the suite; the rule itself stays a plain function.

        Args:
            code: Stable upper-case name; people search for it.
            message: What to do about a violation; the failing rows say what is wrong.
            threshold: What is allowed, for readers.
            severity: `ERROR` stops a run, `WARNING` is published with the release.
            can_be_approved: A violation is a warning where someone has approved it.
        """

        def added(rule: Rule) -> Rule:
            self.checks.append(Check(code, rule, threshold, message, severity, can_be_approved))
            return rule

        return added

    def with_limits(
        self, limits: Mapping[str, Any], *, without: Collection[str] = (), approved: bool = False
    ) -> list[Check]:
        """Return the checks with their limits filled in.

        Args:
            limits: Values by name.
            without: Codes of checks that have nothing to ask this time.
            approved: Someone has approved what may be approved.
        """
        return [
            _with_limits(check, limits, approved=approved)
            for check in self.checks
            if check.code not in without
        ]


def _with_limits(check: Check, limits: Mapping[str, Any], *, approved: bool) -> Check:
    _, *names = signature(check.asks).parameters
    is_approved = approved and check.can_be_approved
    return replace(
        check,
        asks=Bound.of(check.asks, {name: limits[name] for name in names}),
        threshold=check.threshold.format(**limits),
        message=check.message.format(**limits),
        severity=Severity.WARNING if is_approved else check.severity,
    )
