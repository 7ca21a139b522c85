"""Landmarks and what follows them, on careers small enough to check by head."""

import numpy as np
import pandas as pd
from pandas.testing import assert_frame_equal

from features.career_records import CareerRecords
from features.landmarks import landmark_table
from features.person_period import Exit, observed_gaps, stacked_steps, with_outcomes
from talentcast.domain.types import Origin


def records(*rows: tuple[str, int, str], coauthors: tuple = (), weights: tuple = ()):
    careers = pd.DataFrame(rows, columns=["researcher_id", "year", "country"])
    keys = ["researcher_id", "year", "country"]
    return CareerRecords(
        careers.assign(works=2, first_author_works=1, last_author_works=0, team_size=3.0),
        pd.DataFrame(coauthors, columns=[*keys, "coauthors"]),
        pd.DataFrame(weights, columns=[*keys, "weight"]),
    )


def outcomes(*rows: tuple[str, int, str]) -> pd.DataFrame:
    found = records(*rows)
    return with_outcomes(landmark_table(found), found.careers)


RETURNER = (("a", 2000, "CHN"), ("a", 2003, "USA"), ("a", 2004, "USA"), ("a", 2007, "CHN"))


def test_only_years_abroad_are_landmarks() -> None:
    assert landmark_table(records(*RETURNER))["landmark_year"].tolist() == [2003, 2004]


def test_someone_who_never_left_has_no_landmark() -> None:
    assert landmark_table(records(("a", 2000, "CHN"), ("a", 2001, "CHN"))).empty


def test_duration_counts_from_the_first_year_of_the_spell() -> None:
    rows = (*RETURNER, ("a", 2008, "USA"), ("a", 2010, "DEU"))
    found = landmark_table(records(*rows)).set_index("landmark_year")
    assert found["duration_years"].to_dict() == {2003: 0, 2004: 1, 2008: 0, 2010: 2}
    assert found["has_returned_before"].to_dict() == {2003: 0, 2004: 0, 2008: 1, 2010: 1}
    assert found["earlier_moves"].to_dict() == {2003: 1, 2004: 1, 2008: 3, 2010: 4}
    assert found["years_at_origin"].to_dict() == {2003: 1, 2004: 1, 2008: 2, 2010: 2}


def test_ties_to_the_origin_are_those_of_the_year_and_of_the_spell() -> None:
    coauthors = (("a", 2003, "CHN", 1), ("a", 2003, "USA", 3), ("a", 2004, "USA", 4))
    found = landmark_table(records(*RETURNER, coauthors=coauthors)).set_index("landmark_year")
    assert found["origin_coauthor_share"].to_dict() == {2003: 0.25, 2004: 0.0}
    assert found["spell_origin_coauthor_share"].to_dict() == {2003: 0.25, 2004: 0.125}


def test_a_second_affiliation_at_origin_is_a_share_of_the_years_weight() -> None:
    weights = (("a", 2003, "CHN", 0.4), ("a", 2003, "USA", 0.6))
    found = landmark_table(records(*RETURNER, weights=weights))
    assert found["origin_affiliation_share"].tolist() == [0.4, 0.0]


def test_a_year_without_a_country_is_passed_over() -> None:
    found = outcomes(("a", 2000, "CHN"), ("a", 2001, "USA"), ("a", 2002, "UNK"), ("a", 2003, "USA"))
    assert found["landmark_year"].tolist() == [2001, 2003]
    assert found["exit"].tolist() == [Exit.STAY, Exit.STAY]


def test_no_landmark_lies_in_the_years_that_define_the_origin() -> None:
    found = landmark_table(records(*RETURNER), origin_rule="mode_of_three_years")
    assert found["landmark_year"].tolist() == [2003, 2004]
    early = records(("a", 2000, "CHN"), ("a", 2001, "USA"), ("a", 2002, "CHN"), ("a", 2003, "USA"))
    found = landmark_table(early, origin_rule="mode_of_three_years")
    assert found["landmark_year"].tolist() == [2003]


