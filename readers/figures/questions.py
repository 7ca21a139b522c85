"""Questions that resolve, as figures: answers over time, what is open, what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
from markupsafe import Markup

from readers import html
from readers.charts.questions import answers_chart, reliability_chart
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Cell, Head, NoNumber
from readers.summaries.populations import population_words
from readers.summaries.questions import (
    QuestionTables,
    change_words,
    history,
    outcome_words,
    record_of,
)
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import probability
from talentcast.domain.types import QuestionStatus

#: How to read the reliability diagram.
HOW_TO_READ: Final = (
    "Across: the probability given. Up: how often it came true, with the number of answers, and "
    "95 % intervals over populations and years."
)
_SHOWN_DECIDED: Final = 40
_BASELINES: Final = ("naive", "sarimax110", "last_order", "outside")
_OPEN_HEADS: Final = (
    Head("Question", is_number=False),
    Head("talentcast"),
    Head("Change", is_secondary=True),
    Head("No change"),
    Head("SARIMAX", is_secondary=True),
    Head("Last year’s order"),
    Head("Others", is_secondary=True),
    Head("Decides from", is_number=False, is_secondary=True),
)


def answers_over_time(view: View, tables: QuestionTables, row: Mapping[Any, Any]) -> Figure:
    """Return every answer to one question, the quoted ones in front.

    Args:
        view: Of the release.
        tables: Hold the question.
        row: From `readers.summaries.questions.standings`.
    """
    said = history(tables, str(row["question_id"]))
    shown = said.assign(is_quoted=said["forecaster"] == "quoted")
    told = [
        (str(one["name"]), str(one["answered_as_of"]), probability(one["probability"]))
        for one in said.to_dict("records")
    ]
    description = "Answers over time. " + "; ".join(f"{n}, as of {d}: {p}" for n, d, p in told)
    heads = [Head("Who", is_number=False), Head("As of", is_number=False), Head("Probability")]
    return Figure(
        "answers",
        str(row["text"]),
        _line(view, "% probability of yes", str(row["population"])),
        lambda: said.assign(question_id=row["question_id"]),
        numbers=html.table(heads, told, caption="Answers to this question"),
        build=lambda palette: answers_chart(shown, palette, description=description),
        about=(row["question_id"],),
    )


def open_questions(view: View, rows: pd.DataFrame) -> Figure | None:
    """Return what is open or waits, the most uncertain first; None if nothing is.

    Args:
        view: Of the release.
        rows: From `readers.summaries.questions.standings`.
    """
    waits = rows["status"].isin([QuestionStatus.OPEN, QuestionStatus.CLOSED])
    shown = rows[waits & ~rows["is_pseudo"].astype(bool)]
    if shown.empty:
        return None
    doubt = (shown["probability"].astype(float) - 0.5).abs()
    ordered = shown.assign(doubt=doubt).sort_values(["doubt", "question_id"]).drop(columns="doubt")
    cells = [_open_cells(row) for row in ordered.to_dict("records")]
    return Figure(
        "open-questions",
        "Open questions",
        _line(view, "% probability of yes; change in points since the release before"),
        lambda: ordered,
        numbers=html.table(_OPEN_HEADS, cells, caption="Probability of yes"),
    )


def came_true_as_said(view: View, tables: QuestionTables, name: str) -> Figure:
    """Return the reliability diagram of the quoted answers to decided questions.

    Args:
        view: Of the release.
        tables: Some of the questions are decided.
        name: Tells figures of different questions apart.
    """
    _, bins = record_of(tables)
    told = [
        [
            f"{100 * one['low']:.0f}–{100 * one['high']:.0f}%",
            str(one["answers"]),
            probability(one["probability"]),
            f"{100 * one['frequency']:.0f}%",
        ]
        for one in bins.to_dict("records")
    ]
    description = "Reliability. " + "; ".join(
        f"given {said}: came true {f}" for _, _, said, f in told
    )
    heads = [Head("Given", is_number=False), Head("Answers"), Head("Mean"), Head("Came true")]
    return Figure(
        f"reliability-{name}",
        "Came true as often as said?",
        _line(view, "% of answers that came true"),
        lambda: bins,
        numbers=html.table(heads, told, caption="Probability given, and how often it came true"),
        build=lambda palette: reliability_chart(bins, palette, description=description),
        about=(name, *sorted(tables.questions["population"].unique())),
    )


def settled_questions(
    view: View, rows: pd.DataFrame, name: str, *, is_pseudo: bool
) -> Figure | None:
    """Return what was decided or became void, the newest years first; None if nothing was.

    Args:
        view: Of the release.
        rows: From `readers.summaries.questions.standings`.
        name: Tells figures of different questions apart.
        is_pseudo: Those that were asked afterwards.
    """
    settled = rows["status"].isin([QuestionStatus.RESOLVED, QuestionStatus.VOID])
    shown = rows[settled & (rows["is_pseudo"].astype(bool) == is_pseudo)]
    shown = shown.sort_values(["target_year", "question_id"], ascending=[False, True])
    if shown.empty:
        return None
    caption = "The last answer, and the mean score of all"
    if len(shown) > _SHOWN_DECIDED:
        caption += f"; {_SHOWN_DECIDED} of {len(shown)}, the others are in the file"
    heads = [
        Head("Question", is_number=False),
        Head("Outcome", is_number=False),
        Head("talentcast"),
        Head("Brier score"),
    ]
    cells: list[list[Cell]] = [
        [
            str(row["text"]),
            outcome_words(row),
            _odds(row["probability"]),
            NoNumber("none") if pd.isna(row["brier"]) else f"{row['brier']:.3f}",
        ]
        for row in shown.head(_SHOWN_DECIDED).to_dict("records")
    ]
    return Figure(
        f"decided-{name}",
        "Asked and answered afterwards (pseudo)" if is_pseudo else "Decided",
        _line(view, "Brier score: squared error of the probability, 0 to 1"),
        lambda: shown,
        numbers=html.table(heads, cells, caption=caption),
    )


def scores_table(tables: QuestionTables) -> Markup:
    """Return the scores of everybody, and the skill of the quoted answers over each."""
    board, _ = record_of(tables)
    log = board[board["metric"] == "log"].set_index("scored_as")["value"]
    heads = [
        Head("Forecaster", is_number=False),
        Head("Questions", is_secondary=True),
        Head("Brier"),
        Head("Log"),
        Head("talentcast’s skill over it"),
    ]
    cells: list[list[Cell]] = [
        [
            str(row["name"]),
            str(row["questions"]),
            f"{row['value']:.3f}",
            f"{log[row['scored_as']]:.3f}",
            _skill(row),
        ]
        for row in board[board["metric"] == "brier"].to_dict("records")
    ]
    return html.table(heads, cells, caption="Mean scores, every question once")


def _open_cells(row: Mapping[Any, Any]) -> list[Cell]:
    changed = change_words(row["change"])
    return [
        str(row["text"]),
        _odds(row["probability"]),
        changed or NoNumber("first answer"),
        *(_odds(row[name]) for name in _BASELINES),
        str(row["resolves_from"]),
    ]


def _odds(value: float) -> Cell:
    return NoNumber("none") if pd.isna(value) else probability(value)


def _skill(row: Mapping[Any, Any]) -> Cell:
    if pd.isna(row["skill"]):
        return NoNumber("itself")
    if pd.isna(row["skill_lower"]):
        return f"{row['skill']:.2f}"
    return f"{row['skill']:.2f} ({row['skill_lower']:.2f} to {row['skill_upper']:.2f})"


def _line(view: View, unit: str, population: str = "") -> SourceLine:
    return SourceLine(
        unit=unit,
        population=population_words(population).counted if population else "as each question says",
        counting="as each question says",
        release_id=view.release_id,
        last_counted=str(view.full_series.last_counted),
        as_of=view.release.as_of.as_of,
    )
