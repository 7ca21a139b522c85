"""What is often quoted: every claim rests on rows that exist, and says with what it compares."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from readers.summaries.claims import sample_bounds
from readers.summaries.known_claims import KnownClaim, evidence, known_claims
from sources.bundled import published_figures
from talentcast.domain.types import CountingRule
from talentcast.populations.catalogue import bundled_populations

OBSERVATIONS = pd.DataFrame(
    [
        ("neurips_authorships", CountingRule.AUTHORSHIPS, "bundled", year, country, researchers)
        for year in (2019, 2022)
        for country, researchers in (("USA", 60.0), ("CHN", 30.0), ("ROW", 110.0))
    ],
    columns=["population", "counting_rule", "source", "year", "country", "researchers"],
)


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    return published_figures()


@pytest.mark.parametrize("claim", known_claims(), ids=lambda claim: claim.id)
def test_every_figure_of_a_claim_is_one_row_of_the_table(
    claim: KnownClaim, figures: pd.DataFrame
) -> None:
    assert [len(figure.row(figures)) for figure in claim.figures] == [1] * len(claim.figures)
    if claim.counted_here is not None:
        assert set(claim.counted_here.populations) <= set(bundled_populations())


def test_the_claims_that_everybody_quotes_are_all_there() -> None:
    said = " ".join(claim.claim for claim in known_claims())
    for number in ("59 %", "42 %", "11 %", "28 %", "47 %", "18 %", "never", "8 of 12", "twelve"):
        assert number in said


def test_what_was_counted_stands_beside_what_is_quoted(figures: pd.DataFrame) -> None:
    claim = next(one for one in known_claims() if one.id == "united-states-59-to-42")
    rows = evidence(claim, figures, OBSERVATIONS, {"neurips_authorships": "NeurIPS"})
    quoted = [row for row in rows if not row.is_counted_here]
    assert [(row.year, row.percent, row.n) for row in quoted] == [
        (2019, 59.0, 675),
        (2022, 42.0, 867),
    ]
    for row in quoted:
        assert row.lower is not None and row.percent is not None and row.lower < row.percent
    counted = [(row.who, row.percent, row.lower) for row in rows if row.is_counted_here]
    assert counted == [("Counted here: NeurIPS", 30.0, None)] * 2


def test_a_population_that_was_not_counted_leaves_the_quoted_figures(
    figures: pd.DataFrame,
) -> None:
    claim = known_claims()[0]
    rows = evidence(claim, figures, OBSERVATIONS.iloc[:0], {})
    assert len(rows) == len(claim.figures)


def test_money_is_no_share(figures: pd.DataFrame) -> None:
    claim = next(one for one in known_claims() if one.id == "twelve-times-the-investment")
    rows = evidence(claim, figures, OBSERVATIONS, {})
    assert [(row.percent, row.value, row.unit) for row in rows] == [
        (None, 285.9, "billion USD"),
        (None, 12.4, "billion USD"),
    ]


@pytest.mark.parametrize(
    "unit",
    ["percent, lower bound, >=5 years", "percent (derived from rounded counts)",
     "percent of authorships"],
)  # fmt: skip
def test_what_is_no_share_of_a_sample_has_no_interval(unit: str) -> None:
    assert sample_bounds(42.0, unit, 867) == (None, None)
    assert sample_bounds(42.0, "percent", 867) == (38.8, 45.3)
    assert sample_bounds(42.0, "percent", float("nan")) == (None, None)


def test_a_claim_says_what_is_comparable_or_why_nothing_is() -> None:
    whole = {"id": "x", "claim": "x", "edition": "x", "figures": []}
    with pytest.raises(ValidationError, match="say what is comparable"):
        KnownClaim.model_validate(whole)
