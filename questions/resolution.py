"""Resolution: the first vintage that goes as far as the year decides, and nothing after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from features.panel import Panel
from questions.definition import Question
from questions.paths import SharePaths, counted_paths, is_above, statistic_of
from questions.record import question_of
from talentcast.domain.types import QuestionStatus, SeriesKey


@dataclass(frozen=True, eq=False)
class State:
    """One vintage of a series.

    Attributes:
        vintage: Day on which the source stood so.
        panel: Its counts; None where they are too few for a panel.
    """

    vintage: date
    panel: Panel | None

    @cached_property
    def counted(self) -> SharePaths | None:
        """The shares that were counted."""
        return None if self.panel is None else counted_paths(self.panel)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a question; exactly one of `came_true` and `void_reason` is given.

    Attributes:
        vintage: That decided, or made it void; None if none came in time.
        value: The statistic in that vintage.
    """

    vintage: date | None
    came_true: bool | None = None
    value: float | None = None
    void_reason: str | None = None


#: Gives the vintages of a series, oldest first, from a day on up to today.
States = Callable[[SeriesKey, date], Sequence[State]]


def outcome_of(
    question: Question, states: Sequence[State], *, today: date, is_pseudo: bool = False
) -> Settlement | None:
    """Return what became of a question; None while nothing decides it.

    Args:
        question: Whose series the states are of.
        states: Vintages, oldest first; those before the day from which one may decide are ignored.
        today: As-of date; vintages after it are not known.
        is_pseudo: It was asked afterwards, of a past whose vintages were not kept: the first one
            that was decides, however late it is.
    """
    last = today if is_pseudo else min(today, question.void_after)
    for state in states:
        if question.resolves_from <= state.vintage <= last:
            outcome = _decided(question, state)
            if outcome is not None:
                return outcome
    if today <= question.void_after:
        return None
    gone = not any(state.vintage >= question.resolves_from for state in states)
    reason = "the population is gone: no vintage of it" if gone else "no vintage that goes so far"
    return Settlement(
        None, void_reason=f"{reason} from {question.resolves_from} on, for three years"
    )


def _decided(question: Question, state: State) -> Settlement | None:
    """Return what one vintage says; None if it does not go as far as the year."""
    counted = state.counted
    if state.panel is None or counted is None or question.year > state.panel.origin.year:
        return None
    years = [question.year, *([question.base_year] if question.base_year else [])]
    for year in years:
        if year not in counted.by_year:
            return Settlement(state.vintage, void_reason=f"the vintage leaves {year} out")
    for country in filter(None, (question.country, question.other_country)):
        if country not in counted.countries:
            reason = f"{country} is no longer counted apart"
            return Settlement(state.vintage, void_reason=reason)
        if any(np.isnan(counted.of(country, year)).any() for year in years):
            return Settlement(state.vintage, void_reason=f"the vintage has no count of {country}")
    statistic = statistic_of(question, counted)
    value = float(statistic[0])
    if np.isnan(value):
        return Settlement(state.vintage, void_reason="the vintage does not count the others")
    return Settlement(state.vintage, came_true=bool(is_above(statistic, question)[0]), value=value)


def resolved(
    questions: pd.DataFrame, states: States, *, today: date, release_id: str
) -> pd.DataFrame:
    """Return `questions` rows of which those that can be decided are; settled ones stay as is.

    Args:
        questions: Rows of `questions`.
        states: Gives the vintages of a series.
        today: As-of date.
        release_id: Release that finds it.
    """
    rows = []
    for row in questions.to_dict("records"):
        if row["status"] in (QuestionStatus.RESOLVED, QuestionStatus.VOID):
            rows.append(row)
            continue
        question = question_of(row)
        outcome = None
        if question.resolves_from <= today:
            known = states(question.key, question.resolves_from)
            outcome = outcome_of(question, known, today=today, is_pseudo=bool(row["is_pseudo"]))
        rows.append(row if outcome is None else row | _outcome_row(outcome, release_id))
    return pd.DataFrame(rows, columns=questions.columns, dtype=object)


def _outcome_row(outcome: Settlement, release_id: str) -> dict[str, object]:
    is_void = outcome.void_reason is not None
    return {
        "status": str(QuestionStatus.VOID if is_void else QuestionStatus.RESOLVED),
        "came_true": outcome.came_true,
        "resolved_share": outcome.value,
        "resolving_vintage": outcome.vintage,
        "resolved_in": release_id,
        "void_reason": outcome.void_reason,
    }
