"""Questions: what a file may hold, what draws answer, what a vintage decides, what stays."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from question_cases import (
    COUNTED,
    KEY,
    answers_table,
    panel,
    question,
    questions_table,
    state,
)

from features.panel import Panel
from questions.answering import Drawn, answers_of
from questions.catalogue import all_questions, own_digest
from questions.definition import Question, parse_question_set
from questions.generator import InPlay, in_play
from questions.paths import SharePaths, probability_of
from questions.record import Record, altered, question_of, require_same
from questions.resolution import outcome_of, resolved
from questions.writing import question_set_text
from readers.summaries.question_words import question_text
from talentcast.domain.errors import ConfigurationError, InputRejectedError
from talentcast.domain.types import Statistic
from talentcast.populations.catalogue import bundled_populations

SET = """
id: mine
title: Mine
questions:
- id: a-ahead
  population: lab
  counting_rule: whole
  source: file
  statistic: lead
  country: FRA
  other_country: ITA
  year: 2021
outside:
- question: a-ahead
  probability: 0.4
  by: crowd
  day: 2020-05-01
"""


def test_a_file_of_questions_is_read_and_written_alike() -> None:
    found = parse_question_set(SET, "mine.yaml")
    assert found.questions[0].closes_on == date(2021, 12, 31)
    assert found.questions[0].resolves_from == date(2022, 1, 30)
    assert parse_question_set(question_set_text(found), "mine.yaml") == found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("country: FRA", "country: ROW"), "changes its meaning"),
        (("other_country: ITA\n", "\n"), "names other_country"),
        (("other_country: ITA", "other_country: FRA"), "cannot lead itself"),
        (("statistic: lead", "statistic: change"), "names other_country"),
        (("year: 2021", "year: 2021\n  closes: 2022-01-30"), "closes before"),
        (("id: mine", "id: other"), "not named after its id"),
        (("id: a-ahead", "id: past-ahead"), "like a question of a backfill"),
        (("probability: 0.4", "probability: 40"), "less than or equal to 1"),
        (("  year: 2021", "  years: 2021"), "year"),
        (("questions:", "questions: &a [*a]\nmore:"), ""),
    ],
)
def test_a_file_that_asks_nothing_sensible_is_refused(
    change: tuple[str, str], problem: str
) -> None:
    with pytest.raises(InputRejectedError, match="QUESTIONS") as refused:
        parse_question_set(SET.replace(*change), "mine.yaml")
    assert problem in str(refused.value)


def test_questions_of_a_folder_stand_beside_the_bundled_ones(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "mine.yaml").write_text(SET)
    found = all_questions(folder)
    assert found.sets["a-ahead"] == "mine"
    assert len(found.questions) > 50
    assert [one.by for one in found.outside] == ["crowd"]
    before = own_digest(folder)
    (folder / "mine.yaml").write_text(SET.replace("0.4", "0.5"))
    assert own_digest(folder) != before
    (folder / "twice.yaml").write_text(SET.replace("id: mine", "id: twice"))
    with pytest.raises(InputRejectedError, match="both ask 'a-ahead'"):
        all_questions(folder)
    with pytest.raises(ConfigurationError, match="no folder"):
        all_questions(folder / "absent")


def test_bundled_questions_are_about_bundled_populations() -> None:
    asked = all_questions().questions.values()
    known = bundled_populations()
    assert len(asked) >= 50
    assert [
        one.id
        for one in asked
        if (one.counting_rule, one.source)
        != (known[one.population].counting_rule, known[one.population].source)
    ] == []
    assert len({question_text(one) + one.population for one in asked}) == len(asked)


DRAWN = SharePaths(
    ("FRA", "ITA", "ROW"),
    {2022: np.array([[0.4, 0.3, 0.3], [0.3, 0.3, 0.4], [0.2, 0.4, 0.4], [0.5, 0.1, 0.4]])},
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (question(year=2022), 0.5),  # a tie is no lead
        (question(year=2022, threshold=0.2), 0.25),
        (question("share", year=2022, threshold=0.3), 0.5),
        (question("lead_over_all", year=2022), 0.5),  # the rest of the world is nobody
        (question("change", year=2022, base_year=2021, threshold=0.05), 0.25),
    ],
)
def test_a_probability_is_the_part_of_draws_in_which_it_is_so(
    asked: Question, expected: float
) -> None:
    found = answers_of([asked], Drawn(COUNTED, {"pooled": DRAWN, "naive": DRAWN}))
    rows = found.set_index("forecaster")
    assert rows.loc["pooled", "probability"] == expected
    assert rows.loc["pooled", "draws"] == 4
    assert rows.loc["pooled", "standard_error"] == pytest.approx(
        (expected * (1 - expected) / 4) ** 0.5
    )
    assert rows["role"].to_dict() == {
        "pooled": "model",
        "naive": "baseline",
        "last_order": "last_order",
    }


def test_the_last_order_takes_the_last_counted_year_for_the_year_asked_about() -> None:
    asked = [
        question(id="ahead", year=2022),
        question(id="far-ahead", year=2022, threshold=0.2),
        question("change", id="more", year=2022, base_year=2018, threshold=0.05),
        question("change", id="later", year=2023, base_year=2022),
    ]
    by_year = {**DRAWN.by_year, 2023: DRAWN.by_year[2022]}
    drawn = Drawn(COUNTED, {"pooled": SharePaths(DRAWN.countries, by_year)})
    found = answers_of(asked, drawn)
    last = found[found["forecaster"] == "last_order"].set_index("question_id")["probability"]
    assert last.to_dict() == {"ahead": 1.0, "far-ahead": 0.0, "more": 1.0, "later": 0.0}


def test_what_was_not_drawn_is_not_answered() -> None:
    asked = [
        question(id="counted-already", year=2021),
        question(id="too-far", year=2030),
        question(id="unknown-country", year=2022, other_country="DEU"),
    ]
    assert answers_of(asked, Drawn(COUNTED, {"pooled": DRAWN})).empty


def test_who_has_no_rival_counted_apart_does_not_lead() -> None:
    alone = panel(FRA=[50, 50, 60, 70], ROW=[100, 90, 90, 70])
    drawn = SharePaths(("FRA", "ROW"), {2022: np.array([[0.4, 0.6]])})
    leads = question("lead_over_all", year=2022)
    assert answers_of([leads], Drawn(alone, {"pooled": drawn})).empty
    asked = question("lead_over_all")
    found = outcome_of(asked, [state(date(2022, 3, 1), alone)], today=date(2022, 3, 1))
    assert found is not None
    assert found.void_reason == "the vintage does not count the others"


def test_the_first_vintage_from_the_day_on_that_goes_so_far_decides() -> None:
    asked = question()
    early = panel(FRA=[50, 50, 60], ITA=[50, 60, 50], ROW=[1, 1, 1])
    revised = panel(FRA=[50, 50, 60, 10], ITA=[50, 60, 50, 60], ROW=[1, 1, 1, 1])
    states = [
        state(date(2022, 1, 29), revised),  # a day too soon
        state(date(2022, 2, 1), early),  # does not go so far
        state(date(2022, 3, 1)),
        state(date(2022, 4, 1), revised),
    ]
    found = outcome_of(asked, states, today=date(2023, 1, 1))
    assert found is not None
    assert (found.vintage, found.came_true) == (date(2022, 3, 1), True)
    assert found.value == pytest.approx(10 / 200)
    assert outcome_of(asked, states, today=date(2022, 2, 28)) is None


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (panel(FRA=[50, 50, 60, np.nan, 5], ITA=[1, 1, 1, np.nan, 1]), "leaves 2021 out"),
        (panel(FRA=[50, 50, 60, 70], ROW=[1, 1, 1, 1]), "ITA is no longer counted apart"),
        (panel(FRA=[5, 5, 6, 7], ITA=[1, 1, 1, np.nan], ROW=[1, 1, 1, 1]), "no count of ITA"),
    ],
)
def test_a_vintage_that_cannot_decide_makes_it_void(counts: Panel, reason: str) -> None:
    found = outcome_of(question(), [state(date(2022, 3, 1), counts)], today=date(2022, 3, 1))
    assert found is not None
    assert found.came_true is None
    assert reason in str(found.void_reason)


def test_a_question_that_no_vintage_decides_for_three_years_is_void() -> None:
    asked, early = question(), panel(FRA=[50, 50, 60], ITA=[50, 60, 50])
    assert asked.void_after == date(2025, 1, 30)
    assert outcome_of(asked, [], today=date(2025, 1, 30)) is None
    gone = outcome_of(asked, [], today=date(2025, 1, 31))
    assert gone is not None
    assert "the population is gone" in str(gone.void_reason)
    short = outcome_of(asked, [state(date(2022, 3, 1), early)], today=date(2025, 1, 31))
    assert short is not None
    assert "no vintage that goes so far" in str(short.void_reason)
    late = outcome_of(asked, [state(date(2026, 1, 1))], today=date(2026, 1, 1))
    assert late is not None
    assert late.void_reason is not None
    past = outcome_of(asked, [state(date(2026, 1, 1))], today=date(2026, 1, 1), is_pseudo=True)
    assert past is not None
    assert past.came_true


def test_an_outcome_stays_whatever_a_later_vintage_says() -> None:
    before = panel(FRA=[50, 50, 60, 70], ITA=[50, 60, 50, 60], ROW=[1, 1, 1, 1])
    after = panel(FRA=[50, 50, 60, 10], ITA=[50, 60, 50, 60], ROW=[1, 1, 1, 1])
    table = questions_table(question())
    first = resolved(
        table,
        lambda key, since: [state(date(2022, 3, 1), before)],
        today=date(2022, 3, 1),
        release_id="r1",
    )
    again = resolved(
        first,
        lambda key, since: [state(date(2022, 3, 1), after), state(date(2022, 4, 1), after)],
        today=date(2022, 4, 1),
        release_id="r2",
    )
    assert first["came_true"].tolist() == [True]
    pd.testing.assert_frame_equal(first, again)


def test_a_record_that_only_grew_is_unaltered_and_any_other_is_not() -> None:
    before = Record(questions_table(question()), answers_table())
    grown = before.with_added(
        questions_table(question(id="r")), (answers_table(answered_in="r2", probability=0.9),)
    )
    assert altered(before, grown) == []
    assert altered(before, Record(grown.questions, answers_table(probability=0.6))) == [
        "answer q r1 pooled 2020-05-01 was changed"
    ]
    assert altered(before, Record(grown.questions, grown.answers.iloc[1:])) == [
        "answer q r1 pooled 2020-05-01 is gone"
    ]
    moved = grown.questions.assign(threshold_share=0.1)
    assert altered(before, Record(moved, grown.answers)) == ["question q was changed"]


def test_what_was_asked_afterwards_never_mixes_with_what_was_asked_in_time() -> None:
    in_time = Record(questions_table(question()), answers_table())
    afterwards = questions_table(question(), question(id="past-q")).assign(is_pseudo=True)
    told = [answers_table(answered_in="b1"), answers_table(question_id="past-q", answered_in="b1")]
    past = Record(afterwards, pd.concat(told, ignore_index=True))
    joined = in_time.joined(past)
    assert joined.questions.set_index("question_id")["is_pseudo"].to_dict() == {
        "past-q": True,
        "q": False,
    }
    assert joined.answers[["question_id", "answered_in"]].to_numpy().tolist() == [
        ["past-q", "b1"],
        ["q", "r1"],
    ]
    again = joined.joined(
        Record(afterwards.iloc[1:], answers_table(question_id="past-q", answered_in="b2"))
    )
    assert again.answers["answered_in"].tolist() == ["b1", "b2", "r1"]


def test_past_questions_have_ids_of_their_own() -> None:
    counted = SharePaths(DRAWN.countries, {2021: np.array([[0.35, 0.3, 0.35]])})
    asked = {"last": (2021, counted), "years": [2022]}
    now = {one.id for one in in_play(KEY, [DRAWN], **asked, rule=InPlay())}
    past = {one.id for one in in_play(KEY, [DRAWN], **asked, rule=InPlay(prefix="past-"))}
    assert past == {f"past-{name}" for name in now}


def test_a_settled_outcome_may_not_change_and_an_open_one_may() -> None:
    open_ = questions_table(question())
    settled = open_.assign(status="resolved", came_true=True, resolved_in="r2")
    answers = answers_table()
    assert altered(Record(open_, answers), Record(settled, answers)) == []
    other = settled.assign(came_true=False)
    assert altered(Record(settled, answers), Record(other, answers)) == ["outcome q was changed"]


def test_a_release_that_is_made_again_starts_from_the_record_before_it() -> None:
    settled = questions_table(question(), question(id="new")).assign(
        status="resolved", came_true=True, resolved_in="r2"
    )
    answers = pd.concat(
        [answers_table(), answers_table(question_id="new", answered_in="r2")], ignore_index=True
    )
    before = Record(settled, answers).without("r2")
    assert before.questions["question_id"].tolist() == ["q"]
    assert before.questions["status"].tolist() == ["open"]
    assert before.questions["came_true"].tolist() == [None]
    assert before.answers["answered_in"].tolist() == ["r1"]


def test_an_answered_question_may_not_ask_something_else() -> None:
    record = Record(questions_table(question()), answers_table())
    require_same(record, {"q": question(text="In other words?")})
    with pytest.raises(InputRejectedError, match=r"QUESTION_CHANGED.*threshold"):
        require_same(record, {"q": question(threshold=0.1)})


@pytest.mark.parametrize("statistic", list(Statistic))
def test_a_row_states_the_whole_question(statistic: Statistic) -> None:
    more = {"base_year": 2019} if statistic is Statistic.CHANGE else {}
    asked = question(str(statistic), threshold=0.1, closes=date(2021, 6, 1), days=40, **more)
    row = questions_table(asked).to_dict("records")[0]
    assert question_of(row).deciding == asked.deciding


def test_the_generator_asks_what_some_model_is_unsure_of() -> None:
    sure = SharePaths(DRAWN.countries, {2022: np.tile([0.5, 0.2, 0.3], (4, 1))})
    counted = SharePaths(DRAWN.countries, {2021: np.array([[0.35, 0.3, 0.35]])})
    last = (2021, counted)
    asked = {"last": last, "years": [2022], "rule": InPlay()}
    assert in_play(KEY, [sure], **asked) == []
    found = in_play(KEY, [sure, DRAWN], **asked)
    assert {str(one.statistic) for one in found} == {str(one) for one in Statistic}
    assert "lab-whole-file-fra-ahead-ita-2022" in {one.id for one in found}
    known = SharePaths(DRAWN.countries, {**counted.by_year, **DRAWN.by_year})
    assert all(0.05 <= probability_of(one, known) <= 0.95 for one in found)
    few = InPlay(at_most={Statistic.SHARE: 1, Statistic.LEAD: 0})
    rarer = in_play(KEY, [DRAWN], last=last, years=[2022], rule=few)
    counts = pd.Series([str(one.statistic) for one in rarer]).value_counts()
    assert counts["share"] == 1
    assert "lead" not in counts
