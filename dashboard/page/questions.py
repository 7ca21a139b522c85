"""Questions that resolve: how likely, beside whom, decided how, and how good that was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard import html
from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import chart, underneath
from dashboard.html import Cell, Head, NoNumber
from readers.charts.questions import answers_chart, reliability_chart
from readers.summaries.populations import population_words
from readers.summaries.questions import (
    QuestionTables,
    change_words,
    history,
    how_it_resolves,
    outcome_words,
    question_sentence,
    question_tables,
    questions_headline,
    record_of,
    standings,
)
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import probability
from talentcast.domain.types import QuestionStatus

HEIGHTS = {"reliability-true": 304, "reliability-pseudo": 304, "answers": 254}
_EVERY: Final = "all"
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


def show(context: Context) -> None:
    """Draw the page."""
    tables = question_tables(context.release, context.root)
    if tables is None:
        st.html(
            html.kicker("Questions", f"release {context.release_id}")
            + html.heading("This release was asked nothing", 1)
            + html.empty("Ask in a file of your own: docs/how-to/ask-a-question.md.")
        )
        return
    place = st.empty()
    population = _population(tables)
    tables = tables.of_population(population)
    with place.container():
        st.html(
            html.kicker("Questions", f"release {context.release_id}")
            + html.headline(questions_headline(tables))
        )
    rows = standings(tables)
    _one(context, tables, rows)
    _open(context, rows)
    for is_pseudo, title in ((False, "Decided"), (True, "Asked and answered afterwards (pseudo)")):
        _decided(context, tables.pseudo(is_pseudo), rows, title, is_pseudo=is_pseudo)


def _population(tables: QuestionTables) -> str:
    """Draw the filter by population; empty for all of them."""
    names = sorted(tables.questions["population"].unique())
    words = {_EVERY: "All populations"} | {name: population_words(name).name for name in names}
    chosen = pick(st, "about", "Questions about", words, usual=_EVERY, width=340)
    return "" if chosen == _EVERY else chosen


def _one(context: Context, tables: QuestionTables, rows: pd.DataFrame) -> None:
    """Show one question in full; its id stands in the address."""
    own = rows[~rows["is_pseudo"].astype(bool)]
    ordered = pd.concat([own, rows[rows["is_pseudo"].astype(bool)]])
    words = dict(zip(ordered["question_id"], _labels(ordered), strict=True))
    first = str(ordered["question_id"].iloc[0])
    chosen = pick(st, "question", "One question", words, usual=first, width=720)
    row = rows[rows["question_id"] == chosen].to_dict("records")[0]
    said = history(tables, chosen)
    said = said.assign(is_quoted=said["forecaster"] == "quoted")
    st.html(
        html.heading(str(row["text"]))
        + html.paragraph((question_sentence(row), True), f" {outcome_words(row)}.")
        + html.paragraph(how_it_resolves(row))
    )
    described = "; ".join(
        f"{one['name']}, as of {one['answered_as_of']}: {probability(one['probability'])}"
        for one in said.to_dict("records")
    )
    chart(
        context,
        "answers",
        lambda: answers_chart(said, context.palette, description=f"Answers over time. {described}"),
        chosen,
    )
    cells: list[list[Cell]] = [
        [str(one["name"]), str(one["answered_as_of"]), probability(one["probability"])]
        for one in said.to_dict("records")
    ]
    heads = [Head("Who", is_number=False), Head("As of", is_number=False), Head("Probability")]
    numbers = html.table(heads, cells, caption="Answers to this question")
    line = _line(context, "% probability of yes", str(row["population"]))
    underneath(context, "answers", line, numbers, lambda: said.assign(question_id=chosen))


def _labels(rows: pd.DataFrame) -> Sequence[str]:
    """Tell questions apart that several populations ask in the same words."""
    return [f"{row['text']} · {row['question_id']}" for row in rows.to_dict("records")]


def _open(context: Context, rows: pd.DataFrame) -> None:
    """List what is open, the most uncertain first."""
    status = rows["status"]
    waits = status.isin([QuestionStatus.OPEN, QuestionStatus.CLOSED])
    shown = rows[waits & ~rows["is_pseudo"].astype(bool)]
    st.html(html.heading("Open questions"))
    if shown.empty:
        st.html(html.empty("None is open. Ask: docs/how-to/ask-a-question.md."))
        return
    shown = shown.assign(doubt=(shown["probability"].astype(float) - 0.5).abs())
    shown = shown.sort_values(["doubt", "question_id"])
    cells = [_open_cells(row) for row in shown.to_dict("records")]
    st.html(html.table(_OPEN_HEADS, cells, caption="Probability of yes"))
    line = _line(context, "% probability of yes; change in points since the release before")
    underneath(context, "open-questions", line, "", lambda: shown.drop(columns="doubt"))


def _open_cells(row: Mapping[Any, Any]) -> list[Cell]:
    changed = change_words(row["change"])
    beside = [_odds(row[name]) for name in _BASELINES]
    return [
        str(row["text"]),
        _odds(row["probability"]),
        changed if changed else NoNumber("first answer"),
        *beside,
        str(row["resolves_from"]),
    ]


def _odds(value: float) -> Cell:
    return NoNumber("none") if pd.isna(value) else probability(value)


def _decided(
    context: Context, tables: QuestionTables, rows: pd.DataFrame, title: str, *, is_pseudo: bool
) -> None:
    """List what was decided or became void, and how good the answers were."""
    settled = (QuestionStatus.RESOLVED, QuestionStatus.VOID)
    is_shown = rows["status"].isin(settled) & (rows["is_pseudo"].astype(bool) == is_pseudo)
    shown = rows[is_shown].sort_values(["target_year", "question_id"], ascending=[False, True])
    if shown.empty:
        return
    st.html(html.heading(title))
    name = "pseudo" if is_pseudo else "true"
    if (shown["status"] == QuestionStatus.RESOLVED).any():
        _record(context, tables, name)
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
    caption = "The last answer, and the mean score of all"
    if len(shown) > _SHOWN_DECIDED:
        caption += f"; {_SHOWN_DECIDED} of {len(shown)}, the others are in the file"
    numbers = html.table(heads, cells, caption=caption)
    line = _line(context, "Brier score: squared error of the probability, 0 to 1")
    underneath(context, f"decided-{name}", line, numbers, lambda: shown, is_open=not is_pseudo)


def _record(context: Context, tables: QuestionTables, name: str) -> None:
    """Draw the reliability diagram beside the scores of everybody."""
    board, bins = record_of(tables)
    described = "; ".join(
        f"given {probability(one['probability'])}: came true {probability(one['frequency'])}"
        for one in bins.to_dict("records")
    )
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(html.heading("Came true as often as said?", 3))
        chart(
            context,
            f"reliability-{name}",
            lambda: reliability_chart(
                bins, context.palette, description=f"Reliability. {described}"
            ),
            name,
            tuple(sorted(tables.questions["population"].unique())),
        )
        st.html(
            html.paragraph(
                "Across: the probability given. Up: how often it came true, with the number of "
                "answers, and 95 % intervals over populations and years."
            )
        )
    with right:
        st.html(html.heading("Scores: lower is better", 3))
        st.html(_board(board))


def _board(board: pd.DataFrame) -> str:
    heads = [
        Head("Forecaster", is_number=False),
        Head("Questions", is_secondary=True),
        Head("Brier"),
        Head("Log"),
        Head("talentcast’s skill over it"),
    ]
    log = board[board["metric"] == "log"].set_index("scored_as")["value"]
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


def _skill(row: Mapping[Any, Any]) -> Cell:
    if pd.isna(row["skill"]):
        return NoNumber("itself")
    if pd.isna(row["skill_lower"]):
        return f"{row['skill']:.2f}"
    return f"{row['skill']:.2f} ({row['skill_lower']:.2f} to {row['skill_upper']:.2f})"


def _line(context: Context, unit: str, population: str = "") -> SourceLine:
    return SourceLine(
        unit=unit,
        population=population_words(population).counted if population else "as each question says",
        counting="as each question says",
        release_id=context.release_id,
        last_counted=str(context.full_series.last_counted),
        as_of=context.release.as_of.as_of,
    )
