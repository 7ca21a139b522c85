"""The page on adding a check works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import expectations.check
import expectations.rules
from expectations import counts_checks
from expectations.check import check_counts
from expectations.suite import Suite
from talentcast.domain.checks import Outcome
from tests.unit import test_counts_checks

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-check.md"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the page says, run in a suite that lasts for one test."""
    suite = Suite("counts", counts_checks.COUNTS.checks)
    for module in (expectations.check, expectations.rules):
        monkeypatch.setattr(module, "COUNTS", suite)
    rule, test = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    found = vars(counts_checks) | {"COUNTS": suite}
    exec(rule, found)  # noqa: S102 - our own page
    monkeypatch.setattr(counts_checks, "doubled_counts", found["doubled_counts"], raising=False)
    found |= vars(test_counts_checks)
    exec(test, found)  # noqa: S102
    return found


def doubling(factor: float) -> pd.DataFrame:
    cells = [
        (country, year, 100.0 * (factor if year == 2013 else 1))
        for country in ("CHN", "FRA", "USA")
        for year in range(2010, 2014)
    ]
    state = ["previous_researchers", "earlier_researchers"]
    return test_counts_checks.counts(*cells).drop(columns=state)


def test_the_test_of_the_page_holds(names: dict[str, object]) -> None:
    facts = [fact for name, fact in names.items() if "doubles" in name]
    assert len(facts) == 1
    facts[0]()  # type: ignore[operator]


def test_the_check_of_the_page_sees_bad_counts_and_lets_good_ones_pass(
    names: dict[str, object],
) -> None:
    for factor, outcome in ((2.0, Outcome.PASS), (2.1, Outcome.WARN)):
        report = check_counts(doubling(factor))
        (found,) = [result for result in report.results if result.check == "DOUBLED"]
        assert (found.outcome, found.threshold) == (outcome, "twice the year before")
    assert found.failing_rows == 3
    assert found.message.startswith("Did the source change")
