"""Answers: probabilities from joint draws, with those of the baselines beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.panel import Panel
from questions.definition import Question
from questions.paths import SharePaths, counted_paths, is_told, probability_of
from talentcast.domain.types import ForecasterRole

#: Forecaster that takes the last counted year for the year asked about.
LAST_ORDER: Final = "last_order"
#: Columns of an answer that its draws decide; the release adds the others.
ANSWERED: Final = (
    "question_id",
    "forecaster",
    "role",
    "probability",
    "standard_error",
    "draws",
    "origin_year",
)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the models of a series drew for the years to come.

    Attributes:
        panel: The counts that they were fitted to.
        by_model: Paths by model, the one that is quoted first.
    """

    panel: Panel
    by_model: Mapping[str, SharePaths]


def answers_of(questions: Iterable[Question], drawn: Drawn) -> pd.DataFrame:
    """Return what every model, and the order of the last counted year, say of some questions.

    Args:
        questions: Of the series that was drawn.
        drawn: By its models.

    Returns:
        Columns `ANSWERED`; no row of a question whose year or countries were not drawn.
    """
    asked = list(questions)
    panel = drawn.panel
    counted = counted_paths(panel, carried=True)
    rows = []
    for place, (model, paths) in enumerate(drawn.by_model.items()):
        role = ForecasterRole.BASELINE if place else ForecasterRole.MODEL
        # A change may begin in a year that was counted.
        known = SharePaths(paths.countries, {**counted.by_year, **paths.by_year})
        told = [one for one in asked if one.year in paths.by_year and is_told(one, known)]
        rows += [_drawn_answer(question, known, model, role, panel) for question in told]
        if role is ForecasterRole.MODEL:
            rows += [_last_answer(question, counted, panel) for question in told]
    return pd.DataFrame(rows, columns=list(ANSWERED))


def _drawn_answer(
    question: Question, paths: SharePaths, model: str, role: ForecasterRole, panel: Panel
) -> tuple[object, ...]:
    probability = probability_of(question, paths)
    draws = len(paths.by_year[question.year])
    error = float(np.sqrt(probability * (1 - probability) / draws))
    return (question.id, model, str(role), probability, error, draws, panel.origin.year)


def _last_answer(question: Question, counted: SharePaths, panel: Panel) -> tuple[object, ...]:
    """Answer as if the last counted year came over again."""
    last = counted.by_year[max(counted.by_year)]
    same = SharePaths(counted.countries, {**counted.by_year, question.year: last})
    if question.base_year is not None and question.base_year not in same.by_year:
        same = SharePaths(same.countries, {**same.by_year, question.base_year: last})
    role = str(ForecasterRole.LAST_ORDER)
    probability = probability_of(question, same)
    return (question.id, LAST_ORDER, role, probability, np.nan, None, panel.origin.year)


def joined(answers: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return answers of several series as one table."""
    some = [rows for rows in answers if len(rows)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=list(ANSWERED))
