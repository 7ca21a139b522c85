"""Questions that resolve: how likely, beside whom, decided how, and how good that was."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import chart, draw
from readers import html
from readers.figures.questions import (
    HOW_TO_READ,
    answers_over_time,
    came_true_as_said,
    open_questions,
    scores_table,
    settled_questions,
)
from readers.summaries.populations import population_words
from readers.summaries.questions import (
    QuestionTables,
    how_it_resolves,
    outcome_words,
    question_sentence,
    question_tables,
    questions_headline,
    standings,
)
from talentcast.domain.types import QuestionStatus

HEIGHTS = {"reliability-true": 304, "reliability-pseudo": 304, "answers": 254}
_EVERY: Final = "all"


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
    tables = tables.of_population(_population(tables))
    with place.container():
        st.html(
            html.kicker("Questions", f"release {context.release_id}")
            + html.headline(questions_headline(tables))
        )
    rows = standings(tables)
    _one(context, tables, rows)
    _open(context, rows)
    for is_pseudo in (False, True):
        _settled(context, tables.pseudo(is_pseudo), rows, is_pseudo=is_pseudo)


def _population(tables: QuestionTables) -> str:
    """Draw the filter by population; empty for all of them."""
    names = sorted(tables.questions["population"].unique())
    words = {_EVERY: "All populations"} | {name: population_words(name).name for name in names}
    chosen = pick(st, "about", "Questions about", words, usual=_EVERY, width=340)
    return "" if chosen == _EVERY else chosen


def _one(context: Context, tables: QuestionTables, rows: pd.DataFrame) -> None:
    """Show one question in full; its id stands in the address."""
    ordered = rows.sort_values(["is_pseudo", "question_id"])
    names = ordered["question_id"].tolist()
    # Several populations may be asked in the same words.
    words = {name: f"{text} · {name}" for name, text in zip(names, ordered["text"], strict=True)}
    chosen = pick(st, "question", "One question", words, usual=names[0], width=720)
    row = rows[rows["question_id"] == chosen].to_dict("records")[0]
    figure = answers_over_time(context.view, tables, row)
    st.html(
        html.heading(figure.title)
        + html.paragraph((question_sentence(row), True), f" {outcome_words(row)}.")
        + html.paragraph(how_it_resolves(row))
    )
    draw(context, figure)


def _open(context: Context, rows: pd.DataFrame) -> None:
    figure = open_questions(context.view, rows)
    if figure is None:
        st.html(
            html.heading("Open questions")
            + html.empty("None is open. Ask: docs/how-to/ask-a-question.md.")
        )
        return
    st.html(html.heading(figure.title))
    draw(context, figure, is_open=True)


def _settled(
    context: Context, tables: QuestionTables, rows: pd.DataFrame, *, is_pseudo: bool
) -> None:
    """List what was decided or became void, and how good the answers were."""
    name = "pseudo" if is_pseudo else "true"
    figure = settled_questions(context.view, rows, name, is_pseudo=is_pseudo)
    if figure is None:
        return
    st.html(html.heading(figure.title))
    if (tables.questions["status"] == str(QuestionStatus.RESOLVED)).any():
        _record(context, tables, name)
    draw(context, figure, is_open=not is_pseudo)


def _record(context: Context, tables: QuestionTables, name: str) -> None:
    """Draw the reliability diagram beside the scores of everybody."""
    figure = came_true_as_said(context.view, tables, name)
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(html.heading(figure.title, 3))
        if (build := figure.build) is not None:
            chart(context, figure.name, lambda: build(context.palette), *figure.about)
        st.html(html.paragraph(HOW_TO_READ))
    with right:
        st.html(html.heading("Scores: lower is better", 3) + scores_table(tables))
