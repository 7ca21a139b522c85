"""Check results for people: as lines of text, or as one page that needs nothing else.

Neither imports Great Expectations, so a report can be shown wherever its results are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from talentcast.domain.checks import CheckReport, CheckResult, Outcome
from talentcast.templates import render

_ORDER: Final = (Outcome.FAIL, Outcome.COULD_NOT_RUN, Outcome.WARN, Outcome.PASS)
_WORDS: Final = {
    Outcome.FAIL: "failed",
    Outcome.COULD_NOT_RUN: "could not run",
    Outcome.WARN: "warned",
    Outcome.PASS: "passed",
}


def summary(report: CheckReport) -> str:
    """Return one line that counts the outcomes.

    Example:
        >>> summary(CheckReport())
        '0 checks: 0 failed, 0 could not run, 0 warned, 0 passed'
    """
    counts = ", ".join(f"{len(_of(report, outcome))} {_WORDS[outcome]}" for outcome in _ORDER)
    return f"{len(report.results)} checks: {counts}"


def report_text(report: CheckReport, *, with_passed: bool = False) -> str:
    """Return the report as plain lines: the worst first, with keys of failing rows.

    Args:
        report: Results of any checks.
        with_passed: Also list the checks that passed.
    """
    outcomes = _ORDER if with_passed else _ORDER[:-1]
    lines = [line for result in _sorted(report, outcomes) for line in _lines(result)]
    return "\n".join([summary(report), *lines])


def report_html(report: CheckReport, title: str) -> str:
    """Return the report as one HTML page; every text from the data is escaped.

    Args:
        report: Results of any checks.
        title: Heading of the page.
    """
    return render(
        "expectations",
        "checks.html",
        title=title,
        summary=summary(report),
        results=list(_sorted(report, _ORDER)),
        words=_WORDS,
        keys_text=_keys_text,
    )


def _of(report: CheckReport, outcome: Outcome) -> list[CheckResult]:
    return [result for result in report.results if result.outcome is outcome]


def _sorted(report: CheckReport, outcomes: Iterable[Outcome]) -> Iterator[CheckResult]:
    for outcome in outcomes:
        yield from _of(report, outcome)


def _lines(result: CheckResult) -> Iterator[str]:
    allowed = f" (allowed: {result.threshold})" if result.threshold else ""
    yield (
        f"{_WORDS[result.outcome].upper()} {result.check} in {result.table} "
        f"[{result.stage}]: {result.observed or 'as expected'}{allowed}"
    )
    if result.example_keys:
        yield f"    {_keys_text(result)}"
    if result.message:
        yield f"    -> {result.message}"


def _keys_text(result: CheckResult) -> str:
    more = result.failing_rows - len(result.example_keys)
    return "; ".join(result.example_keys) + (f"; and {more} more" if more > 0 else "")
