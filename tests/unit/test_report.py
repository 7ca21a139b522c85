"""Reports of checks for people."""

from __future__ import annotations

from expectations.report import report_html, report_text, summary
from talentcast.domain.checks import CheckReport, CheckResult, Outcome, Severity

FAILED = CheckResult(
    "counts",
    "people",
    "NEG_COUNT",
    Severity.ERROR,
    Outcome.FAIL,
    "7 found",
    "none",
    7,
    ("row 2: FRA 2019", "<img src=x onerror=alert(1)>"),
    "Counts cannot be negative.",
)
WARNED = CheckResult("input", "a.csv", "EXTRA_COLUMNS", Severity.WARNING, Outcome.WARN, "x")
PASSED = CheckResult("panel", "people", "CLOSES", Severity.ERROR, Outcome.PASS)
REPORT = CheckReport((PASSED, WARNED, FAILED))


def test_the_worst_comes_first_with_keys_and_what_to_do() -> None:
    lines = report_text(REPORT).splitlines()
    assert lines[0] == summary(REPORT)
    assert lines[1].startswith("FAILED NEG_COUNT in people [counts]: 7 found (allowed: none)")
    assert "row 2: FRA 2019" in lines[2]
    assert "and 5 more" in lines[2]
    assert lines[3].strip() == "-> Counts cannot be negative."
    assert lines[4].startswith("WARNED EXTRA_COLUMNS")
    assert not any("CLOSES" in line for line in lines)


def test_checks_that_passed_are_listed_on_request() -> None:
    assert "PASSED CLOSES" in report_text(REPORT, with_passed=True)


def test_the_page_escapes_the_data_and_asks_for_nothing() -> None:
    page = report_html(REPORT, "Checks <of> r1")
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert "Checks &lt;of&gt; r1" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
