from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from models.evaluation.backtest import backtest, backtest_panel
from models.evaluation.quantiles import LEVELS
from publication.scores import backtest_score_rows
from talentcast.domain.errors import UsageError
from talentcast.domain.tables import SCORES
from talentcast.domain.types import CountingRule, Origin, SeriesKey, Vintage

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")
YEARS = range(2000, 2012)


def counts(*, last_years_factor: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows = [
        (year, country, start * np.exp(slope * (year - 2000) + rng.normal(0, 0.01)))
        for country, start, slope in (("USA", 9e3, 0.0), ("CHN", 3e3, 0.1), ("FRA", 2e3, 0.02))
        for year in YEARS
    ]
    table = pd.DataFrame(rows, columns=["year", "country", "researchers"])
    late = table["year"].gt(2008) & table["country"].eq("CHN")
    return table.assign(
        researchers=table["researchers"].where(~late, table["researchers"] * last_years_factor),
        population="scholars",
        counting_rule="whole",
        source="register",
        vintage=pd.Timestamp("2024-01-01"),
        is_provisional=False,
    )


def test_a_cell_is_scored_when_its_truth_year_exists() -> None:
    result = backtest(
        counts(), KEY, models=["naive"], origins=[Origin(2008), Origin(2010)], horizons=[1, 2, 3]
    )
    cells = result.scores[["origin_year", "horizon_years"]].drop_duplicates().to_numpy().tolist()
    assert cells == [[2008, 1], [2008, 2], [2008, 3], [2010, 1]]
    assert len(result.quantiles) == 2 * 3 * 3 * len(LEVELS)
    assert (result.quantiles["target_year"] > result.quantiles["origin_year"]).all()


def test_forecasts_of_the_past_do_not_know_the_future() -> None:
    kwargs = {"models": ["drift"], "origins": [Origin(2008)], "horizons": [1, 2]}
    before = backtest(counts(), KEY, **kwargs)
    after = backtest(counts(last_years_factor=3.0), KEY, **kwargs)
    pd.testing.assert_frame_equal(before.quantiles, after.quantiles)
    assert not before.scores["value"].equals(after.scores["value"])


def test_one_origin_does_not_change_another() -> None:
    both = backtest(counts(), KEY, models=["drift"], origins=[Origin(2008), Origin(2009)])
    # The parts are decided by the first origin, so it has to be the same.
    alone = backtest(counts(), KEY, models=["drift"], origins=[Origin(2008)])
    first = both.scores[both.scores["origin_year"] == 2008].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, alone.scores)


def test_drift_beats_the_last_value_on_a_trending_panel() -> None:
    summary = backtest(
        counts(), KEY, models=["naive", "drift"], origins=[Origin(2008), Origin(2009)]
    ).summary()
    assert summary.loc["drift", "wis_weighted"] < summary.loc["naive", "wis_weighted"]


def test_progress_counts_fits() -> None:
    told: list[tuple[int, int]] = []
    backtest(
        counts(),
        KEY,
        models=["naive", "drift"],
        origins=[Origin(2008), Origin(2009)],
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_later_vintage_can_be_the_truth() -> None:
    years = pd.RangeIndex(2000, 2010)
    trained = Panel(KEY, pd.DataFrame({"USA": 100.0, "ROW": 100.0}, index=years))
    revised = Panel(KEY, pd.DataFrame({"USA": 300.0, "FRA": 60.0, "ROW": 40.0}, index=years))
    result = backtest_panel(
        trained, models=["naive"], origins=[Origin(2007)], horizons=[1], truth=revised
    )
    wis = result.summary().loc["naive", "wis_top60"]
    assert wis == pytest.approx(np.log(0.75 / 0.5), rel=0.05)


def test_impossible_origins_are_refused() -> None:
    for origins in ([], [Origin(2011)], [Origin(2001)]):
        with pytest.raises(UsageError):
            backtest(counts(), KEY, models=["naive"], origins=origins, last_year=2011)


def test_score_rows_have_the_columns_of_the_contract() -> None:
    result = backtest(counts(), KEY, models=["naive"], origins=[Origin(2008)])
    rows = backtest_score_rows(
        result,
        KEY,
        training_vintage=Vintage(date(2024, 1, 1)),
        truth_vintage=Vintage(date(2024, 1, 1)),
        is_pseudo_vintage=True,
    )
    assert list(rows.columns) == list(SCORES.unpublished_columns)
    assert not rows.duplicated(list(SCORES.unpublished_key)).any()
    assert set(rows["country_group"]) == {"weighted", "top60", "all", "panel"}
    assert set(rows["metric"]) == {
        "wis",
        "coverage_50",
        "coverage_80",
        "coverage_95",
        "mase",
        "rmsse",
        "energy_score",
    }
    assert rows["is_pseudo_vintage"].all()
