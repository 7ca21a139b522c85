"""How sure a published share is, and what others and we counted of the same year."""

from __future__ import annotations

import pandas as pd
import pytest

from readers.summaries.claims import ClaimedShare, others_figures, our_shares
from sources.bundled import published_figures
from talentcast.domain.errors import UsageError


def test_an_interval_holds_as_often_as_it_says() -> None:
    """All samples of forty from a population of which three in ten are meant."""
    from scipy.stats import binom

    held = sum(
        binom.pmf(k, 40, 0.3)
        for k in range(41)
        if (found := ClaimedShare(k / 40, 40).interval()).lower <= 0.3 <= found.upper
    )
    assert 0.93 < held < 0.97


def test_nobody_and_everybody_have_an_interval_inside_zero_and_one() -> None:
    nobody, everybody = ClaimedShare(0.0, 12).interval(), ClaimedShare(1.0, 12).interval()
    assert nobody.lower == pytest.approx(0)
    assert everybody.upper == pytest.approx(1)
    assert nobody.upper == pytest.approx(1 - everybody.lower) == pytest.approx(0.24, abs=0.01)


def test_two_samples_of_the_same_share_may_differ_by_chance() -> None:
    small = ClaimedShare(0.42, 50).less(ClaimedShare(0.48, 50))
    assert small.lower < 0 < small.upper
    large = ClaimedShare(0.42, 5000).less(ClaimedShare(0.48, 5000))
    assert large.upper < 0


@pytest.mark.parametrize(("share", "n"), [(42.0, 867), (-0.1, 10), (0.5, 0), (float("nan"), 10)])
def test_what_is_no_share_or_no_sample_is_refused(share: float, n: int) -> None:
    with pytest.raises(UsageError):
        ClaimedShare(share, n)


def test_published_shares_have_an_interval_where_their_sample_is_known() -> None:
    found = others_figures(published_figures(), "USA", 2022)
    named = found[(found["percent"] == 42) & (found["n"] == 867)].iloc[0]
    assert (named["lower"], named["upper"]) == (38.8, 45.3)
    assert found.loc[found["n"].isna(), "lower"].isna().all()
    assert set(found["year"]) == {2022}
    assert others_figures(published_figures(), "FJI", 2022).empty


def test_a_country_is_counted_by_population_and_rule() -> None:
    rows = [
        ("a", 2019, "USA", 60.0), ("a", 2019, "CHN", 40.0), ("a", 2020, "USA", 30.0),
        ("a", 2020, "CHN", 70.0), ("b", 2018, "CHN", 5.0),
    ]  # fmt: skip
    counted = pd.DataFrame(rows, columns=["population", "year", "country", "researchers"])
    counted = counted.assign(counting_rule="authorships", source="file")
    last = our_shares(counted, "USA", None)
    assert last[["population", "year", "percent", "of"]].to_numpy().tolist() == [
        ["a", 2020, 30.0, 100.0]
    ]
    assert our_shares(counted, "USA", 2019)["percent"].tolist() == [60.0]
    assert our_shares(counted, "DEU", 2019).empty
