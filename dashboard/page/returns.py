"""How likely researchers abroad are to return: cohorts, withheld cells, and the model's card."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import html
from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import underneath
from dashboard.html import Cell, Head, NoNumber
from publication.nowcast_card import NOWCAST_TOPIC
from readers.summaries.returns import (
    cohort_cells,
    host_words,
    main_origin,
    newest_cohorts,
    returns_headline,
)
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import in_sentence

HEIGHTS: dict[str, int] = {}
_TOPICS = (
    "intended_use",
    "population",
    "training_window",
    "evaluation",
    "not_for",
    "limitations",
    "known_failures",
)


def show(context: Context) -> None:
    """Draw the page."""
    st.html(html.kicker("Returns", f"release {context.release_id}"))
    cohorts = context.table("return_cohorts")
    if cohorts is None or cohorts.empty:
        st.html(
            html.heading("Returns are not in this release", 1)
            + html.empty(
                "Return likelihoods are estimated from affiliation records, and none were supplied "
                "for this release. Choose another release above, or publish one with affiliation "
                "records."
            )
        )
    else:
        _cohorts(context, cohorts)
    _card(context)


def _cohorts(context: Context, cohorts: pd.DataFrame) -> None:
    names = context.full_series.names
    st.html(html.headline(returns_headline(cohorts, names)))
    origins = sorted(cohorts["origin_country"].unique(), key=lambda c: names.get(c, c))
    usual = context.choice.country if context.choice.country in origins else main_origin(cohorts)
    left, right = st.columns(2, gap="small")
    origin = pick(
        left,
        "origin",
        "First seen in",
        {code: names.get(code, code) for code in origins},
        usual=usual,
    )
    groups = {g: host_words(g) for g in sorted(cohorts["host_group"].unique())}
    group = pick(right, "host", "Now in", {"": "every group"} | groups, usual="")
    rows = cohorts[cohorts["origin_country"] == origin]
    if group:
        rows = rows[rows["host_group"] == group]
    name = names.get(origin, origin)
    st.html(
        html.heading(f"Returns to {in_sentence(name)}")
        + html.paragraph(
            f"Of researchers first seen publishing in {in_sentence(name)} and later observed "
            "abroad, the expected part that is observed there again."
        )
    )
    if rows.empty:
        st.html(html.empty("No researchers of this origin were observed there. Choose another."))
        return
    cohort_table(context, newest_cohorts(rows), name="returns")


def cohort_table(context: Context, rows: pd.DataFrame, *, name: str) -> None:
    """Write cohorts by landmark year and group of hosts, one column a horizon."""
    horizons = sorted(int(h) for h in rows["horizon_years"].unique())
    heads = [
        Head("Abroad in", is_number=False),
        Head("In", is_number=False),
        Head("Researchers", is_secondary=True),
        *(Head(f"within {h} year{'s' if h > 1 else ''}") for h in horizons),
    ]
    cells: list[list[Cell]] = [
        [NoNumber(cell) if is_a_word else cell for cell, is_a_word in row]
        for row in cohort_cells(rows, horizons, last_year=context.release.as_of.as_of.year)
    ]
    st.html(html.table(heads, cells, caption="Expected to have returned, 95% interval in brackets"))
    reasons = sorted(str(r) for r in rows["suppression_reason"].dropna().unique() if r)
    note = "some cells: " + "; ".join(reasons) + "." if reasons else ""
    series = context.full_series
    line = SourceLine(
        unit="% of the cohort, observed at origin within the horizon",
        population=f"researchers of {rows['population'].iloc[0].replace('_', ' ')} observed abroad",
        counting="first return only; numbers of people rounded to 5",
        release_id=context.release_id,
        last_counted=str(max(series.last_counted, int(rows["landmark_year"].max()))),
        as_of=context.release.as_of.as_of,
        note=note,
    )
    underneath(context, name, line, "", lambda: rows.drop(columns="release_id"))


def _card(context: Context) -> None:
    st.html(html.heading("Model card"))
    cards = context.table("model_cards")
    cards = None if cards is None else cards[cards["topic"] != NOWCAST_TOPIC]
    if cards is None or cards.empty:
        st.html(html.empty("This release holds no model card, because it holds no return model."))
        return
    order = {topic: place for place, topic in enumerate(_TOPICS)}
    for (model, population), card in cards.groupby(["model", "population"], sort=True):
        st.html(html.heading(f"{model}, {str(population).replace('_', ' ')}", 3))
        ordered = sorted(
            card.to_dict("records"), key=lambda r: (order.get(r["topic"], len(order)), r["topic"])
        )
        entries = [(r["topic"].replace("_", " ").capitalize(), r["text"]) for r in ordered]
        st.html(html.definitions(entries))
