"""What pages say follows from the tables, in words that never overstate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from readers.summaries.describe import forecast_cells, share_rows
from readers.summaries.headlines import (
    country_headline,
    leading_pair,
    odds_by_year,
    overview_headline,
    year_of_passing,
)
from readers.summaries.joint_samples import JointDraws, order_changes
from readers.summaries.populations import reading_order
from readers.summaries.reference_figures import reference_points
from readers.summaries.returns import cohort_cells
from readers.summaries.series import Series, share_fan, wide
from readers.summaries.source_line import source_line
from readers.summaries.track_record import placement, track_headline, track_record
from readers.summaries.wording import odds, probability
from talentcast.domain.errors import UsageError
from talentcast.domain.types import CountingRule, SeriesKey


def samples() -> pd.DataFrame:
    """Four draws, two years: B passes A in one draw in 2024 and in another in 2025 only."""
    a = {2024: [0.6, 0.6, 0.6, 0.4], 2025: [0.6, 0.6, 0.4, 0.6]}
    rows = [
        {"target_year": year, "output_type_id": float(draw), "country": country, "value": value}
        for year, shares in a.items()
        for draw, share in enumerate(shares)
        for country, value in (("AAA", share), ("BBB", 1 - share))
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def series(*, last: float = 0.55) -> Series:
    joint_draws = JointDraws.from_rows(samples())
    levels = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]
    rows = [
        {
            "country": country,
            "origin_year": 2023,
            "horizon_years": year - 2023,
            "target_year": year,
            "output_type": "quantile",
            "output_type_id": level,
            "value": float(np.quantile(joint_draws.of(country)[place], level)),
        }
        for place, year in enumerate(joint_draws.years)
        for country in joint_draws.countries
        for level in levels
    ]
    history = pd.DataFrame(
        {
            "country": ["AAA", "BBB"] * 2,
            "year": [2022, 2022, 2023, 2023],
            "share": [45.0, 55.0, 100 * last, 100 - 100 * last],
            "is_provisional": False,
        }
    )
    return Series(
        SeriesKey("field_survey", CountingRule.MODAL_COUNTRY, "file"),
        "baseline",
        "pooled",
        history,
        wide(pd.DataFrame(rows), scale=100),
        pd.DataFrame(),
        joint_draws,
        {"AAA": "Aland", "BBB": "Beland"},
    )


def test_being_ahead_in_a_year_is_not_having_passed_by_then() -> None:
    joint_draws = JointDraws.from_rows(samples())
    assert joint_draws.ahead("BBB", "AAA").tolist() == [0.25, 0.25]
    assert joint_draws.ahead_at_some_time("BBB", "AAA", by=2024) == 0.25
    assert joint_draws.ahead_at_some_time("BBB", "AAA", by=2025) == 0.5


def test_the_two_largest_come_in_the_order_of_the_forecast_s_end() -> None:
    found = series(last=0.45)  # BBB is larger now; AAA is expected to be
    assert found.leaders == ["BBB", "AAA"]
    assert leading_pair(found) == ("AAA", "BBB")
    assert odds_by_year(found, "AAA", "BBB") == [(2024, "75%"), (2025, "75%")]


def test_a_year_beyond_the_forecast_is_refused() -> None:
    with pytest.raises(UsageError, match="2024 to 2025; 2030 is outside"):
        JointDraws.from_rows(samples()).ahead_at_some_time("BBB", "AAA", by=2030)


def test_samples_of_two_series_are_never_mixed() -> None:
    with pytest.raises(UsageError, match="mixed"):
        JointDraws.from_rows(pd.concat([samples(), samples()]))


def test_an_unknown_country_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="'ATA' is not forecast here"):
        JointDraws.from_rows(samples()).ahead("ATA", "AAA")


def test_pairs_in_play_are_those_that_may_change_order() -> None:
    joint_draws = JointDraws.from_rows(samples())
    last = pd.Series({"AAA": 55.0, "BBB": 45.0})
    (row,) = order_changes(joint_draws, last, years=(2024, 2025)).to_dict("records")
    assert row == {"behind": "BBB", "ahead": "AAA", "early": 0.25, "late": 0.25}
    assert order_changes(joint_draws, last, years=(2024, 2025), least=0.3).empty


def test_the_overview_says_who_leads_and_the_odds_of_a_change() -> None:
    found = overview_headline(series())
    assert found.title == (
        "Aland’s lead is likely to widen: about 60% of all in field survey by 2025"
    )
    assert "Aland passed Beland in 2023." in found.text()
    assert "the order is reversed, about 3 in 10" in found.text()


@pytest.mark.parametrize(
    ("last", "said"), [(0.55, "more likely than not to rise"), (0.65, "very likely to fall")]
)
def test_a_country_s_heading_is_as_sure_as_the_samples(last: float, said: str) -> None:
    assert said in country_headline(series(last=last), "AAA").title


@pytest.mark.parametrize("value", [0.0, 0.004, 0.996, 1.0])
def test_no_probability_is_written_as_certain(value: float) -> None:
    assert probability(value) in ("<1%", ">99%")
    assert odds(value) in ("less than 1 in 100", "more than 99 in 100")


def test_a_country_that_always_led_has_passed_nobody() -> None:
    history = pd.DataFrame(
        {"year": [1, 1, 2, 2], "country": ["A", "B"] * 2, "share": [2.0, 1.0, 2.0, 1.0]}
    )
    assert year_of_passing(history, "A", "B") is None
    assert year_of_passing(history, "B", "A") is None


def test_figures_of_others_need_the_same_population_measure_and_unit() -> None:
    figure = {
        "population": "NeurIPS accepted-paper authorships",
        "measure": "work_share",
        "unit": "percent of authorships",
        "location_iso3": "USA",
        "year": 2020,
        "value": 31.0,
        "publisher": "P",
        "confidence": "secondary",
    }
    others = [
        figure | {"unit": "percent"},
        figure | {"measure": "origin_share"},
        figure | {"population": "ICML accepted-paper authorships"},
    ]
    figures = pd.DataFrame([figure, *others])
    assert len(reference_points(figures, "neurips_authorships")) == 1
    assert reference_points(figures, "scholars_scopus").empty
    assert reference_points(figures, "icml_authorships").empty


def scores(coverage: float) -> pd.DataFrame:
    rows = [
        (model, origin, 1, metric, value)
        for origin in (2020, 2021)
        for model, wis in (("pooled", 0.1), ("naive", 0.2), ("drift", 0.05))
        for metric, value in (
            ("wis", wis),
            ("coverage_50", coverage - 0.3),
            ("coverage_80", coverage),
            ("coverage_95", 0.95),
        )
    ]
    return pd.DataFrame(rows, columns=["model", "origin_year", "horizon_years", "metric", "value"])


@pytest.mark.parametrize(
    ("coverage", "said"),
    [(0.8, "but its ranges were about right"), (0.6, "too narrow"), (0.9, "too wide")],
)
def test_the_verdict_follows_the_scores(coverage: float, said: str) -> None:
    title = track_headline(track_record(scores(coverage), "pooled")).title
    assert title.startswith("The model beat one baseline of two, ")
    assert said.split(" ranges ")[-1] in title


def test_errors_stand_beside_the_baselines_and_beside_all_pairs() -> None:
    record = track_record(scores(0.8), "pooled")
    assert record.beside == pytest.approx({"naive": 0.5, "drift": 2.0})
    by_name = {"talentcast": 0.5, "No change": 1.0, "Recent trend": 0.25}
    assert record.relative == pytest.approx(by_name)


def test_outcomes_are_placed_from_the_middle_outwards() -> None:
    placed = placement(track_record(scores(0.8), "pooled"))
    assert placed["value"].round(6).tolist() == [50.0, 30.0, 15.0, 5.0]
    assert placed["promised"].tolist() == [50.0, 30.0, 15.0, 5.0]


def test_a_withheld_cell_and_one_too_recent_are_words() -> None:
    base = {
        "host_group": "europe",
        "researchers_at_risk": 100.0,
        "return_probability": 0.2,
        "lower_95": 0.1,
        "upper_95": 0.3,
        "is_suppressed": False,
    }
    rows = pd.DataFrame(
        [
            base | {"landmark_year": 2015, "horizon_years": 1},
            base | {"landmark_year": 2015, "horizon_years": 5, "is_suppressed": True},
            base | {"landmark_year": 2019, "horizon_years": 1},
        ]
    )
    first, second = cohort_cells(rows, [1, 5], last_year=2020)
    assert [cell for cell, _ in first] == ["2015", "Europe", "100", "20% (10–30)", "withheld"]
    assert second[-1] == ("too recent", True)


def test_a_series_says_how_far_it_is_counted_and_which_forecast_years_are_past() -> None:
    found = series(last=0.45)
    read = found.history.assign(vintage=pd.Timestamp("2024-07-24"))
    late = replace(found, history=read, as_of=date(2025, 11, 23))
    assert late.freshness == "last counted 2023, read 2024-07-24"
    assert (found.uncounted_years, late.uncounted_years) == ([], [2024])
    line = source_line(late, release_id="r1", as_of=date(2025, 11, 23), unit="%").text()
    assert "last counted 2023, read 2024-07-24, as of 23 Nov 2025." in line
    assert line.endswith("Past but not yet counted: 2024.")
    assert [cells[0] for cells in forecast_cells(late, "AAA")] == ["2024, not yet counted", "2025"]
    assert share_fan(late, ["AAA"]).last_past_year == 2024


def test_a_series_says_which_years_are_being_counted() -> None:
    found = series()
    begun = pd.DataFrame(
        {"country": ["AAA", "BBB"], "year": 2024, "share": [50.0, 50.0], "is_provisional": True}
    )
    shares = found.shares.assign(origin_year=2024, horizon_years=found.shares["year"] - 2024)
    history = pd.concat([found.history, begun])
    ours = replace(found, shares=shares, history=history, as_of=date(2025, 2, 1))
    assert (ours.last_counted, ours.origin_year, ours.nowcast_years) == (2023, 2024, [2024])
    assert ours.uncounted_years == []
    assert ours.freshness == "last counted 2023, 2024 being counted"
    assert ours.last_shares.to_dict() == found.last_shares.to_dict()
    assert [row[0] for row in forecast_cells(ours, "AAA")] == [
        "2024, estimate",
        "2025",
    ]
    line = source_line(ours, release_id="r1", as_of=date(2025, 2, 1), unit="%").text()
    assert "last counted 2023," in line
    assert line.endswith("Being counted, estimated: 2024.")
    fan = share_fan(ours, ["AAA"])
    assert (fan.last_counted, fan.nowcast_years, fan.counted_or_past) == (2023, [2024], 2024)
    assert fan.so_far["value"].tolist() == [50.0]
    rows = share_rows(ours, ["AAA"])
    assert rows[rows["year"] == 2024]["kind"].tolist() == ["provisional", "nowcast"]


def test_readers_meet_ai_that_was_counted_last_first_and_simulated_people_last() -> None:
    counted = {
        ("scholars_scopus", "bundled"): 2025,
        ("synthetic_careers", "simulator"): 2026,
        ("colt_authorships", "bundled"): 2024,
        ("my_own_counts", "file"): 2025,
        ("icml_authorships", "bundled"): 2025,
        ("neurips_authorships", "bundled"): 2025,
        ("ijcai_lead_authors", "bundled"): 2025,
    }
    keys = {
        SeriesKey(name, CountingRule.UNSPECIFIED, source): year
        for (name, source), year in counted.items()
    }
    ordered = sorted(keys, key=lambda key: reading_order(key, keys[key]))
    assert [key.population for key in ordered] == [
        "neurips_authorships",
        "icml_authorships",
        "ijcai_lead_authors",
        "colt_authorships",
        "my_own_counts",
        "scholars_scopus",
        "synthetic_careers",
    ]
