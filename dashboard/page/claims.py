"""What is often quoted: how sure it is, what it is about, and what is counted here instead."""

from __future__ import annotations

import streamlit as st

from dashboard.context import Context
from dashboard.figure import chart, draw
from readers import html
from readers.charts.quoted import ROW_HEIGHT
from readers.figures.quoted import (
    HOW_TO_READ,
    claims_headline,
    every_claim,
    quoted_beside_counted,
    quoted_claims,
    what_a_claim_rests_on,
)

HEIGHTS = {"quoted": 8 * ROW_HEIGHT + 24}


def show(context: Context) -> None:
    """Draw the page."""
    st.html(html.kicker("Claims", f"release {context.release_id}"))
    view = context.view
    found = quoted_claims(view)
    if not found:
        st.html(
            html.heading("This release holds none of the figures that are often quoted", 1)
            + html.empty("They come with the bundled sources: talentcast refresh.")
        )
        return
    st.html(html.headline(claims_headline(found)))
    compared = quoted_beside_counted(view, found)
    if compared is not None and (build := compared.build) is not None:
        chart(context, compared.name, lambda: build(context.palette))
        st.html(html.paragraph(HOW_TO_READ))
    for claim, rows in found.items():
        st.html(what_a_claim_rests_on(claim, rows, context.full_series.names))
    draw(context, every_claim(view, found))
