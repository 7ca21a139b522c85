"""Rules of counts, at their limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from expectations import counts_checks as checks
from expectations.earlier_states import earlier_vintages, with_other_state
from expectations.violations import Violations


def counts(*cells: tuple[str, int, float], **columns: object) -> pd.DataFrame:
    """Counts of one series by country and year; the source row is the position."""
    frame = pd.DataFrame(cells, columns=["country", "year", "researchers"])
    given: dict[str, object] = {
        "population": "lab",
        "counting_rule": "modal_country",
        "source": "file",
        "vintage": pd.Timestamp("2020-06-30"),
        "arrivals": np.nan,
        "departures": np.nan,
        "is_provisional": False,
        "source_row": range(2, 2 + len(frame)),
        "previous_researchers": np.nan,
        "earlier_researchers": np.nan,
    }
    return frame.assign(**(given | columns))


def years(country: str, *values: float, first: int = 2010) -> list[tuple[str, int, float]]:
    return [(country, first + at, value) for at, value in enumerate(values)]


def test_only_numbers_below_zero_are_negative() -> None:
    table = counts(("FRA", 2010, 0.0), ("FRA", 2011, -0.5), ("FRA", 2012, 3.0))
    found = checks.negative_counts(table)
    assert (found.count, found.examples) == (1, ("row 3: FRA 2011",))
    for column in ("arrivals", "departures"):
        assert checks.negative_counts(table.iloc[[0]].assign(**{column: -1.0})).count == 1


def test_a_thousand_million_is_the_most_a_cell_may_hold() -> None:
    table = counts(("FRA", 2010, 1e9), ("FRA", 2011, 1e9 + 1))
    assert checks.out_of_range(table).examples == ("row 3: FRA 2011",)
    assert checks.out_of_range(table.iloc[[0]].assign(arrivals=2e9)).count == 1
    assert checks.out_of_range(table.iloc[[0]].assign(departures=2e9)).count == 1


def test_a_missing_count_is_not_finite_and_a_missing_flow_is_nothing() -> None:
    table = counts(("FRA", 2010, np.nan), ("FRA", 2011, np.inf), ("FRA", 2012, 1.0))
    assert checks.not_finite(table).examples == ("row 2: FRA 2010", "row 3: FRA 2011")
    assert checks.not_finite(table.set_axis([7, 3, 5])).count == 2
    assert checks.not_finite(table.iloc[[2]].assign(arrivals=-np.inf)).count == 1


def test_fractions_are_wrong_only_where_persons_are_whole() -> None:
    table = counts(("FRA", 2010, 1.5), ("FRA", 2011, 2.0), ("FRA", 2012, 3.0))
    assert checks.fractions_of_persons(table).examples == ("row 2: FRA 2010",)
    assert checks.fractions_of_persons(table.assign(counting_rule="fractional")).count == 0


def test_the_year_of_the_vintage_is_not_in_its_future() -> None:
    table = counts(("FRA", 2020, 1.0), ("FRA", 2021, 1.0))
    assert checks.future_years(table).examples == ("row 3: FRA 2021",)


def test_codes_are_known_and_hold_in_their_time() -> None:
    table = counts(("FRA", 1980, 1.0), ("ZZZ", 1980, 1.0), ("SUN", 1980, 1.0), ("SUN", 2000, 1.0))
    assert checks.unknown_codes(table).examples == ("row 3: ZZZ 1980",)
    assert checks.codes_out_of_time(table).examples == ("row 5: SUN 2000",)


def test_a_row_is_repeated_if_key_and_number_are_equal() -> None:
    twice = counts(("FRA", 2010, 1.0), ("FRA", 2010, 1.0), ("FRA", 2010, 1.0), ("USA", 2010, 1.0))
    assert checks.repeated_keys(twice).examples == ("row 3: FRA 2010", "row 4: FRA 2010")
    assert checks.conflicting_keys(twice).count == 0
    other = counts(("FRA", 2010, 1.0), ("FRA", 2010, 2.0), ("FRA", 2011, 2.0))
    assert checks.repeated_keys(other).count == 0
    assert checks.conflicting_keys(other).examples == ("row 2: FRA 2010", "row 3: FRA 2010")
    for column, value in (
        ("vintage", [pd.Timestamp("2019-01-01"), pd.Timestamp("2020-01-01")]),
        ("source", ["a", "b"]),
        ("counting_rule", ["whole", "fractional"]),
        ("population", ["a", "b"]),
    ):
        apart = other.iloc[:2].assign(**{column: value})
        assert checks.conflicting_keys(apart).count == 0


def test_gaps_are_named_by_their_first_and_last_year() -> None:
    table = counts(("FRA", 2010, 1.0), ("FRA", 2012, 1.0), ("FRA", 2016, 1.0), ("USA", 2010, 1.0))
    assert checks.missing_years(table).examples == ("FRA 2011", "FRA 2013-2015")
    assert checks.missing_years(table, longer_than=1).examples == ("FRA 2013-2015",)
    assert checks.missing_years(table, longer_than=2).examples == ("FRA 2013-2015",)
    assert checks.missing_years(table, longer_than=3).count == 0
    assert checks.missing_years(table.iloc[::-1]).examples == ("FRA 2011", "FRA 2013-2015")
    apart = table.assign(source=["a", "b", "c", "d"])
    assert checks.missing_years(apart).count == 0


def test_gaps_of_small_countries_can_be_left_out() -> None:
    table = counts(
        ("AAA", 2010, 1.0),
        ("AAA", 2012, 3.0),
        ("BBB", 2010, 99.0),
        ("BBB", 2011, 50.0),
        ("BBB", 2012, 97.0),
    )
    assert checks.missing_years(table, notable_share=0.02).examples == ("AAA 2011",)
    assert checks.missing_years(table, notable_share=0.0201).count == 0


LIMITS = {"max_missing_countries": 0.5, "max_missing_share": 0.1}


def thin(gone: dict[str, float], kept: dict[str, float], **columns: object) -> Violations:
    before = [(code, 2018, value) for code, value in (gone | kept).items()]
    last = [(code, 2019, value) for code, value in kept.items()]
    return checks.thin_latest_year(counts(*before, *last, **columns), **LIMITS)


def test_a_latest_year_may_lack_few_small_countries() -> None:
    assert thin({"AAA": 1.0}, {"BBB": 9.0}).count == 0  # half of the countries, a tenth of all
    assert thin({"AAA": 1.01}, {"BBB": 9.0}).examples == ("AAA 2019",)
    tiny = {"BBB": 0.1, "AAA": 0.1}
    assert thin(tiny, {"CCC": 100.0}).examples == ("AAA 2019", "BBB 2019")
    assert thin(tiny, {"CCC": 50.0, "DDD": 50.0}).count == 0
    assert thin({"AAA": 0.6, "BBB": 0.6}, {"CCC": 4.0, "DDD": 5.0}).count == 2
    assert thin({"AAA": 5.0}, {"BBB": 9.0}, is_provisional=True).count == 0
    one_flag = [False, False, False, True, False]
    assert thin({"AAA": 5.0}, {"BBB": 9.0, "CCC": 1.0}, is_provisional=one_flag).count == 0


def test_countries_that_ended_before_the_last_two_years_are_not_missed() -> None:
    ended = [("AAA", 2017, 50.0), ("BBB", 2017, 1.0), ("BBB", 2018, 1.0), ("BBB", 2019, 1.0)]
    assert checks.thin_latest_year(counts(*ended), **LIMITS).count == 0


def test_every_series_has_its_own_latest_year() -> None:
    first = counts(*years("AAA", 1.0, 1.0), *years("BBB", 9.0), source="a")
    second = counts(*years("AAA", 1.0, 1.0, 1.0), source="b")
    found = checks.thin_latest_year(pd.concat([first, second]), **LIMITS)
    assert found.examples == ("BBB 2011",)


def test_a_year_of_zeros_is_one_in_which_nobody_is_anywhere() -> None:
    table = counts(("FRA", 2010, 0.0), ("USA", 2010, 0.0), ("FRA", 2011, 0.0), ("USA", 2011, 1.0))
    assert checks.years_of_zeros(table).examples == ("year 2010",)
    assert checks.single_zeros(table).count == 3
    assert checks.single_zeros(table).examples[0] == "row 2: FRA 2010"


def test_a_series_needs_enough_countries_with_enough_years() -> None:
    table = counts(*years("FRA", 1, 1, 1), *years("USA", 1, 1, 1), *years("DEU", 1, 1))
    assert checks.short_history(table, min_years=3, min_countries=2).count == 0
    assert checks.short_history(table, min_years=3, min_countries=3).examples == (
        "lab modal_country file: 2 countries with 3 years",
    )
    assert checks.short_history(table, min_years=2, min_countries=3).count == 0
    repeated = pd.concat([table[table["country"] == "DEU"]] * 2)
    assert checks.short_history(repeated, min_years=3, min_countries=1).count == 1


def test_arrivals_and_departures_balance_within_the_tolerance() -> None:
    table = counts(("FRA", 2010, 9.0), ("USA", 2010, 9.0)).assign(
        arrivals=[60.0, 40.0], departures=[50.0, 49.0]
    )
    assert checks.flows_out_of_balance(table, max_flow_imbalance=0.01).count == 0
    found = checks.flows_out_of_balance(table, max_flow_imbalance=0.0099)
    assert found.examples == ("2010: 100 arrive, 99 leave",)
    more_leave = table.assign(departures=[60.0, 42.0])
    assert checks.flows_out_of_balance(more_leave, max_flow_imbalance=0.01).examples == (
        "2010: 100 arrive, 102 leave",
    )
    unknown = table.assign(departures=[50.0, np.nan])
    assert checks.flows_out_of_balance(unknown, max_flow_imbalance=0.1).examples == (
        "2010: 60 arrive, 50 leave",
    )


def moving(*ratios: float, **columns: object) -> pd.DataFrame:
    return counts(*years("FRA", *[100.0] * len(ratios)), **columns).assign(
        arrivals=[100 * ratio for ratio in ratios]
    )


def test_edge_years_are_the_last_ones_whose_moves_collapse() -> None:
    table = moving(0.2, 0.2, 0.2, 0.2, 0.1, 0.1)
    assert checks.unflagged_edge_years(table, max_flow_drop=0.4).examples == (
        "year 2014",
        "year 2015",
    )
    assert checks.unflagged_edge_years(table, max_flow_drop=0.5).count == 0
    early = moving(0.2, 0.1, 0.1, 0.1, 0.1, 0.1)
    assert checks.unflagged_edge_years(early, max_flow_drop=0.4).count == 0
    in_the_first_half = moving(0.2, 0.2, 0.1, 0.1, 0.1, 0.1)
    assert checks.unflagged_edge_years(in_the_first_half, max_flow_drop=0.4).count == 0
    gradual = moving(1.0, 0.7, 0.49, 0.343, 0.2401, 0.16807)
    assert checks.unflagged_edge_years(gradual, max_flow_drop=0.4).count == 0
    half_way = moving(0.2, 0.2, 0.2, 0.1, 0.1, 0.1)
    assert checks.unflagged_edge_years(half_way, max_flow_drop=0.4).count == 3
    flagged = table.assign(is_provisional=table["year"] >= 2014)
    assert checks.unflagged_edge_years(flagged, max_flow_drop=0.4).count == 0
    half_flagged = table.assign(is_provisional=table["year"] == 2014)
    assert checks.unflagged_edge_years(half_flagged, max_flow_drop=0.4).examples == ("year 2015",)
    assert checks.unflagged_edge_years(table.assign(arrivals=np.nan), max_flow_drop=0.4).count == 0


def test_edge_years_are_seen_per_researcher() -> None:
    table = moving(0.2, 0.2, 0.2, 0.2, 0.1, 0.1)
    fewer = table.assign(researchers=[100.0, 100.0, 100.0, 100.0, 50.0, 50.0])
    assert checks.unflagged_edge_years(fewer, max_flow_drop=0.4).count == 0


def test_edge_years_are_seen_in_totals_over_countries() -> None:
    other = moving(0.2, 0.2, 0.2, 0.2, 0.9, 0.9).assign(country="USA")
    both = pd.concat([moving(0.2, 0.2, 0.2, 0.2, 0.1, 0.1), other])
    assert checks.unflagged_edge_years(both, max_flow_drop=0.4).count == 0
    flagged_in_one = both.assign(
        researchers=[1.0] * 6 + [99.0] * 6, arrivals=[0.2] * 4 + [0.1] * 2 + [20.0] * 4 + [8.0] * 2
    )
    assert checks.unflagged_edge_years(flagged_in_one, max_flow_drop=0.4).count == 2


def too_high(table: pd.DataFrame, share: float, jump: float) -> Violations:
    return checks.unknown_share_too_high(table, max_unknown_share=share, max_unknown_jump=jump)


def test_the_part_without_a_country_is_limited_in_size_and_in_jumps() -> None:
    table = counts(*years("FRA", 90, 90, 86), *years("UNK", 10, 10, 14))
    assert checks.unknown_share_too_high(
        table, max_unknown_share=0.1, max_unknown_jump=1
    ).examples == ("2012: 14.0%",)
    assert too_high(table, 1, 0.05).count == 0
    assert checks.unknown_share_too_high(
        table, max_unknown_share=1, max_unknown_jump=0.03
    ).examples == ("2012: 14.0%",)
    exact = counts(*years("FRA", 3, 2), *years("UNK", 1, 2))
    assert too_high(exact, 0.5, 0.25).count == 0
    falling = counts(*years("FRA", 86, 90), *years("UNK", 14, 10))
    assert checks.unknown_share_too_high(
        falling, max_unknown_share=1, max_unknown_jump=0.03
    ).examples == ("2011: 10.0%",)
    series = pd.concat([table.iloc[[0, 3]], table.iloc[[2, 5]].assign(source="b")])
    assert too_high(series, 1, 0.03).count == 0


REVISION = {"against": "previous_researchers", "max_revision": 0.1, "notable_share": 0.01}


def revised(now: float, before: float, **columns: object) -> Violations:
    """Revise one closed year of France, which is a tenth of everybody."""
    table = counts(
        ("FRA", 2018, now), ("FRA", 2019, 100.0), ("USA", 2018, 900.0), ("USA", 2019, 900.0)
    ).assign(previous_researchers=[before, 100.0, 900.0, 900.0])
    return checks.revised_cells(table.assign(**columns), **REVISION)


def test_closed_years_may_change_a_little() -> None:
    assert revised(110, 100).count == 0
    assert revised(111, 100).examples == ("row 2: FRA 2018: 100 -> 111",)
    assert revised(90, 100).count == 0
    assert revised(89, 100).count == 1
    assert revised(111, 0.5).count == 1
    assert revised(111, 0).count == 0
    assert revised(111, np.nan).count == 0
    assert revised(111, 100, is_provisional=[True, False, False, False]).count == 0


def test_the_last_year_shared_with_the_earlier_state_is_open() -> None:
    table = counts(("FRA", 2018, 100.0), ("FRA", 2019, 200.0), ("FRA", 2020, 100.0)).assign(
        previous_researchers=[100.0, 100.0, np.nan]
    )
    assert checks.revised_cells(table, **REVISION).count == 0


@pytest.mark.parametrize("code", ["ROW", "UNK"])
def test_what_is_left_over_is_not_compared(code: str) -> None:
    assert revised(200, 100, country=[code, code, "USA", "USA"]).count == 0


def test_revisions_of_small_cells_are_noise() -> None:
    table = counts(
        ("FRA", 2018, 10.0), ("FRA", 2019, 10.0), ("USA", 2018, 990.0), ("USA", 2019, 990.0)
    ).assign(previous_researchers=[5.0, 10.0, 990.0, 990.0])
    assert checks.revised_cells(table, **REVISION).count == 1
    assert checks.revised_cells(table, **{**REVISION, "notable_share": 0.0101}).count == 0


def test_a_level_shifts_when_the_typical_cell_leaves_the_bounds() -> None:
    def shifted(*now: float) -> Violations:
        table = counts(*years("FRA", *now)).assign(previous_researchers=100.0)
        return checks.shifted_levels(table, level_bounds=[0.5, 2.0])

    assert shifted(200, 200, 200).count == 0
    assert shifted(50, 50, 50).count == 0
    assert shifted(201, 201, 100).examples == ("lab: 2.01 times the previous vintage",)
    assert shifted(49, 49, 100).count == 1
    assert shifted(100, 100, 9000).count == 0
    part = counts(*years("FRA", 5.0)).assign(previous_researchers=0.5)
    assert checks.shifted_levels(part, level_bounds=[0.5, 2.0]).count == 1
    nobody = counts(*years("FRA", 5.0)).assign(previous_researchers=0.0)
    assert checks.shifted_levels(nobody, level_bounds=[0.5, 2.0]).count == 0


def test_another_state_is_put_beside_the_same_cells_of_the_newest_vintage() -> None:
    now = counts(("FRA", 2018, 1.0), ("USA", 2018, 2.0))
    other = counts(("FRA", 2018, 7.0), ("DEU", 2018, 9.0))
    both = with_other_state(now, other, "before")
    assert both["before"].tolist()[0] == 7.0
    assert np.isnan(both["before"].tolist()[1])
    assert with_other_state(now, None, "before")["before"].isna().all()
    assert with_other_state(now, other.iloc[:0], "before")["before"].isna().all()
    for column in ("population", "counting_rule", "source"):
        apart = with_other_state(now, other.assign(**{column: "b"}), "before")
        assert apart["before"].isna().all()


def test_only_newest_vintages_are_compared_on_both_sides() -> None:
    older, newer = pd.Timestamp("2018-01-01"), pd.Timestamp("2019-01-01")
    now = counts(("FRA", 2018, 1.0), ("FRA", 2018, 2.0), vintage=[older, newer])
    other = counts(("FRA", 2018, 5.0), ("FRA", 2018, 7.0), vintage=[older, newer])
    both = with_other_state(now, other, "before")
    assert both["before"].fillna(-1).tolist() == [-1.0, 7.0]
    elsewhere = with_other_state(now.set_axis([7, 3]), other, "before")
    assert elsewhere["before"].fillna(-1).tolist() == [-1.0, 7.0]
    earlier = earlier_vintages(now)
    assert earlier is not None
    assert earlier["researchers"].tolist() == [1.0]
    assert earlier_vintages(now.iloc[[1]]) is None
    apart = now.assign(source=["a", "b"])
    assert earlier_vintages(apart) is None
