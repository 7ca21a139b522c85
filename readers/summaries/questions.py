"""Questions for a reader: where each stands, what it was given before, and how good that was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from questions.answering import LAST_ORDER
from questions.record import day_of, question_of
from questions.scores import (
    QUOTED,
    question_scores,
    reliability,
    scoreboard,
    scored_answers,
)
from readers import cache
from readers.summaries.headlines import Headline
from readers.summaries.populations import rule_words
from readers.summaries.wording import MINUS, probability
from storage.paths import StorePath
from talentcast.domain.tables import ANSWERS, QUESTIONS
from talentcast.domain.types import ForecasterRole, QuestionStatus, Statistic
from talentcast.store.release import Release

#: What baselines are called, those beside each question first.
FORECASTERS: Final = {
    QUOTED: "talentcast",
    "naive": "No change",
    "sarimax110": "SARIMAX(1,1,0)",
    "drift": "Recent trend",
    LAST_ORDER: "Last year’s order",
}
#: Smallest change of a probability that is shown.
_CHANGE: Final = 0.005


@dataclass(frozen=True, eq=False)
class QuestionTables:
    """Rows of `questions` and `answers` of one release."""

    questions: pd.DataFrame
    answers: pd.DataFrame

    def of_population(self, population: str) -> QuestionTables:
        """Return the questions about one population; about all without a name."""
        if not population:
            return self
        chosen = self.questions[self.questions["population"] == population]
        return self._only(chosen)

    def pseudo(self, is_pseudo: bool) -> QuestionTables:
        """Return the questions that a backfill asked, or the others."""
        return self._only(self.questions[self.questions["is_pseudo"].astype(bool) == is_pseudo])

    def _only(self, questions: pd.DataFrame) -> QuestionTables:
        answers = self.answers[self.answers["question_id"].isin(questions["question_id"])]
        return QuestionTables(questions, answers)


def question_tables(release: Release, root: StorePath) -> QuestionTables | None:
    """Read what a release holds of questions; None if it was asked nothing."""
    if QUESTIONS.name not in release.tables:
        return None
    questions, answers = (
        cache.rows(name, release, root, filters={}) for name in (QUESTIONS.name, ANSWERS.name)
    )
    return QuestionTables(questions, answers)


def standings(tables: QuestionTables) -> pd.DataFrame:
    """Return one row per question: what is said of it now, before, and beside.

    Returns:
        Columns of `questions`, and probability, standard_error, answered_as_of and answers (how
        many) of the quoted model, change (since the answer before; missing without one), a column
        for each baseline in `FORECASTERS`, outside (the newest forecast of others) and outside_by,
        brier (mean over the answers of the quoted model, once resolved).
    """
    answers = tables.answers.sort_values(["answered_as_of", "answered_in"], kind="stable")
    quoted = answers[answers["role"] == str(ForecasterRole.MODEL)].groupby("question_id")
    newest = quoted[["probability", "standard_error", "answered_as_of"]].last()
    change = quoted["probability"].agg(_last_change).rename("change")
    table = tables.questions.set_index("question_id").join(
        [newest, change, quoted.size().rename("answers"), *_beside(answers), _outside(answers)]
    )
    scored = question_scores(scored_answers(tables.questions, tables.answers))
    brier = scored[scored["scored_as"] == QUOTED].set_index("question_id")["brier"]
    return table.join(brier).reset_index()


def history(tables: QuestionTables, question_id: str) -> pd.DataFrame:
    """Return every answer to one question: answered_as_of, forecaster, name and probability."""
    rows = tables.answers[tables.answers["question_id"] == question_id]
    is_quoted = rows["role"] == str(ForecasterRole.MODEL)
    codes = rows["forecaster"].mask(is_quoted, QUOTED)
    found = rows.assign(forecaster=codes, name=codes.map(forecaster_name))
    columns = ["answered_as_of", "answered_in", "forecaster", "name", "probability", "role"]
    return found[columns].sort_values(["answered_as_of", "answered_in"], ignore_index=True)


def record_of(tables: QuestionTables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scoreboard, with a name for each forecaster, and the reliability of the quoted."""
    scored = scored_answers(tables.questions, tables.answers)
    board = scoreboard(question_scores(scored))
    board = board.assign(name=board["scored_as"].map(forecaster_name))
    return board, reliability(scored[scored["scored_as"] == QUOTED])


def forecaster_name(forecaster: str) -> str:
    """Return what a forecaster is called.

    Example:
        >>> forecaster_name("naive"), forecaster_name("crowd_of_experts")
        ('No change', 'crowd of experts')
    """
    return FORECASTERS.get(forecaster, forecaster.replace("_", " "))


def how_it_resolves(row: Mapping[Any, Any]) -> str:
    """Say what decides a question, from its row."""
    question = question_of(row)
    what = {
        Statistic.SHARE: "if the share is above the threshold",
        Statistic.LEAD: "if the first share is the larger one",
        Statistic.LEAD_OVER_ALL: "if no other country counted apart has as large a share",
        Statistic.CHANGE: "if the share of the year less that of the earlier one is above the "
        "threshold, both as that vintage has them",
    }[question.statistic]
    return (
        f"Counted by the rule {question.counting_rule} ({rule_words(question.counting_rule)}). "
        f"The first vintage of {question.population} from {question.resolves_from} on that goes "
        f"as far as {question.year} decides: yes {what}, not if equal. Later revisions change "
        f"nothing. It is void if that vintage leaves {question.year} out or does not count a "
        f"country apart, or if none comes by {question.void_after}."
    )


