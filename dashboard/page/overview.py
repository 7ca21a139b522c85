"""Who leads, how sure that is, and who may pass whom."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import draw
from readers import html
from readers.figures.order import (
    closest_pair,
    no_order_in_play,
    order_strips,
    orders_in_play,
    pair_in_words,
    pair_odds,
)
from readers.figures.shares import how_to_read_bars, leading_shares, next_largest
from readers.figures.view import View
from readers.summaries.headlines import overview_headline
from readers.summaries.populations import is_about_ai
from readers.summaries.series import Series

HEIGHTS = {"shares": 434, "odds": 196}


def show(context: Context) -> None:
    """Draw the page."""
    view = context.view
    series = view.series
    st.html(
        html.kicker(
            "Overview",
            f"release {context.release_id}",
            series.freshness,
            f"forecasts {series.last_counted + 1}–{series.target_year}",
        )
        + html.headline(overview_headline(series))
        + _strips(context, series)
    )
    shares = leading_shares(view)
    st.html(html.heading(shares.title))
    draw(context, shares)
    if series.joint_draws is None:
        st.html(html.heading("Who may pass whom"))
        st.html(html.empty("Odds need joint samples, which this release does not hold."))
    elif len(series.leaders) > 1:
        _odds(context, view)
    if len(series.leaders) > 2:
        bars = next_largest(view)
        st.html(html.heading(bars.title) + html.paragraph(how_to_read_bars(series)))
        draw(context, bars)


def _strips(context: Context, series: Series) -> Markup:
    """Say how likely the order of the two largest is: here, and where AI was counted last."""
    horizon = context.choice.horizon
    freshest = [] if is_about_ai(series.key.population) else context.freshest_ai()
    claims = order_strips(
        series,
        also=[one.until(horizon) for one in freshest],
        by_rule=[one.until(horizon) for one in context.other_rules()],
    )
    return html.odds_strips(claims) if claims else Markup()


@st.fragment
def _odds(context: Context, view: View) -> None:
    st.html(html.heading("Who may pass whom"))
    pair, orders = st.columns([5, 6], gap="medium")
    with pair:
        st.html(html.heading("Pick a pair", 3))
        first, second = _pick(view.series)
        if first == second:
            st.html(html.empty("Choose two different countries to compare."))
        else:
            likely, said = pair_in_words(view.series, first, second)
            st.html(html.paragraph((likely, True), said, is_live=True))
            draw(context, pair_odds(view, first, second))
    with orders:
        st.html(html.heading("Changes of order that are in play", 3))
        changes = orders_in_play(view)
        if changes is None:
            said = f"{no_order_in_play(view.series)} Choose a longer horizon to see more."
            st.html(html.empty(said))
        else:
            draw(context, changes, is_open=True)


def _pick(series: Series) -> tuple[str, str]:
    left, right = st.columns(2, gap="small")
    names = {code: series.names.get(code, code) for code in series.leaders}
    first, second = closest_pair(series)
    return (
        pick(left, "first", "Will this country…", names, usual=first),
        pick(right, "second", "…be ahead of", names, usual=second),
    )
