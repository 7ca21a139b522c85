import numpy as np
import pandas as pd

from features.covariates import CARRY_YEARS, covariate_scores
from features.panel import Panel
from talentcast.domain.types import CountingRule, Origin, SeriesKey

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")
YEARS = pd.RangeIndex(2000, 2010, name="year")


def panel() -> Panel:
    return Panel(KEY, pd.DataFrame(1000.0, index=YEARS, columns=["CHN", "FRA", "USA", "ROW"]))


def covariates(last_year: int = 2009) -> pd.DataFrame:
    rates = {"CHN": 0.08, "FRA": 0.01, "USA": 0.02}
    return pd.DataFrame(
        [
            (year, country, 1e4 * np.exp(rate * (year - 2000)), 1e6)
            for country, rate in rates.items()
            for year in range(2000, last_year + 1)
        ],
        columns=["year", "country", "gdp_per_capita", "population"],
    )


def test_faster_growth_than_the_middle_scores_above_zero() -> None:
    growth = covariate_scores(covariates(), panel())[-1, :, 0]
    assert growth[0] > growth[2] == 0 > growth[1]
    assert growth[3] == 0


def test_what_is_not_known_is_the_middle() -> None:
    assert (covariate_scores(covariates(), panel())[0, :, 0] == 0).all()


def test_later_years_are_not_looked_at() -> None:
    early = panel().until(Origin(2005))
    np.testing.assert_array_equal(
        covariate_scores(covariates(), early), covariate_scores(covariates(2005), early)
    )


def test_figures_that_end_early_are_carried_on_for_a_while() -> None:
    last = 2004
    scores = covariate_scores(covariates(last), panel())[:, 0, 0]
    year = last - YEARS[0]
    assert (scores[year : year + CARRY_YEARS + 1] == scores[year]).all()
    assert scores[year] > 0
    assert (scores[year + CARRY_YEARS + 1 :] == 0).all()


def test_any_further_column_is_one_more_covariate() -> None:
    more = covariates().assign(research_spending=lambda table: table["gdp_per_capita"] / 100)
    assert covariate_scores(more, panel()).shape == (10, 4, 3)
    assert covariate_scores(covariates()[["year", "country"]], panel()).shape == (10, 4, 0)
