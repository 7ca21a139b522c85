"""One country: share, stock, arrivals and departures, returns."""

from __future__ import annotations

import streamlit as st

from dashboard.context import Context
from dashboard.controls import country_control, slide
from dashboard.figure import draw
from readers import html
from readers.figures.country import (
    country_moves,
    country_share,
    country_stock,
    forecast_table,
    no_moves,
    stock_in_words,
)
from readers.figures.reasons import reasons
from readers.figures.returns import cohorts
from readers.figures.stay_rates import stay_rate_change, title, told_steps
from readers.figures.view import View
from readers.summaries.headlines import country_headline
from readers.summaries.stay_rates import USUAL_POINTS, step_words

HEIGHTS = {
    "country": 344,
    "stock": 344,
    "reasons": 164,
    "forecast-reasons": 164,
    "stay-rates": 264,
    "flows": 214,
}
_COHORTS = 60


def show(context: Context) -> None:
    """Draw the page."""
    st.html(html.kicker("Country", f"release {context.release_id}", context.full_series.freshness))
    country = country_control(context)
    view = context.view
    series = view.series
    st.html(html.headline(country_headline(series, country)))
    left, right = st.columns([7, 5], gap="medium")
    with left:
        share = country_share(view, country)
        st.html(html.heading(share.title, 3))
        draw(context, share)
    with right:
        st.html(html.heading("Forecast by year", 3) + forecast_table(series, country))
        _moves(context, view, country)
    if len(series.stocks):
        stock = country_stock(view, country)
        st.html(html.heading(stock.title) + html.paragraph(stock_in_words(series, country)))
        draw(context, stock)
    for said, figure in reasons(view, country):
        st.html(html.heading(figure.title) + html.paragraph(said))
        draw(context, figure)
    _stay_rates(context, view, country)
    _returns(context, country)


def _stay_rates(context: Context, view: View, country: str) -> None:
    steps = told_steps(view)
    if steps is None:
        return
    st.html(html.heading(title(view, steps)))
    words = {str(step): step_words(step) for step in steps.steps}
    chosen = slide("stay", "Five-year stay rate", words, usual=str(USUAL_POINTS))
    said, figure = stay_rate_change(view, steps, country, int(chosen))
    st.html(html.paragraph(said))
    draw(context, figure)


def _moves(context: Context, view: View, country: str) -> None:
    st.html(html.heading("Arrivals and departures", 3))
    moves = country_moves(view, country)
    if moves is None:
        st.html(html.empty(no_moves(view.series)))
    else:
        draw(context, moves)


def _returns(context: Context, country: str) -> None:
    st.html(html.heading("Return of those who left"))
    every = context.table("return_cohorts")
    if every is None:
        st.html(
            html.empty(
                "Returns are not in this release: they are estimated where affiliation records "
                "were supplied. The Returns page says more."
            )
        )
        return
    own = every[every["origin_country"] == country]
    if own.empty:
        name = context.view.name(country)
        st.html(html.empty(f"No researchers first seen in {name} were observed abroad."))
        return
    figure = cohorts(context.view, own.tail(_COHORTS), name=f"returns-{country}")
    draw(context, figure, is_open=True)
