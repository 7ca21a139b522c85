"""Notes of a parser, as check results that travel with the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from talentcast.domain.checks import CheckResult, Outcome, Severity

_MAX_EXAMPLES: Final = 5


def warning_note(
    file_name: str,
    code: str,
    observed: str,
    *,
    threshold: str = "",
    message: str = "",
    examples: Sequence[str] = (),
) -> CheckResult:
    """Return a note a reader should know about: something was read in another way than written."""
    return CheckResult(
        stage="input",
        table=file_name,
        check=code,
        severity=Severity.WARNING,
        outcome=Outcome.WARN,
        observed=observed,
        threshold=threshold,
        failing_rows=len(examples),
        example_keys=tuple(examples[:_MAX_EXAMPLES]),
        message=message,
    )


def info_note(file_name: str, code: str, observed: str) -> CheckResult:
    """Return a fact about how a file was read that needs no attention."""
    return replace(warning_note(file_name, code, observed), outcome=Outcome.PASS)
