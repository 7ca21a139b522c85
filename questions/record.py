"""The record of questions: rows that are added and settled, and never altered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pandas as pd

from questions.definition import Question
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.tables import ANSWERS, QUESTIONS
from talentcast.domain.types import CountingRule, QuestionStatus, Statistic

#: Set of the questions that a backfill asks.
GENERATED: Final = "generated"
_SETTLED: Final = (QuestionStatus.RESOLVED, QuestionStatus.VOID)
_ANSWER: Final = [name for name in ANSWERS.key if name != "release_id"]
#: Whole numbers that pandas turns into fractions where some are missing.
_WHOLE: Final = ("base_year", "draws", "origin_year")
_OUTCOME: Final = ("came_true", "resolved_share", "resolving_vintage", "resolved_in", "void_reason")
#: What is worded or worked out anew, and may change from release to release.
_NOT_KEPT: Final = ("text", "status")


@dataclass(frozen=True, eq=False)
class Record:
    """Rows of `questions` and `answers` without `release_id`."""

    questions: pd.DataFrame
    answers: pd.DataFrame

    @classmethod
    def empty(cls) -> Record:
        """Return the record before the first question."""
        return cls(
            pd.DataFrame(columns=list(QUESTIONS.unpublished_columns), dtype=object),
            pd.DataFrame(columns=list(ANSWERS.unpublished_columns), dtype=object),
        )

    @property
    def unsettled(self) -> pd.DataFrame:
        """Rows of the questions that are neither resolved nor void."""
        return self.questions[~self.questions["status"].isin(_SETTLED)]

    def open_on(self, day: date) -> list[Question]:
        """Return the questions that may still be answered on a day."""
        unsettled = self.unsettled
        is_open = ~unsettled["is_pseudo"].astype(bool)
        found = (question_of(row) for row in unsettled[is_open].to_dict("records"))
        return [question for question in found if day <= question.closes_on]

    def without(self, release_id: str) -> Record:
        """Return the record as it stood before a release, which may be made a second time."""
        answers = self.answers[self.answers["answered_in"] != release_id]
        kept = self.questions[self.questions["question_id"].isin(answers["question_id"])]
        undone = kept["resolved_in"] == release_id
        columns = {name: kept[name].astype(object).mask(undone, None) for name in _OUTCOME}
        status = kept["status"].mask(undone, str(QuestionStatus.OPEN))
        return Record(kept.assign(**columns, status=status), answers)

    def joined(self, other: Record) -> Record:
        """Return this record with the rows of another one that it does not hold.

        An id that is asked in time here and afterwards there stands for what it does here.
        """
        known = self.questions.set_index("question_id")["is_pseudo"].to_dict()
        ids, is_pseudo = other.questions["question_id"], other.questions["is_pseudo"]
        is_same = [known.get(name, how) == how for name, how in zip(ids, is_pseudo, strict=True)]
        answers = other.answers[other.answers["question_id"].isin(ids[is_same])]
        return self.with_added(other.questions[~ids.isin(list(known))], (answers,))

    def with_added(self, questions: pd.DataFrame, answers: Sequence[pd.DataFrame]) -> Record:
        """Return the record with further rows, in order of their keys; its own ones stay."""
        both = _stacked([self.answers, *answers]).drop_duplicates(_ANSWER, keep="first")
        return Record(
            _stacked([self.questions, questions]).sort_values("question_id", ignore_index=True),
            both.sort_values(_ANSWER, ignore_index=True),
        )


def stored_record(questions: pd.DataFrame, answers: pd.DataFrame) -> Record:
    """Return the record that the tables of a release hold."""
    return Record(*(_plain_types(rows.drop(columns="release_id")) for rows in (questions, answers)))


def question_row(question: Question, *, text: str, question_set: str, is_pseudo: bool) -> Any:
    """Return the `questions` row of a question that was just asked, without `release_id`."""
    return {
        "question_id": question.id,
        "question_set": question_set,
        "text": text,
        "population": question.population,
        "counting_rule": str(question.counting_rule),
        "source": question.source,
        "statistic": str(question.statistic),
        "country": question.country,
        "other_country": question.other_country,
        "threshold_share": question.threshold,
        "base_year": question.base_year,
        "target_year": question.year,
        "resolves_from": question.resolves_from,
        "closes_on": question.closes_on,
        "status": str(QuestionStatus.OPEN),
        **dict.fromkeys(_OUTCOME),
        "is_pseudo": is_pseudo,
    }


def question_of(row: Mapping[Any, Any]) -> Question:
    """Return the question that a `questions` row states."""
    year = int(row["target_year"])
    base_year, other = row["base_year"], row["other_country"]
    return Question(
        id=row["question_id"],
        text=row["text"],
        population=row["population"],
        counting_rule=CountingRule(row["counting_rule"]),
        source=row["source"],
        statistic=Statistic(row["statistic"]),
        country=row["country"],
        other_country=None if pd.isna(other) else other,
        threshold=float(row["threshold_share"]),
        base_year=None if pd.isna(base_year) else int(base_year),
        year=year,
        days=(day_of(row["resolves_from"]) - date(year, 12, 31)).days,
        closes=day_of(row["closes_on"]),
    )


def day_of(moment: Any) -> date:
    """Return the day of a date, read from a table or made just now."""
    return pd.Timestamp(moment).date()


def require_same(record: Record, questions: Mapping[str, Question]) -> None:
    """Refuse a question that was answered and now asks something else.

    Raises:
        InputRejectedError: `QUESTION_CHANGED`, naming the first one.
    """
    for row in record.questions.to_dict("records"):
        now = questions.get(str(row["question_id"]))
        if now is None or row["is_pseudo"]:
            continue
        then = question_of(row).deciding
        if changed := [name for name, value in now.deciding.items() if value != then[name]]:
            raise InputRejectedError(
                "QUESTION_CHANGED",
                f"Question '{now.id}' was answered with another {', '.join(changed)}. "
                "Give the new one an id of its own; the old one stays on the record.",
            )


def with_status(questions: pd.DataFrame, day: date) -> pd.DataFrame:
    """Return questions of which those that nobody may answer any more are closed."""
    closes = pd.to_datetime(questions["closes_on"])
    is_over = (closes < pd.Timestamp(day)) | questions["is_pseudo"].astype(bool)
    waits = ~questions["status"].isin(_SETTLED)
    status = questions["status"].mask(waits & is_over, str(QuestionStatus.CLOSED))
    return questions.assign(status=status)


def altered(before: Record, after: Record) -> list[str]:
    """Return a line for each row of an earlier record that a later one lacks or changed.

    Answers may only be added. A question may be settled once; its words and whether it is still
    open may change.
    """
    found = _changed(before.answers, after.answers, _ANSWER, "answer")
    settled = before.questions["status"].isin(_SETTLED)
    outcome = list(_OUTCOME)
    stated = [name for name in before.questions.columns if name not in (*outcome, *_NOT_KEPT)]
    now = after.questions
    found += _changed(before.questions[stated], now[stated], ["question_id"], "question")
    fixed = ["question_id", *outcome]
    return found + _changed(
        before.questions.loc[settled, fixed], now[fixed], ["question_id"], "outcome"
    )


def _changed(before: pd.DataFrame, after: pd.DataFrame, key: Sequence[str], what: str) -> list[str]:
    columns = [name for name in before.columns if name in after.columns]
    known = {_key(row, key): _plain(row) for row in after[columns].to_dict("records")}
    lines = []
    for row in before[columns].to_dict("records"):
        now = known.get(_key(row, key))
        if now != _plain(row):
            said = "is gone" if now is None else "was changed"
            lines.append(f"{what} {' '.join(_key(row, key))} {said}")
    return lines


def _key(row: Mapping[Any, Any], key: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(_value(row[name])) for name in key)


def _plain(row: Mapping[Any, Any]) -> dict[str, object]:
    """Return values that are equal if they stand for the same, however they were stored."""
    return {str(name): _value(value) for name, value in row.items() if name != "release_id"}


def _value(value: Any) -> object:
    if pd.isna(value):
        return None
    if isinstance(value, date):  # a pandas moment is one too
        return day_of(value)
    return float(value) if isinstance(value, int | float) else str(value)


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    some = [frame.astype(object) for frame in frames if len(frame)]
    return pd.concat(some, ignore_index=True) if some else frames[0]


def _plain_types(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows as objects, whole numbers whole and nothing where a value is missing."""
    plain = rows.astype(object).where(rows.notna(), None)
    for name in set(_WHOLE) & set(plain.columns):
        plain[name] = [None if value is None else int(value) for value in plain[name]]
    return plain
