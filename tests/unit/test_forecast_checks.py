"""Checks of forecasts, at their limits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from expectations import forecast_checks as checks
from talentcast.domain.types import QUANTILE_LEVELS

COUNTRIES = ("CHN", "USA")


def forecasts() -> pd.DataFrame:
    """Two horizons of two countries: a mean, a median, two samples and all quantiles."""
    rows = []
    for horizon in (1, 2):
        for output_type, ids, shares in (
            ("mean", [np.nan], [0.4]),
            ("median", [np.nan], [0.4]),
            ("sample", [0.0, 1.0], [0.3, 0.5]),
            ("quantile", list(QUANTILE_LEVELS), list(np.linspace(0.2, 0.45, len(QUANTILE_LEVELS)))),
        ):
            for number, share in zip(ids, shares, strict=True):
                for country, value in zip(COUNTRIES, (share, 1 - share), strict=True):
                    shown = share if output_type == "quantile" else value
                    rows.append((country, horizon, output_type, number, shown))
    frame = pd.DataFrame(
        rows, columns=["country", "horizon_years", "output_type", "output_type_id", "value"]
    )
    return frame.assign(
        target="researcher_share",
        population="people",
        counting_rule="modal_country",
        source="file",
        scenario="baseline",
        model="drift",
        origin_year=2019,
        target_year=2019 + frame["horizon_years"],
    )


def with_value(output_type: str, value: float, *, nth: int = 0) -> pd.DataFrame:
    frame = forecasts()
    row = frame.index[frame["output_type"] == output_type][nth]
    frame.loc[row, "value"] = value
    return frame


def every_rule(frame: pd.DataFrame) -> dict[str, int]:
    return {
        "finite": checks.not_finite(frame).count,
        "range": checks.shares_above_one(frame, tolerance=1e-9).count,
        "years": checks.wrong_target_years(frame).count,
        "crossing": checks.crossing_quantiles(frame, overlap=0.0).count,
        "levels": checks.wrong_levels(frame).count,
        "ids": checks.needless_ids(frame).count,
        "means": checks.open_compositions(frame, output_type="mean", tolerance=1e-9).count,
        "samples": checks.open_compositions(frame, output_type="sample", tolerance=1e-9).count,
        "repeated": checks.repeated_rows(frame).count,
        "countries": checks.countries_differ(frame).count,
    }


def test_sound_forecasts_break_no_rule() -> None:
    assert set(every_rule(forecasts()).values()) == {0}


def test_missing_and_infinite_values_are_not_finite() -> None:
    for value in (np.nan, np.inf, -np.inf):
        assert checks.not_finite(with_value("median", value)).count == 1


def test_a_share_is_at_most_one_and_other_targets_are_not_shares() -> None:
    assert checks.shares_above_one(with_value("median", 1.0), tolerance=0.0).count == 0
    assert checks.shares_above_one(with_value("median", 1.25), tolerance=0.25).count == 0
    assert checks.shares_above_one(with_value("median", 1.25), tolerance=0.2).count == 1
    stocks = with_value("median", 1e6).assign(target="researcher_stock")
    assert checks.shares_above_one(stocks, tolerance=0.0).count == 0


def test_the_target_year_is_origin_plus_horizon() -> None:
    frame = forecasts()
    frame.loc[0, "target_year"] += 1
    assert checks.wrong_target_years(frame).count == 1


def test_quantiles_rise_within_a_series_only() -> None:
    frame = forecasts()
    assert checks.crossing_quantiles(frame.iloc[::-1], overlap=0.0).count == 0
    lower = with_value("quantile", 0.0, nth=20)
    assert checks.crossing_quantiles(lower, overlap=0.0).count == 1
    assert checks.crossing_quantiles(lower, overlap=1.0).count == 0
    equal = frame.assign(value=0.5)
    assert checks.crossing_quantiles(equal, overlap=0.0).count == 0
    # The last quantile of one series is above the first of the next: no crossing.
    models = pd.concat([frame, frame.assign(model="naive", value=0.1)])
    assert checks.crossing_quantiles(models, overlap=0.0).count == 0


def test_exactly_the_published_levels_are_there() -> None:
    frame = forecasts()
    row = frame.index[frame["output_type"] == "quantile"][0]
    lacking = checks.wrong_levels(frame.drop(index=row))
    assert lacking.count == 1
    assert lacking.observed == "1 series without exactly 23 quantiles"
    assert lacking.examples == (lacking.observed,)
    two = frame.index[(frame["output_type"] == "quantile") & (frame["output_type_id"] == 0.5)][:2]
    assert checks.wrong_levels(frame.drop(index=two)).count == 2
    other = frame.copy()
    other.loc[row, "output_type_id"] = 0.011
    strange = checks.wrong_levels(other)
    assert strange.count == 1
    assert "drift CHN 2019 1 quantile 0.011" in strange.examples[0]
    rounded = frame.copy()
    rounded.loc[row, "output_type_id"] += 1e-12
    assert checks.wrong_levels(rounded).count == 0


def test_quantiles_and_samples_have_ids_and_means_and_medians_have_none() -> None:
    for output_type in ("mean", "median"):
        frame = forecasts()
        frame.loc[frame.index[frame["output_type"] == output_type][0], "output_type_id"] = 0.5
        assert checks.needless_ids(frame).count == 1
    for output_type in ("quantile", "sample"):
        frame = forecasts()
        frame.loc[frame.index[frame["output_type"] == output_type][0], "output_type_id"] = np.nan
        assert checks.needless_ids(frame).count == 1


def test_means_and_every_sample_close() -> None:
    off = with_value("sample", 0.8)
    found = checks.open_compositions(off, output_type="sample", tolerance=1e-9)
    assert (found.count, found.examples) == (1, ("drift 2019+1 id 0.0: 1.5",))
    later = with_value("sample", 0.75, nth=7)
    found = checks.open_compositions(later, output_type="sample", tolerance=1e-9)
    assert found.examples == ("drift 2019+2 id 1.0: 1.25",)
    assert checks.open_compositions(off, output_type="sample", tolerance=0.5).count == 0
    assert checks.open_compositions(off, output_type="mean", tolerance=1e-9).count == 0
    mean = with_value("mean", 0.1)
    assert checks.open_compositions(mean, output_type="mean", tolerance=1e-9).count == 1
    none = forecasts().iloc[:0]
    assert checks.open_compositions(none, output_type="mean", tolerance=1e-9).count == 0
    stocks = off.assign(target="researcher_stock")
    assert checks.open_compositions(stocks, output_type="sample", tolerance=0).count == 0


def test_only_five_open_compositions_are_named() -> None:
    off = forecasts().assign(value=0.9)
    many = pd.concat([off.assign(model=f"m{number}") for number in range(3)])
    found = checks.open_compositions(many, output_type="sample", tolerance=1e-9)
    assert (found.count, len(found.examples)) == (12, 5)


def test_a_row_that_stands_twice_is_named_once() -> None:
    frame = forecasts()
    assert checks.repeated_rows(pd.concat([frame, frame.iloc[[3]]])).count == 1
    for column in ("target", "population", "counting_rule", "source", "scenario", "model"):
        apart = pd.concat([frame, frame.assign(**{column: "other"})])
        assert checks.repeated_rows(apart).count == 0
    for column in ("origin_year", "horizon_years", "output_type_id"):
        apart = pd.concat([frame, frame.assign(**{column: frame[column].fillna(0) + 50})])
        assert checks.repeated_rows(apart).count == 0


def test_every_horizon_and_output_type_covers_the_same_countries() -> None:
    frame = forecasts()
    gone = frame[(frame["country"] == "USA") & (frame["output_type"] == "median")].index[:1]
    found = checks.countries_differ(frame.drop(index=gone))
    assert found.examples == ("researcher_share people modal_country file baseline drift 2019",)
    of_horizon = frame[(frame["country"] == "USA") & (frame["horizon_years"] == 2)].index
    assert checks.countries_differ(frame.drop(index=of_horizon)).count == 1
    names = ["target", "population", "counting_rule", "source", "scenario", "model", "output_type"]
    coded = pd.concat([frame, frame.assign(model="naive", output_type="mean")]).astype(
        dict.fromkeys([*names, "country"], "category")
    )
    assert checks.countries_differ(coded).count == 0
    coded["model"] = coded["model"].cat.add_categories("unused")
    assert checks.countries_differ(coded).count == 0
    whole = frame[frame["country"] == "USA"]
    assert checks.countries_differ(whole).count == 0
    stocks = frame.drop(index=gone).assign(target="researcher_stock")
    assert checks.countries_differ(stocks).count == 0
