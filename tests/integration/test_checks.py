"""The checks of counts, panels and forecasts on real Great Expectations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from expectations.check import check_counts, check_forecasts, check_panel
from expectations.contract import missing_columns
from expectations.run import run_checks
from expectations.suite import Bound, Check
from features.panel import Panel
from sources.bundled import Bundled
from talentcast.domain.checks import CheckReport, Outcome
from talentcast.domain.tables import FORECASTS
from talentcast.domain.types import QUANTILE_LEVELS, CountingRule, SeriesKey
from talentcast.populations.catalogue import bundled_populations

COUNTRIES = ["CHN", "USA", "ROW"]
KEY = SeriesKey("people", CountingRule.MODAL_COUNTRY, "file")


def failed(report: CheckReport) -> set[str]:
    return {one.check for one in report.failed}


def panel(counts: dict[str, list[float]], first_year: int = 2010) -> Panel:
    years = range(first_year, first_year + len(next(iter(counts.values()))))
    return Panel(KEY, pd.DataFrame(counts, index=pd.Index(years, name="year"), dtype=float))


def forecasts(n_samples: int = 50, horizons: tuple[int, ...] = (1, 2)) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    parts = []
    for horizon in horizons:
        draws = rng.dirichlet(np.ones(3), n_samples)
        for output_type, ids, values in (
            ("sample", np.arange(n_samples, dtype=float), draws),
            ("mean", np.array([np.nan]), draws.mean(axis=0)[None]),
            ("median", np.array([np.nan]), np.median(draws, axis=0)[None]),
            (
                "quantile",
                np.array(QUANTILE_LEVELS),
                np.quantile(draws, QUANTILE_LEVELS, axis=0),
            ),
        ):
            rows = {
                "country": COUNTRIES * len(ids),
                "output_type": output_type,
                "output_type_id": np.repeat(ids, 3),
                "value": values.ravel(),
                "horizon_years": horizon,
                "target_year": 2019 + horizon,
            }
            parts.append(pd.DataFrame(rows))
    constant = {
        "target": "researcher_share",
        "population": "people",
        "counting_rule": "modal_country",
        "source": "file",
        "scenario": "baseline",
        "model": "drift",
        "origin_year": 2019,
    }
    frame = pd.concat(parts, ignore_index=True).assign(**constant)
    return frame[list(FORECASTS.unpublished_columns)]


def changed(frame: pd.DataFrame, row: int, **values: object) -> pd.DataFrame:
    other = frame.copy()
    for name, value in values.items():
        other.loc[row, name] = value
    return other


def test_the_bundled_figures_pass_the_checks_of_counts() -> None:
    source = Bundled()
    report = check_counts(source.parse(source.download()).counts)
    assert not report.failed
    assert {one.table for one in report.results} == {
        name for name, one in bundled_populations().items() if one.source == "bundled"
    }


def test_every_result_has_a_key_of_its_own() -> None:
    source = Bundled()
    frame = check_counts(source.parse(source.download()).counts).to_frame()
    assert not frame.duplicated(["stage", "table", "check"]).any()


def test_f080_a_series_of_two_years_is_too_short() -> None:
    source = Bundled()
    counts = source.parse(source.download()).counts
    short = counts[counts["year"].between(2018, 2019) & (counts["population"] == "scholars_scopus")]
    assert failed(check_counts(short)) == {"MIN_HISTORY"}


def test_f078_an_expectation_that_raises_is_reported_apart_from_a_violation() -> None:
    source = Bundled()
    counts = source.parse(source.download()).counts
    report = check_counts(counts[counts["population"] == "robotics_authors"].drop(columns="year"))
    outcomes = {one.check: one for one in report.results}
    assert outcomes["COLUMNS"].outcome is Outcome.FAIL
    assert outcomes["GAP"].outcome is Outcome.COULD_NOT_RUN
    assert "year" in outcomes["GAP"].observed
    assert outcomes["CHECKS_EVALUATED"].outcome is Outcome.FAIL


def test_f077_an_empty_suite_fails() -> None:
    report = run_checks(pd.DataFrame({"value": [1]}), [], stage="counts", table="any")
    assert failed(report) == {"CHECKS_EVALUATED"}


def test_a_suite_does_not_name_a_check_twice() -> None:
    check = Check("ONCE", Bound.of(missing_columns, {"columns": []}))
    with pytest.raises(ValueError, match="twice"):
        run_checks(pd.DataFrame({"value": [1]}), [check, check], stage="counts", table="any")


def test_a_sound_panel_passes() -> None:
    report = check_panel(panel({"CHN": [1, 2, 3], "USA": [4, 5, 6], "ROW": [7, 8, 9]}))
    assert len(report.passed) == len(report.results)


def test_a_missing_year_of_a_panel_is_a_warning() -> None:
    report = check_panel(panel({"CHN": [1, np.nan, 3, 4], "USA": [4, 5, 6, 7]}))
    assert not report.failed
    assert [one.example_keys for one in report.warned] == [("CHN 2011",)]


def test_zeros_skipped_years_and_unknown_codes_fail_the_panel() -> None:
    assert failed(check_panel(panel({"CHN": [1, 0, 3], "USA": [4, 5, 6]}))) == {"POSITIVE"}
    assert failed(check_panel(panel({"ZZZ": [1, 2, 3], "USA": [4, 5, 6]}))) == {"KNOWN_CODES"}
    assert failed(check_panel(panel({"CHN": [1, 2], "USA": [4, 5]}))) == {"MIN_HISTORY"}
    skipping = panel({"CHN": [1, 2, 3], "USA": [4, 5, 6]})
    skipping = Panel(KEY, skipping.counts.set_axis([2010, 2011, 2013]))
    assert failed(check_panel(skipping)) == {"YEARS_CONTIGUOUS"}


def test_sound_forecasts_pass() -> None:
    frame = forecasts()
    report = check_forecasts(frame, expected_rows=len(frame), countries=COUNTRIES)
    assert len(report.passed) == len(report.results)


def test_checking_forecasts_changes_nothing() -> None:
    frame = forecasts()
    before = frame.copy()
    check_forecasts(frame)
    pd.testing.assert_frame_equal(frame, before)


def row_of(frame: pd.DataFrame, output_type: str, nth: int = 0) -> int:
    return int(frame.index[frame["output_type"] == output_type][nth])


def test_a_sample_that_does_not_sum_to_one_fails() -> None:
    frame = forecasts()
    row = row_of(frame, "sample")
    off = changed(frame, row, value=frame.loc[row, "value"] + 1e-6)
    assert failed(check_forecasts(off)) == {"SAMPLES_CLOSE"}


def test_a_mean_that_does_not_sum_to_one_fails() -> None:
    frame = forecasts()
    row = row_of(frame, "mean")
    off = changed(frame, row, value=frame.loc[row, "value"] + 1e-6)
    assert failed(check_forecasts(off)) == {"MEANS_CLOSE"}


def test_crossing_quantiles_fail() -> None:
    frame = forecasts()
    assert failed(check_forecasts(changed(frame, row_of(frame, "quantile", 9), value=0.99))) == {
        "QUANTILES_MONOTONE"
    }


def test_f082_values_that_are_not_finite_fail() -> None:
    frame = forecasts()
    report = check_forecasts(changed(frame, row_of(frame, "median"), value=np.nan))
    assert failed(report) == {"FINITE", "VALUE_MISSING"}
    report = check_forecasts(changed(frame, row_of(frame, "median"), value=np.inf))
    assert failed(report) == {"FINITE", "SHARE_RANGE"}


def test_missing_and_repeated_rows_fail() -> None:
    frame = forecasts()
    lacking = check_forecasts(frame.drop(index=row_of(frame, "median")), expected_rows=len(frame))
    assert failed(lacking) == {"ROW_COUNT", "COUNTRIES_EQUAL"}
    repeated = pd.concat([frame, frame[frame["output_type"] == "median"].head(1)])
    assert failed(check_forecasts(repeated)) == {"KEYS_UNIQUE"}


def test_a_quantile_level_that_is_not_published_fails() -> None:
    frame = forecasts()
    off = changed(frame, row_of(frame, "quantile"), output_type_id=0.011)
    assert failed(check_forecasts(off)) == {"QUANTILE_LEVELS"}


def test_a_wrong_target_year_and_a_wrong_word_fail() -> None:
    frame = forecasts()
    assert failed(check_forecasts(changed(frame, 0, target_year=2050))) == {"TARGET_YEAR"}
    assert "MODEL_FORM" in failed(check_forecasts(frame.assign(model="Best Model")))
    assert "TARGET_VALUES" in failed(check_forecasts(frame.assign(target="salary")))


def test_another_set_of_countries_fails() -> None:
    report = check_forecasts(forecasts(), countries=["CHN", "USA", "FRA", "ROW"])
    assert failed(report) == {"COUNTRIES"}
