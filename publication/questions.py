"""Rows of `questions` and `answers`: what was asked for the first time, and what was said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd

from questions.definition import OutsideForecast, Question
from questions.record import GENERATED, Record, day_of, question_row
from talentcast.domain.tables import ANSWERS, QUESTIONS
from talentcast.domain.types import ForecasterRole


def new_question_rows(
    questions: Iterable[Question],
    *,
    sets: Mapping[str, str],
    words: Callable[[Question], str],
    is_pseudo: bool,
) -> pd.DataFrame:
    """Return `questions` rows, without `release_id`, of what was answered for the first time.

    Args:
        questions: Each once.
        sets: Set of each question, by its id; `generated` for others.
        words: Says a question that has no words of its own.
        is_pseudo: They were asked afterwards.
    """
    rows = [
        question_row(
            question,
            text=question.text or words(question),
            question_set=sets.get(question.id, GENERATED),
            is_pseudo=is_pseudo,
        )
        for question in questions
    ]
    return pd.DataFrame(rows, columns=list(QUESTIONS.unpublished_columns), dtype=object)


def answer_rows(
    answered: pd.DataFrame, *, release_id: str, as_of: date, pseudo: Collection[str]
) -> pd.DataFrame:
    """Return `answers` rows, without `release_id`, of what a release said.

    Args:
        answered: From `questions.answering.answers_of`.
        release_id: Of the release.
        as_of: Its as-of date.
        pseudo: Questions answered from counts that were revised after that date.
    """
    rows = answered.assign(
        answered_in=release_id,
        answered_as_of=as_of,
        is_pseudo=answered["question_id"].isin(pseudo),
        url=None,
    )
    return rows[list(ANSWERS.unpublished_columns)].astype(object)


def outside_rows(
    outside: Iterable[OutsideForecast],
    record: Record,
    *,
    asked: Collection[str],
    release_id: str,
    as_of: date,
) -> pd.DataFrame:
    """Return `answers` rows, without `release_id`, of forecasts of others not entered before.

    Args:
        outside: Everything that was entered in files.
        record: Of earlier releases.
        asked: Questions on record, or asked for the first time.
        release_id: Of the release.
        as_of: Its as-of date; later forecasts wait.
    """
    held = record.answers[record.answers["role"] == str(ForecasterRole.OUTSIDE)]
    known = {
        (row["question_id"], row["forecaster"], day_of(row["answered_as_of"]))
        for row in held.to_dict("records")
    }
    new = {(one.question, one.by, one.day): one for one in outside if one.day <= as_of}
    rows = [
        {
            "question_id": one.question,
            "answered_in": release_id,
            "answered_as_of": one.day,
            "forecaster": one.by,
            "role": str(ForecasterRole.OUTSIDE),
            "probability": one.probability,
            "standard_error": np.nan,
            "draws": None,
            "origin_year": None,
            "is_pseudo": False,
            "url": one.url,
        }
        for place, one in new.items()
        if one.question in asked and place not in known
    ]
    return pd.DataFrame(rows, columns=list(ANSWERS.unpublished_columns), dtype=object)
