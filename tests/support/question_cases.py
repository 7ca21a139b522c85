"""A question about a small series, its vintages, and the rows that a record holds of it."""

from __future__ import annotations

from datetime import date

import pandas as pd

from features.panel import Panel
from questions.definition import Question
from questions.record import question_row
from questions.resolution import State
from talentcast.domain.tables import ANSWERS, QUESTIONS
from talentcast.domain.types import CountingRule, SeriesKey

KEY = SeriesKey("lab", CountingRule.WHOLE, "file")


def question(statistic: str = "lead", **more: object) -> Question:
    if statistic == "lead":
        more = {"other_country": "ITA", **more}
    return Question.model_validate(
        {
            "id": "q",
            "population": "lab",
            "counting_rule": "whole",
            "source": "file",
            "statistic": statistic,
            "country": "FRA",
            "year": 2021,
            **more,
        }
    )


def panel(first_year: int = 2018, **counts: list[float]) -> Panel:
    years = range(first_year, first_year + len(next(iter(counts.values()))))
    return Panel(KEY, pd.DataFrame(counts, index=pd.Index(years, name="year"), dtype=float))


COUNTED = panel(FRA=[50, 50, 60, 70], ITA=[50, 60, 50, 60], ROW=[100, 90, 90, 70])


def state(day: date, counts: Panel | None = COUNTED) -> State:
    return State(day, counts)


def questions_table(*asked: Question) -> pd.DataFrame:
    rows = [question_row(one, text="?", question_set="mine", is_pseudo=False) for one in asked]
    return pd.DataFrame(rows, columns=list(QUESTIONS.unpublished_columns), dtype=object)


def answers_table(**more: object) -> pd.DataFrame:
    row = {
        "question_id": "q",
        "answered_in": "r1",
        "answered_as_of": date(2020, 5, 1),
        "forecaster": "pooled",
        "role": "model",
        "probability": 0.5,
        "standard_error": 0.1,
        "draws": 4,
        "origin_year": 2019,
        "is_pseudo": False,
        "url": None,
    }
    return pd.DataFrame([{**row, **more}], columns=list(ANSWERS.unpublished_columns), dtype=object)
