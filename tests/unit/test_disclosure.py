"""Disclosure control, tested by attacks that succeed on unprotected tables."""

from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from privacy.disclosure import (
    DEFAULT,
    Protection,
    keep_previous_cells,
    keep_previous_counts,
    protected_counts,
    rate_step,
    rounded,
    withheld,
)

NO_PROTECTION = Protection(min_people=0, base=1)


def cells(*people: int) -> pd.DataFrame:
    return pd.DataFrame({"year": 2000, "host": list("abcdefgh")[: len(people)], "people": people})


def test_f097_a_small_cell_takes_the_smallest_other_cell_with_it() -> None:
    assert withheld(cells(3, 40, 25), [["year"]]).tolist() == [True, False, True]


def test_small_cells_that_are_many_together_need_no_other() -> None:
    assert withheld(cells(6, 7, 25), [["year"]]).tolist() == [True, True, False]


def test_empty_cells_hide_nothing_and_need_not_be_hidden() -> None:
    assert withheld(cells(0, 3, 40, 25), [["year"]]).tolist() == [False, True, False, True]


def most_and_least(table: pd.DataFrame, hidden: np.ndarray, totals: list[list[str]], row: int):
    """What an attacker who knows all totals and all shown cells can say of one cell."""
    equations, values = [], []
    for columns in totals:
        for rows in table.groupby(columns).indices.values():
            equation = np.zeros(len(table))
            equation[rows] = 1
            equations.append(equation)
            values.append(table["people"].to_numpy()[rows].sum())
    for shown in np.flatnonzero(~hidden):
        equation = np.zeros(len(table))
        equation[shown] = 1
        equations.append(equation)
        values.append(table["people"].iloc[shown])
    goal = np.zeros(len(table))
    goal[row] = 1
    ends = [
        linprog(sign * goal, A_eq=np.array(equations), b_eq=values, bounds=(0, None)).fun
        for sign in (1, -1)
    ]
    return ends[0], -ends[1]


@pytest.mark.parametrize("seed", range(6))
def test_f097_no_withheld_cell_can_be_had_by_subtracting_in_any_direction(seed: int) -> None:
    rng = np.random.default_rng(seed)
    keys = list(product(["x", "y", "z", "w"], ["a", "b", "c", "d"]))
    table = pd.DataFrame(keys, columns=["origin", "host"]).assign(
        people=rng.negative_binomial(1, 0.03, len(keys))
    )
    totals = [["origin"], ["host"]]
    hidden = withheld(table, totals).to_numpy()
    small = (table["people"] > 0) & (table["people"] < 10)
    for row in np.flatnonzero(small):
        low, high = most_and_least(table, hidden, totals, row)
        assert high - low > 1e-6
    if small.any():
        naive = small.to_numpy()
        exposed = [
            np.ptp(most_and_least(table, naive, totals, row)) < 1e-6
            for row in np.flatnonzero(small)
        ]
        if seed == 0:
            assert any(exposed), "without complements the attack must succeed"


def published(table: pd.DataFrame, before: pd.DataFrame, protection: Protection) -> pd.DataFrame:
    held = keep_previous_cells(table, before, ["year", "host"], protection=protection)
    is_withheld = withheld(held, [["year"]], protection=protection) | held["is_near_withheld"]
    shown = pd.Series(rounded(held["people"].to_numpy(dtype=float), protection)).mask(is_withheld)
    return held.assign(is_withheld=is_withheld, shown=shown)


@pytest.mark.parametrize("newcomers", [1, 2, 4, 9])
def test_f098_two_releases_do_not_show_who_joined_in_between(newcomers: int) -> None:
    """The attacker knows everybody but a few people who came between the releases."""
    nothing = pd.DataFrame()
    for size in range(10, 60, 7):
        first, second = cells(size, 200, 300), cells(size + newcomers, 200, 300)
        before = published(first, nothing, DEFAULT)
        after = published(second, before, DEFAULT)
        assert before["shown"].equals(after["shown"])
    bare = published(cells(20, 200, 300), nothing, NO_PROTECTION)
    later = published(cells(20 + newcomers, 200, 300), bare, NO_PROTECTION)
    assert (later["shown"] - bare["shown"]).max() == newcomers, "unprotected, it shows"


def test_f098_small_steps_over_many_releases_show_only_large_differences() -> None:
    before, shown = pd.DataFrame(), []
    for size in range(20, 60):
        before = published(cells(size, 200, 300), before, DEFAULT)
        shown.append(before["shown"].iloc[0])
    steps = np.diff(shown)
    assert set(steps) <= {0.0, 10.0}


def test_a_cell_that_was_withheld_waits_until_it_has_clearly_grown() -> None:
    before = published(cells(8, 9, 300), pd.DataFrame(), DEFAULT)
    assert published(cells(12, 12, 300), before, DEFAULT)["is_withheld"].tolist()[:2] == [True] * 2
    assert not published(cells(25, 25, 300), before, DEFAULT)["is_withheld"].any()


