"""What moved forecasts: parts that sum to the difference of two releases exactly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from publication.forecast_changes import Cause, forecast_change_rows
from readers.summaries.forecast_changes import (
    CAUSE_WORDS,
    forecast_change,
    forecast_change_in_words,
)
from readers.summaries.series import Series
from talentcast.domain.tables import FORECAST_CHANGES
from talentcast.domain.types import CountingRule, ReleaseId, SeriesKey

KEY = SeriesKey("lab", CountingRule.UNSPECIFIED, "lab")
PREVIOUS = ReleaseId("r20200301-0123456789ab")
COUNTRIES = ("CHN", "USA", "ROW")


def shares(values: np.ndarray) -> pd.Series:
    years = range(2021, 2021 + values.shape[1])
    index = pd.MultiIndex.from_product([COUNTRIES, years], names=["country", "target_year"])
    return pd.Series(values.reshape(-1), index)


def rows_of(before: pd.Series, steps: list[tuple[Cause, pd.Series]]) -> pd.DataFrame:
    return forecast_change_rows(before, steps, KEY, model="pooled", previous=PREVIOUS)


@given(arrays(np.float64, (6, 3, 2), elements=st.floats(0, 1)))
def test_causes_sum_to_the_difference_whatever_moved(values: np.ndarray) -> None:
    before, *others = (shares(one) for one in values)
    rows = rows_of(before, list(zip(Cause, others, strict=True)))
    sums = rows.groupby(["country", "target_year"])["value"].sum().reindex(before.index)
    assert np.allclose(sums.fillna(0), others[-1] - before, atol=1e-9, rtol=0)
    assert tuple(rows.columns) == FORECAST_CHANGES.unpublished_columns


def test_a_cause_that_moved_nothing_is_left_out() -> None:
    before = shares(np.full((3, 2), 0.3))
    after = shares(np.array([[0.4, 0.5], [0.3, 0.3], [0.3, 0.2]]))
    rows = rows_of(before, [(Cause.CODE, before), (Cause.NEW_DATA, after)])
    assert set(rows["cause"]) == {"new_data"}
    assert set(rows["country"]) == {"CHN", "ROW"}


def test_years_that_only_one_release_forecasts_are_left_out() -> None:
    before = shares(np.full((3, 2), 0.3))
    after = shares(np.full((3, 3), 0.4))
    rows = rows_of(before, [(Cause.NEW_DATA, after)])
    assert set(rows["target_year"]) == {2021, 2022}


def test_every_cause_has_a_name_in_the_contract_and_for_readers() -> None:
    pattern = FORECAST_CHANGES.column("cause").pattern
    assert pattern == f"^({'|'.join(Cause)})$"
    assert list(CAUSE_WORDS) == list(Cause)


def test_a_change_is_told_for_the_last_year_that_is_shown() -> None:
    before = shares(np.array([[0.30, 0.32], [0.4, 0.4], [0.3, 0.28]]))
    revised = shares(np.array([[0.31, 0.33], [0.4, 0.4], [0.29, 0.27]]))
    now = shares(np.array([[0.32, 0.36], [0.4, 0.4], [0.28, 0.24]]))
    rows = rows_of(before, [(Cause.REVISED_DATA, revised), (Cause.NEW_DATA, now)])

    def told(until: int, country: str = "CHN") -> str | None:
        series = cast(Series, SimpleNamespace(key=KEY, target_year=until))
        change = forecast_change(rows, series, country)
        return change and forecast_change_in_words(change, "China", "researchers")

    assert told(2025) == (
        f"China’s forecast share of researchers in 2022 rose from 32.0% in release {PREVIOUS} to "
        "36.0% on average: new counts +3.0 pt, revised counts +1.0 pt."
    )
    assert "in 2021 rose from 30.0%" in str(told(2021))
    assert told(2025, "USA") is None
