"""The record of earlier releases: what was published, against what came."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.evaluation.published import score_published
from models.evaluation.quantiles import LEVELS
from publication.scores import with_true_record
from talentcast.domain.types import Vintage

SERIES = {"population": "lab", "counting_rule": "modal_country", "source": "file"}
VINTAGE = Vintage(date(2019, 12, 31))


def forecasts(spread: float = 0.2) -> pd.DataFrame:
    rows = [
        (country, horizon, level, middle * np.exp(spread * (level - 0.5)))
        for country, middle in (("FRA", 0.5), ("ITA", 0.3), ("ROW", 0.2))
        for horizon in (1, 2)
        for level in LEVELS
    ]
    table = pd.DataFrame(rows, columns=["country", "horizon_years", "output_type_id", "value"])
    return table.assign(
        **SERIES,
        target="researcher_share",
        scenario="baseline",
        model="pooled",
        output_type="quantile",
        origin_year=2019,
        target_year=2019 + table["horizon_years"],
    )


def observations(year: int, *, provisional: bool = False, **shares: float) -> pd.DataFrame:
    return pd.DataFrame({"country": list(shares), "share": list(shares.values())}).assign(
        **SERIES, year=year, is_provisional=provisional, vintage=pd.Timestamp("2021-06-30")
    )


BEFORE = observations(2019, FRA=0.5, ITA=0.3, ROW=0.2)


def scored(truth: pd.DataFrame) -> pd.DataFrame:
    return score_published(
        forecasts(), BEFORE, truth, training_vintage=VINTAGE, is_pseudo_vintage=False
    )


def test_only_years_that_have_been_counted_are_scored() -> None:
    assert scored(BEFORE).empty
    rows = scored(pd.concat([BEFORE, observations(2020, FRA=0.5, ITA=0.3, ROW=0.2)]))
    assert rows["horizon_years"].unique().tolist() == [1]
    assert not rows["is_pseudo_vintage"].any()
    assert rows["truth_vintage"].max() == pd.Timestamp("2021-06-30")


def test_a_provisional_year_is_no_truth() -> None:
    assert scored(observations(2020, provisional=True, FRA=0.5, ITA=0.3, ROW=0.2)).empty


def test_an_outcome_at_the_median_is_covered_and_scores_best() -> None:
    good = scored(observations(2020, FRA=0.5, ITA=0.3, ROW=0.2)).set_index(
        ["metric", "country_group"]
    )["value"]
    bad = scored(observations(2020, FRA=0.3, ITA=0.5, ROW=0.2)).set_index(
        ["metric", "country_group"]
    )["value"]
    assert good["coverage_80", "all"] == 1
    assert bad["coverage_80", "all"] == 0
    assert good["wis", "weighted"] < bad["wis", "weighted"]


def test_a_country_that_is_no_longer_apart_is_not_scored_and_nor_is_the_rest() -> None:
    rows = scored(observations(2020, FRA=0.5, ROW=0.5))
    weighted = rows[(rows["metric"] == "coverage_80") & (rows["country_group"] == "weighted")]
    assert weighted["value"].tolist() == [pytest.approx(1.0)]


def test_a_published_forecast_replaces_the_backtest_of_its_origin() -> None:
    true = scored(observations(2020, FRA=0.5, ITA=0.3, ROW=0.2))
    backtest = true.assign(value=9.0, is_pseudo_vintage=True)
    later = backtest.assign(origin_year=2020)
    record = with_true_record(pd.concat([backtest, later]), true)
    assert len(record) == 2 * len(true)
    assert not record.loc[record["origin_year"] == 2019, "is_pseudo_vintage"].any()
    assert record.loc[record["origin_year"] == 2020, "is_pseudo_vintage"].all()
    assert with_true_record(backtest, true.iloc[:0]) is backtest
