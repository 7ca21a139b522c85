import numpy as np
import pandas as pd
import pytest

from bench.revisions import WithRevisions, learn_revisions
from features.panel import Panel
from models.shares.registry import create
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import CountingRule, SeriesKey

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")
YEARS = pd.RangeIndex(2005, 2015, name="year")
NAMES = [*(f"{letter}AA" for letter in "ABCDEFGHIJKLMNOPQRS"), "ROW"]


def vintage(*, revision: float = 0.0) -> Panel:
    rng = np.random.default_rng(8)
    counts = np.exp(np.linspace(6, 12, len(NAMES)) + rng.normal(0, 0.01, (len(YEARS), len(NAMES))))
    offsets = rng.normal(0, revision, len(NAMES))
    return Panel(KEY, pd.DataFrame(counts * np.exp(offsets), index=YEARS, columns=NAMES))


def test_the_size_of_revisions_is_found_again() -> None:
    model = learn_revisions(vintage(), vintage(revision=0.1))
    assert model.n_countries == len(NAMES)
    typical = model.standard_deviation(np.exp(np.linspace(6, 12, 20))).mean()
    assert typical == pytest.approx(0.1, rel=0.4)


def test_years_that_are_scored_are_not_looked_at() -> None:
    later = vintage(revision=0.1)
    wild = later.counts.copy()
    wild.loc[2014] *= np.linspace(0.1, 10, len(NAMES))
    scored = [2014]
    expected = learn_revisions(vintage(), later, leave_out=scored)
    found = learn_revisions(vintage(), Panel(KEY, wild), leave_out=scored)
    np.testing.assert_array_equal(expected.coefficients, found.coefficients)
    assert found.n_years == len(YEARS) - 1


def test_revisions_widen_a_forecast_and_keep_it_closed() -> None:
    model = learn_revisions(vintage(), vintage(revision=0.2))
    plain = create("naive").fit(vintage(), [1, 2]).sample(400, np.random.default_rng(1))
    revised = WithRevisions(create("naive"), model)
    draws = revised.fit(vintage(), [1, 2]).sample(400, np.random.default_rng(1))
    np.testing.assert_allclose(draws.shares.sum(axis=2), 1, atol=1e-12)
    assert (np.log(draws.shares).std(axis=1) > 2 * np.log(plain.shares).std(axis=1)).all()
    assert revised.name == "naive_with_revisions"


def test_vintages_without_common_countries_teach_nothing() -> None:
    few = Panel(KEY, vintage().counts[["AAA", "ROW"]])
    with pytest.raises(InputRejectedError, match="NO_REVISIONS"):
        learn_revisions(few, vintage())