def test_a_cell_that_fell_below_the_limit_is_withheld_at_once() -> None:
    before = published(cells(12, 200, 300), pd.DataFrame(), DEFAULT)
    assert published(cells(9, 200, 300), before, DEFAULT)["is_withheld"].iloc[0]


def counts(**researchers: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "population": "p",
            "counting_rule": "modal_country",
            "source": "s",
            "vintage": date(2025, 1, 1),
            "year": 2000,
            "country": list(researchers),
            "researchers": [float(n) for n in researchers.values()],
            "arrivals": 3.0,
            "departures": 12.0,
            "is_provisional": False,
        }
    )


def test_counts_of_few_people_go_into_the_rest_of_the_world() -> None:
    found = protected_counts(counts(USA=103, CHN=52, FRA=7, DEU=6)).set_index("country")
    assert found["researchers"].to_dict() == {"CHN": 50, "ROW": 15, "USA": 105}


def test_a_single_small_country_is_not_alone_in_the_rest_of_the_world() -> None:
    found = protected_counts(counts(USA=103, CHN=52, FRA=7)).set_index("country")
    assert found["researchers"].to_dict() == {"ROW": 60, "USA": 105}


def test_no_published_count_is_small_or_exact() -> None:
    found = protected_counts(counts(USA=103, CHN=52, FRA=7, DEU=6, ITA=11))
    assert (found["researchers"] >= 10).all()
    assert (found["researchers"] % 5 == 0).all()
    assert found.set_index("country").loc["USA", "arrivals":"departures"].isna().tolist() == [
        True,
        False,
    ]


def ended(**flows: float) -> pd.DataFrame:
    return counts(USA=103, CHN=52).assign(**{"arrivals": 20.0, "departures": 30.0, **flows})


@pytest.mark.parametrize("name", ["arrivals", "departures", "entries", "exits"])
def test_no_small_number_is_what_the_others_leave_of_a_change(name: str) -> None:
    whole = protected_counts(ended(entries=41, exits=0))
    assert whole["entries"].tolist() == [40, 40]
    assert whole["exits"].tolist() == [0, 0]
    found = protected_counts(ended(**{"entries": 41, "exits": 22, name: 4}))
    assert found[["entries", "exits"]].isna().all(axis=None)
    others = [flow for flow in ("arrivals", "departures") if flow != name]
    assert found[others].notna().all(axis=None)


def test_entries_are_held_like_other_counts_and_may_be_new_to_the_ledger() -> None:
    before = ended(entries=41.0, exits=22.0)
    for newcomers in (1, 9):
        now = ended(entries=41.0 + newcomers, exits=22.0 + newcomers)
        pd.testing.assert_frame_equal(keep_previous_counts(now, before), before)
    without = before.drop(columns=["entries", "exits"])
    pd.testing.assert_frame_equal(keep_previous_counts(before, without), before)


def test_a_year_of_few_people_is_left_out() -> None:
    assert protected_counts(counts(USA=4, CHN=3)).empty


@pytest.mark.parametrize("people", [10, 25, 60, 150, 500])
def test_a_rate_tells_no_more_than_its_rounded_count(people: int) -> None:
    """One person more or less never moves a shown rate by what one person is worth alone."""
    assert rate_step(people) >= min(2.5 / people, 0.5)


def test_f098_counts_of_two_releases_differ_by_nobody_or_by_many() -> None:
    before = counts(USA=103, CHN=52, FRA=7, DEU=6, ITA=12)
    shown = protected_counts(before)
    for country in ("USA", "CHN", "FRA", "ITA"):
        for newcomers in (1, 4, 9):
            more = before["researchers"] + newcomers * (before["country"] == country)
            later = protected_counts(keep_previous_counts(before.assign(researchers=more), before))
            pd.testing.assert_frame_equal(later, shown)
    alone = pd.concat([before, counts(JPN=2)], ignore_index=True)
    pd.testing.assert_frame_equal(protected_counts(keep_previous_counts(alone, before)), shown)
    many = before["researchers"] + 20 * (before["country"] == "USA")
    later = protected_counts(keep_previous_counts(before.assign(researchers=many), before))
    assert later.set_index("country").loc["USA", "researchers"] == 125
    unheld = protected_counts(before.assign(researchers=before["researchers"] + 1))
    assert not unheld.equals(shown), "without holding, one person shows"


def test_a_count_that_fell_below_the_limit_is_not_held() -> None:
    before = counts(USA=103, CHN=52, FRA=40, DEU=11)
    later = keep_previous_counts(counts(USA=103, CHN=52, FRA=40, DEU=9), before).set_index(
        "country"
    )
    assert later.loc["DEU", "researchers"] == 9