def outcome_words(row: Mapping[Any, Any]) -> str:
    """Say where a question stands.

    Example:
        >>> outcome_words({"status": "void", "void_reason": "the vintage leaves 2020 out"})
        'Void: the vintage leaves 2020 out'
    """
    if row["status"] == QuestionStatus.VOID:
        return f"Void: {row['void_reason']}"
    if row["status"] == QuestionStatus.RESOLVED:
        said = "Yes" if row["came_true"] else "No"
        return f"{said}, by the vintage of {day_of(row['resolving_vintage'])}"
    if row["status"] == QuestionStatus.CLOSED:
        return f"Closed, waits for a vintage from {day_of(row['resolves_from'])} on"
    return f"Open until {day_of(row['closes_on'])}"


def change_words(change: float | None) -> str:
    """Write the change of a probability since the release before.

    Example:
        >>> change_words(0.031), change_words(-0.2), change_words(0.001), change_words(None)
        ('+3', '−20', '0', '')
    """
    if change is None or pd.isna(change):
        return ""
    if abs(change) < _CHANGE:
        return "0"
    return f"{'+' if change > 0 else MINUS}{abs(100 * change):.0f}"


def questions_headline(tables: QuestionTables) -> Headline:
    """Say how many questions are open, and how good the answers to the decided ones were.

    Questions of a backfill are counted apart, and scored only where no other is decided.
    """
    own, past = tables.pseudo(False), tables.pseudo(True)
    status = own.questions["status"].value_counts()
    n_open, n_decided, n_void = (
        int(status.get(str(each), 0))
        for each in (QuestionStatus.OPEN, QuestionStatus.RESOLVED, QuestionStatus.VOID)
    )
    title = f"{_number(n_open, 'question')} open, {n_decided} decided"
    body = [
        (
            "Each is decided by the first vintage from a stated day on, whatever is revised "
            "afterwards, and no answer is ever changed. ",
            False,
        )
    ]
    if n_void:
        body.append((f"{n_void} became void, with the reason. ", False))
    body += skill_sentence(own)
    if len(past.questions):
        many = _number(len(past.questions), "further question")
        body.append((f" {many} of past years, asked and answered afterwards (pseudo). ", False))
        body += skill_sentence(past) if not n_decided else []
    return Headline(title, tuple(body))


def skill_sentence(tables: QuestionTables) -> list[tuple[str, bool]]:
    """Say how the answers to decided questions compare with no change and with last year's order.

    Example:
        >>> empty = pd.DataFrame(columns=["status", "is_pseudo"])
        >>> skill_sentence(QuestionTables(empty, empty))
        [('None is decided yet, so nothing is known of how good the answers are.', False)]
    """
    if not (tables.questions["status"] == str(QuestionStatus.RESOLVED)).any():
        return [("None is decided yet, so nothing is known of how good the answers are.", False)]
    board, _ = record_of(tables)
    brier = board[board["metric"] == "brier"].set_index("scored_as")
    if QUOTED not in brier.index:
        return []
    value = brier["value"].astype(float)
    said = [("The Brier score of the answers was ", False), (f"{value[QUOTED]:.3f}", True)]
    beside = [
        f"{value[name]:.3f} of {forecaster_name(name).lower()}"
        for name in ("naive", LAST_ORDER)
        if name in brier.index
    ]
    if beside:
        said.append((f", against {' and '.join(beside)}; lower is better.", False))
    return said


def question_sentence(row: Mapping[Any, Any]) -> str:
    """Say the newest probability of one question in one sentence."""
    if pd.isna(row["probability"]):
        return "No release has answered it."
    error = row["standard_error"]
    margin = f", give or take {100 * error:.1f} points of sampling" if pd.notna(error) else ""
    return f"talentcast says {probability(row['probability'])}{margin}."


def _last_change(values: pd.Series) -> float:
    return float(values.iloc[-1] - values.iloc[-2]) if len(values) > 1 else float("nan")


def _beside(answers: pd.DataFrame) -> list[pd.Series]:
    """Return the newest answer of each baseline, by question."""
    by_name = {name: answers[answers["forecaster"] == name] for name in FORECASTERS}
    return [
        rows[rows["role"] != str(ForecasterRole.MODEL)]
        .groupby("question_id")["probability"]
        .last()
        .rename(name)
        for name, rows in by_name.items()
        if name != QUOTED
    ]


def _outside(answers: pd.DataFrame) -> pd.DataFrame:
    rows = answers[answers["role"] == str(ForecasterRole.OUTSIDE)]
    last = rows.groupby("question_id")[["probability", "forecaster"]].last()
    return last.rename(columns={"probability": "outside", "forecaster": "outside_by"})


def _number(many: int, what: str) -> str:
    return f"{many} {what}{'' if many == 1 else 's'}"
