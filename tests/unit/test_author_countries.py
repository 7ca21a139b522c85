"""What an author in several countries counts for, by each rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.author_countries import RULES, count_by_country
from talentcast.domain.types import CountingRule

COUNTRIES = st.lists(st.sampled_from(["CHN", "USA", "DEU", "IND"]), max_size=3, unique=True)
WORKS = st.lists(st.lists(COUNTRIES, min_size=1, max_size=6), max_size=20)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (CountingRule.AUTHORSHIPS, {"CHN": 1, "UNK": 1, "USA": 1}),
        (CountingRule.LEAD_AUTHOR, {"CHN": 1}),
        (CountingRule.WHOLE_WORKS, {"CHN": 1, "USA": 1}),
        (CountingRule.FRACTIONAL_WORKS, {"CHN": 1 / 6, "UNK": 1 / 3, "USA": 1 / 2}),
    ],
)
def test_one_work_by_every_rule(rule: CountingRule, expected: dict[str, float]) -> None:
    work = [["CHN", "USA"], ["USA"], []]
    assert count_by_country([work], rule) == pytest.approx(expected)


@given(WORKS)
def test_sums_are_those_of_works_and_authors(works: list[list[list[str]]]) -> None:
    totals = {rule: sum(count_by_country(works, rule).values()) for rule in RULES}
    assert totals[CountingRule.AUTHORSHIPS] == sum(len(work) for work in works)
    assert totals[CountingRule.LEAD_AUTHOR] == len(works)
    assert totals[CountingRule.FRACTIONAL_WORKS] == pytest.approx(len(works))
    assert totals[CountingRule.WHOLE_WORKS] >= len(works)


@given(WORKS)
def test_the_order_of_works_counts_for_nothing(works: list[list[list[str]]]) -> None:
    turned = works[::-1]
    for rule in RULES:
        assert count_by_country(works, rule) == pytest.approx(count_by_country(turned, rule))
