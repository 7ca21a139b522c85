"""Questions of a small release: two open, one decided, one void, and decided ones of a backfill."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from questions.definition import Question
from questions.record import question_row
from readers.summaries.question_words import question_text
from talentcast.domain.tables import ANSWERS, QUESTIONS

FIRST, SECOND = date(2023, 1, 31), date(2024, 1, 31)
#: Forecaster, role, and how far it is from the quoted probability.
FORECASTERS = (
    ("sarimax110", "model", 0.0),
    ("naive", "baseline", -0.2),
    ("last_order", "last_order", -1.0),
)


def small_question_tables() -> dict[str, pd.DataFrame]:
    """Return the tables without `release_id`."""
    asked = [
        ("india-ahead", _lead("india-ahead", 2025), (0.4, 0.55), {}),
        ("china-share", _share("china-share", 0.25, 2026), (0.7,), {}),
        ("japan-decided", _lead("japan-decided", 2023, country="JPN"), (0.3,), _decided(True)),
        ("france-void", _lead("france-void", 2023, country="FRA"), (0.6,), _void()),
    ]
    rng = np.random.default_rng(5)
    for year in range(2013, 2023):
        for number in range(3):
            name = f"past-{number}-{year}"
            said = round(float(rng.uniform(0.1, 0.9)), 2)
            outcome = _decided(bool(rng.uniform() < said)) | {"is_pseudo": True}
            asked.append((name, _share(name, 0.1 + 0.05 * number, year), (said,), outcome))
    questions = [
        question_row(one, text=question_text(one), question_set="small", is_pseudo=False) | more
        for _, one, _, more in asked
    ]
    answers = [row for name, one, said, _ in asked for row in _answers(name, one, said)]
    answers += _outside()
    return {
        "questions": pd.DataFrame(questions, columns=list(QUESTIONS.unpublished_columns)),
        "answers": pd.DataFrame(answers, columns=list(ANSWERS.unpublished_columns)),
    }


def _lead(name: str, year: int, *, country: str = "IND") -> Question:
    return _asked(name, year, statistic="lead", country=country, other_country="GBR")


def _share(name: str, threshold: float, year: int) -> Question:
    return _asked(name, year, statistic="share", country="CHN", threshold=threshold)


def _asked(name: str, year: int, **more: object) -> Question:
    counted = {"counting_rule": "modal_country", "population": "scholars_scopus"}
    if name == "china-share":
        counted = {"counting_rule": "authorships", "population": "neurips_authorships"}
    return Question.model_validate({"id": name, "year": year, **counted, **more})


def _decided(came_true: bool) -> dict[str, object]:
    return {
        "status": "resolved",
        "came_true": came_true,
        "resolved_share": 0.01,
        "resolving_vintage": SECOND,
        "resolved_in": "r20240131-000000000000",
    }


def _void() -> dict[str, object]:
    reason = "FRA is no longer counted apart"
    return {"status": "void", "void_reason": reason, "resolving_vintage": SECOND}


def _answers(name: str, one: Question, said: tuple[float, ...]) -> list[dict[str, object]]:
    return [
        {
            "question_id": name,
            "answered_in": f"r{day:%Y%m%d}-000000000000",
            "answered_as_of": day,
            "forecaster": forecaster,
            "role": role,
            "probability": min(max(probability + away, 0.0), 1.0),
            "standard_error": None if role == "last_order" else 0.03,
            "draws": None if role == "last_order" else 200,
            "origin_year": min(one.year, day.year) - 1,
            "is_pseudo": name.startswith("past"),
            "url": None,
        }
        for day, probability in zip((FIRST, SECOND), said, strict=False)
        for forecaster, role, away in FORECASTERS
    ]


def _outside() -> list[dict[str, object]]:
    return [
        {
            "question_id": "india-ahead",
            "answered_in": "r20230131-000000000000",
            "answered_as_of": date(2023, 1, 15),
            "forecaster": "a_crowd",
            "role": "outside",
            "probability": 0.35,
            "standard_error": None,
            "draws": None,
            "origin_year": None,
            "is_pseudo": False,
            "url": "https://example.org/questions/7",
        }
    ]
