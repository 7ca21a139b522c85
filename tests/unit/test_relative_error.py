"""Errors are compared on the forecasts that both models made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from readers.summaries.relative_error import error_ratio, error_ratios, relative_errors

#: The origin of 2012 was hard for everybody; `late` was not scored there.
ERRORS = {
    "naive": {2010: 2.0, 2011: 2.0, 2012: 20.0},
    "model": {2010: 1.0, 2011: 1.0, 2012: 10.0},
    "late": {2010: 1.5, 2011: 1.5},
}


def ratios(errors: dict[str, dict[int, float]]) -> pd.DataFrame:
    rows = [
        (model, origin, horizon, value)
        for model, by_origin in errors.items()
        for origin, value in by_origin.items()
        for horizon in (1, 2)
    ]
    columns = ["model", "origin_year", "horizon_years", "value"]
    return error_ratios(pd.DataFrame(rows, columns=columns))


def test_two_models_are_compared_where_both_were_scored() -> None:
    assert error_ratio(ratios(ERRORS), "model", "naive") == pytest.approx(0.5)
    assert error_ratio(ratios(ERRORS), "late", "naive") == pytest.approx(0.75)
    assert error_ratio(ratios(ERRORS), "late", "absent") is None
    assert error_ratio(ratios({"a": {2010: 1.0}, "b": {2011: 1.0}}), "a", "b") is None


def test_a_model_that_missed_a_hard_origin_gains_nothing_by_it() -> None:
    found = relative_errors(ratios(ERRORS), "naive")
    assert found["naive"] == 1
    assert found["model"] == pytest.approx(0.5)
    assert found["late"] == pytest.approx(0.75)


def test_all_pairs_count() -> None:
    """The two beside each other differ from what their errors beside the baseline say."""
    found = relative_errors(
        ratios({"naive": {2010: 1.0, 2011: 1.0}, "a": {2010: 1.0, 2011: 0.5}, "b": {2010: 0.5}}),
        "naive",
    )
    logs = {
        ("naive", "a"): -np.log(0.75),
        ("naive", "b"): -np.log(0.5),
        ("a", "b"): -np.log(0.5),
    }
    of_naive = (logs["naive", "a"] + logs["naive", "b"]) / 3
    of_a = (-logs["naive", "a"] + logs["a", "b"]) / 3
    assert found["a"] == pytest.approx(np.exp(of_a - of_naive))


def test_a_model_that_shares_no_forecast_with_the_baseline_is_not_set_beside_it() -> None:
    errors = {"naive": {2010: 1.0}, "a": {2010: 1.0}, "b": {2011: 1.0}}
    found = relative_errors(ratios(errors), "naive")
    assert found["a"] == 1
    assert np.isnan(found["b"])
