"""How likely researchers abroad are to return: cohorts, withheld cells, and the model's card."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import draw
from readers import html
from readers.figures.returns import NO_RETURNS, cohorts, model_cards, returns_to
from readers.summaries.returns import (
    host_words,
    main_origin,
    newest_cohorts,
    returns_headline,
)

HEIGHTS: dict[str, int] = {}


def show(context: Context) -> None:
    """Draw the page."""
    st.html(html.kicker("Returns", f"release {context.release_id}"))
    every = context.table("return_cohorts")
    if every is None or every.empty:
        st.html(html.heading("Returns are not in this release", 1) + html.empty(NO_RETURNS))
    else:
        _cohorts(context, every)
    st.html(model_cards(context.view))


def _cohorts(context: Context, every: pd.DataFrame) -> None:
    names = context.full_series.names
    st.html(html.headline(returns_headline(every, names)))
    origins = sorted(every["origin_country"].unique(), key=lambda c: names.get(c, c))
    usual = context.choice.country if context.choice.country in origins else main_origin(every)
    left, right = st.columns(2, gap="small")
    origin = pick(
        left,
        "origin",
        "First seen in",
        {code: names.get(code, code) for code in origins},
        usual=usual,
    )
    groups = {g: host_words(g) for g in sorted(every["host_group"].unique())}
    group = pick(right, "host", "Now in", {"": "every group"} | groups, usual="")
    rows = every[every["origin_country"] == origin]
    if group:
        rows = rows[rows["host_group"] == group]
    name = names.get(origin, origin)
    st.html(returns_to(name))
    if rows.empty:
        st.html(html.empty("No researchers of this origin were observed there. Choose another."))
        return
    draw(context, cohorts(context.view, newest_cohorts(rows), name="returns"), is_open=True)
