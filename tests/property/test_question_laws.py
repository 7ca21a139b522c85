"""Laws of answers: orders exclude each other, thresholds order, outcomes stay."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from question_cases import KEY, question, questions_table, state

from features.composition import close
from features.panel import Panel
from questions.paths import SharePaths, probability_of
from questions.resolution import resolved

COUNTRIES = ("FRA", "ITA", "DEU", "ROW")
SHARES = arrays(np.float64, (12, 4), elements=st.floats(0.01, 1)).map(close)


def paths(shares: np.ndarray) -> SharePaths:
    return SharePaths(COUNTRIES, {2020: shares[::-1], 2021: shares})


@given(SHARES)
def test_two_countries_are_never_both_ahead(shares: np.ndarray) -> None:
    one = probability_of(question(), paths(shares))
    other = probability_of(question(country="ITA", other_country="FRA"), paths(shares))
    assert one + other <= 1


@given(SHARES)
def test_at_most_one_country_leads_and_who_leads_is_ahead(shares: np.ndarray) -> None:
    leads = {
        c: probability_of(question("lead_over_all", country=c), paths(shares))
        for c in COUNTRIES[:3]
    }
    assert sum(leads.values()) <= 1 + 1e-12
    assert leads["FRA"] <= probability_of(question(), paths(shares))


@given(SHARES, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_higher_threshold_is_never_more_likely(shares: np.ndarray, a: float, b: float) -> None:
    low, high = sorted((a, b))
    for statistic, more in (("share", {}), ("lead", {}), ("change", {"base_year": 2020})):
        at_low = probability_of(question(statistic, threshold=low, **more), paths(shares))
        at_high = probability_of(question(statistic, threshold=high, **more), paths(shares))
        assert at_high <= at_low


COUNTS = arrays(np.float64, (4, 2), elements=st.floats(1, 1000))


@given(st.lists(st.tuples(st.integers(0, 1500), COUNTS), min_size=1, max_size=6))
def test_what_was_settled_once_never_changes(vintages: list[tuple[int, np.ndarray]]) -> None:
    index = pd.Index(range(2018, 2022), name="year")
    states = [
        state(
            date(2021, 12, 31) + timedelta(days=days),
            Panel(KEY, pd.DataFrame(counts, index=index, columns=["FRA", "ITA"])),
        )
        for days, counts in sorted(vintages, key=lambda pair: pair[0])
    ]
    table, settled = questions_table(question()), None
    for number, last in enumerate(states):
        table = resolved(
            table,
            lambda key, since, last=last: [one for one in states if one.vintage <= last.vintage],
            today=last.vintage,
            release_id=f"r{number}",
        )
        row = table.iloc[0].to_dict()
        if settled is not None:
            assert row == settled
        elif row["status"] in ("resolved", "void"):
            settled = row
