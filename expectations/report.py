"""Check results for people: as lines of text, or as one page that needs nothing else.

Neither imports Great Expectations, so a report can be shown wherever its results are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from talentcast.domain.checks import CheckReport, CheckResult, Outcome

_ORDER: Final = (Outcome.FAIL, Outcome.COULD_NOT_RUN, Outcome.WARN, Outcome.PASS)
_WORDS: Final = {
    Outcome.FAIL: "failed",
    Outcome.COULD_NOT_RUN: "could not run",
    Outcome.WARN: "warned",
    Outcome.PASS: "passed",
}
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1f2328; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem;
  border-bottom: 1px solid #d8dee4 }
code { font-family: ui-monospace, monospace }
.fail, .could_not_run { color: #a40e26; font-weight: 600 }
.warn { color: #7d4e00; font-weight: 600 }
.pass { color: #116329 }
"""


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
        report: Results of any gates.
        with_passed: Also list the checks that passed.
    """
    outcomes = _ORDER if with_passed else _ORDER[:-1]
    lines = [line for result in _sorted(report, outcomes) for line in _lines(result)]
    return "\n".join([summary(report), *lines])


def report_html(report: CheckReport, title: str) -> str:
    """Return the report as one HTML page; every text from the data is escaped.

    Args:
        report: Results of any gates.
        title: Heading of the page.
    """
    rows = "\n".join(_html_row(result) for result in _sorted(report, _ORDER))
    heads = "".join(
        f"<th scope='col'>{name}</th>"
        for name in ("Outcome", "Stage", "Table", "Check", "Found", "Allowed", "What to do")
    )
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1><p>{escape(summary(report))}</p>\n"
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table></body></html>\n"
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


def _html_row(result: CheckResult) -> str:
    found = escape(result.observed)
    if result.example_keys:
        found += f"<br><code>{escape(_keys_text(result))}</code>"
    cells = (
        f"<td class='{result.outcome}'>{_WORDS[result.outcome]}</td>",
        f"<td>{escape(result.stage)}</td>",
        f"<td>{escape(result.table)}</td>",
        f"<td><code>{escape(result.check)}</code></td>",
        f"<td>{found}</td>",
        f"<td>{escape(result.threshold)}</td>",
        f"<td>{escape(result.message)}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"
