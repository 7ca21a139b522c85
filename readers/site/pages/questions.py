"""Questions that resolve: open ones with their answers, decided ones with their outcomes."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from readers import html
from readers.figures.questions import (
    HOW_TO_READ,
    came_true_as_said,
    open_questions,
    scores_table,
    settled_questions,
)
from readers.figures.view import View
from readers.site.layout import link
from readers.site.model import Chart, Columns, Part, SitePage, Subject
from readers.summaries.questions import (
    QuestionTables,
    question_tables,
    questions_headline,
    standings,
)
from talentcast.domain.types import QuestionStatus


def questions(subject: Subject) -> SitePage:
    """Return what is asked, what this release says, and what became of earlier questions."""
    view = subject.shown[0].view
    parts: list[Part] = [html.kicker("Questions", f"release {subject.release_id}")]
    tables = question_tables(subject.release, subject.root)
    if tables is None:
        said = "Ask in a file of your own; see the documentation on questions that resolve."
        parts.append(html.heading("This release was asked nothing", 1) + html.empty(said))
        return SitePage("questions.html", "Questions", "Questions", parts)
    rows = standings(tables)
    parts.append(html.headline(questions_headline(tables)))
    if (still_open := open_questions(view, rows)) is not None:
        parts.append(Chart("questions-open", still_open, view, level=2, is_open=True))
    for is_pseudo in (False, True):
        parts += _settled(view, tables.pseudo(is_pseudo), rows, is_pseudo=is_pseudo)
    return SitePage("questions.html", "Questions", "Questions", parts)


def _settled(
    view: View, tables: QuestionTables, rows: pd.DataFrame, *, is_pseudo: bool
) -> list[Part]:
    """Return what was decided or became void, and how good the answers were."""
    name = "pseudo" if is_pseudo else "true"
    figure = settled_questions(view, rows, name, is_pseudo=is_pseudo)
    if figure is None:
        return []
    parts: list[Part] = [html.heading(figure.title)]
    if (tables.questions["status"] == str(QuestionStatus.RESOLVED)).any():
        kept = came_true_as_said(view, tables, name)
        drawn = Chart(f"questions-reliability-{name}", kept, view)
        scores = html.heading("Scores", 3) + scores_table(tables)
        parts.append(Columns(((drawn, html.paragraph(HOW_TO_READ)), (scores,))))
    if not is_pseudo:
        return [*parts, Chart(f"questions-{name}", figure, view, level=0, is_open=True)]
    # There are many: their rows are in the tables of the release and not in a file of their own.
    files = [link(f"data/{table}.parquet", table) for table in ("questions", "answers")]
    said = Markup('<p class="tc-text">Every row: {}, {}.</p>').format(*files)
    shown = Markup(figure.numbers)  # noqa: S704 - made of escaped pieces
    return [*parts, shown + html.source(figure.line) + said]