def test_records_after_a_landmark_do_not_change_its_features() -> None:
    rng = np.random.default_rng(7)
    n, cut = 400, 2010
    careers = pd.DataFrame(
        {
            "researcher_id": rng.integers(0, 60, n).astype(str),
            "year": rng.integers(2000, 2020, n),
            "country": rng.choice(["CHN", "USA", "DEU", "FRA"], n),
            "works": rng.integers(1, 9, n),
            "first_author_works": rng.integers(0, 3, n),
            "last_author_works": rng.integers(0, 3, n),
            "team_size": rng.uniform(1, 9, n),
        }
    ).drop_duplicates(["researcher_id", "year"])
    keys = careers[["researcher_id", "year"]]
    coauthors = keys.assign(country=rng.choice(["CHN", "USA"], len(keys)), coauthors=3)
    weights = keys.assign(country=rng.choice(["CHN", "USA"], len(keys)), weight=1.0)
    truth = CareerRecords(careers, coauthors, weights)

    def scrambled(table: pd.DataFrame, column: str) -> pd.DataFrame:
        later = table["year"] > cut
        shuffled = table.assign(
            country=np.where(later, "JPN", table["country"]),
            **{column: np.where(later, table[column] * 7, table[column])},
        )
        return shuffled.assign(year=np.where(later, table["year"] + 3, table["year"]))

    lie = CareerRecords(
        scrambled(careers, "works"),
        scrambled(coauthors, "coauthors"),
        scrambled(weights, "weight"),
    )
    before = landmark_table(truth).query("landmark_year <= @cut").reset_index(drop=True)
    after = landmark_table(lie).query("landmark_year <= @cut").reset_index(drop=True)
    assert len(before) > 50
    assert_frame_equal(before, after)
    assert_frame_equal(before, landmark_table(truth.known_by(Origin(cut))))


def test_a_return_is_dated_to_the_first_year_seen_at_origin() -> None:
    found = outcomes(*RETURNER).set_index("landmark_year")
    assert found.loc[2003, ["exit", "followed_years", "last_seen_years"]].tolist() == [1, 4, 1]
    assert found.loc[2004, ["exit", "followed_years", "last_seen_years"]].tolist() == [1, 3, 0]


def test_a_third_country_ends_the_stay_before_a_later_return() -> None:
    found = outcomes(("a", 2000, "CHN"), ("a", 2001, "USA"), ("a", 2003, "DEU"), ("a", 2005, "CHN"))
    assert found["exit"].tolist() == [Exit.THIRD_COUNTRY, Exit.RETURN]
    assert found["followed_years"].tolist() == [2, 2]


def test_someone_not_seen_elsewhere_is_censored_at_the_last_observation() -> None:
    found = outcomes(("a", 2000, "CHN"), ("a", 2001, "USA"), ("a", 2005, "USA"))
    assert found["exit"].tolist() == [Exit.STAY, Exit.STAY]
    assert found["followed_years"].tolist() == [4, 0]
    assert found["next_exit"].tolist() == [0, -1]


def test_a_mover_leaves_the_risk_set_after_moving() -> None:
    yearly = outcomes(
        ("a", 2000, "CHN"), ("a", 2001, "USA"), ("a", 2002, "USA"), ("a", 2003, "CHN")
    )
    steps = stacked_steps(yearly.head(1), 5)
    assert steps[["step", "exit", "weight"]].to_numpy().tolist() == [[0, 0, 1], [1, 1, 1]]


def test_a_move_in_a_gap_is_spread_over_its_years() -> None:
    """Seen abroad in year 0 and at origin in year 3: a third of the event in each step."""
    steps = stacked_steps(outcomes(*RETURNER).query("landmark_year == 2004"), 5)
    events = steps[steps["exit"] == Exit.RETURN].set_index("step")["weight"]
    staying = steps[steps["exit"] == Exit.STAY].set_index("step")["weight"]
    assert events.round(6).to_dict() == {0: 0.333333, 1: 0.333333, 2: 0.333333}
    assert staying.round(6).to_dict() == {0: 0.666667, 1: 0.333333}


def test_the_event_of_a_landmark_has_weight_one_in_all() -> None:
    steps = stacked_steps(outcomes(*RETURNER), 5)
    events = steps[steps["exit"] > 0].groupby("position")["weight"].sum()
    assert events.round(12).tolist() == [1, 1]


def test_a_gap_is_at_risk_for_its_length_and_shows_what_came_next() -> None:
    gaps = observed_gaps(outcomes(*RETURNER))
    assert gaps[["gap_years", "exit"]].to_numpy().tolist() == [[1, 0], [3, 1]]
