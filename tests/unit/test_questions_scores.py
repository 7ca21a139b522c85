"""Scores of answers: of the outcome, a question once, beside the baselines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from question_cases import answers_table, question, questions_table

from questions.scores import question_scores, reliability, scoreboard, scored_answers


def decided(name: str, came_true: bool, **more: object) -> pd.DataFrame:
    table = questions_table(question(id=name, **more))
    return table.assign(status="resolved", came_true=came_true)


def test_scores_are_those_of_the_outcome_and_a_question_counts_once() -> None:
    questions = pd.concat([decided("yes", True), decided("no", False), questions_table(question())])
    answers = pd.concat(
        [
            answers_table(question_id="yes", probability=0.8),
            answers_table(question_id="yes", probability=0.6, answered_in="r2"),
            answers_table(question_id="no", probability=0.0),
            answers_table(question_id="q"),  # not decided
            answers_table(question_id="no", forecaster="naive", role="baseline", probability=1.0),
        ]
    )
    scored = scored_answers(questions, answers)
    assert scored["brier"].round(3).tolist() == [0.04, 0.16, 0.0, 1.0]
    assert scored["log"].tolist() == pytest.approx(
        [-np.log(0.8), -np.log(0.6), -np.log(0.995), -np.log(0.005)]
    )
    assert scored["horizon_years"].tolist() == [2.0] * 4
    each = question_scores(scored).set_index(["question_id", "scored_as"])["brier"]
    assert each.round(3).to_dict() == {
        ("no", "naive"): 1.0,
        ("no", "quoted"): 0.0,
        ("yes", "quoted"): 0.1,
    }
    board = scoreboard(question_scores(scored)).set_index(["metric", "scored_as"])
    assert board.loc[("brier", "quoted"), "questions"] == 2
    assert board.loc[("brier", "naive"), "skill"] == 1.0
    assert board["lower"].isna().all()  # one population and year tells nothing of the spread


def test_intervals_and_skill_recover_a_forecaster_that_is_better() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for year in range(1990, 2020):
        for number in range(8):
            truth = rng.uniform()
            came_true = bool(rng.uniform() < truth)
            for forecaster, role, said in (
                ("pooled", "model", truth),
                ("naive", "baseline", 0.5),
            ):
                name = f"q{year}-{number}"
                rows.append(
                    (
                        decided(name, came_true, year=year),
                        answers_table(
                            question_id=name,
                            forecaster=forecaster,
                            role=role,
                            probability=said,
                            origin_year=year - 1,
                        ),
                    )
                )
    questions = pd.concat([row for row, _ in rows]).drop_duplicates("question_id")
    scored = scored_answers(questions, pd.concat([row for _, row in rows]))
    board = scoreboard(question_scores(scored)).set_index(["metric", "scored_as"])
    # The expected Brier score of true probabilities that are uniform is 1/6, that of 1/2 is 1/4.
    quoted = board.loc[("brier", "quoted")]
    assert quoted["lower"] < 1 / 6 < quoted["upper"]
    assert (quoted["questions"], quoted["blocks"]) == (240, 30)
    naive = board.loc[("brier", "naive")]
    assert naive["skill_lower"] < 1 / 3 < naive["skill_upper"]
    assert naive["skill_lower"] > 0
    bins = reliability(scored[scored["scored_as"] == "quoted"])
    assert bins["answers"].sum() == 240
    holds = (bins["lower"] <= bins["probability"]) & (bins["probability"] <= bins["upper"])
    assert holds.mean() >= 0.7
