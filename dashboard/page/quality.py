"""Which checks a release passed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import draw
from readers import html
from readers.figures.checks import checks_headline, every_check, not_passed, without_a_country

HEIGHTS: dict[str, int] = {}


def show(context: Context) -> None:
    """Draw the page."""
    checks = context.table("quality_checks")
    st.html(html.kicker("Quality", f"release {context.release_id}"))
    if checks is None or checks.empty:
        st.html(
            html.heading("This release holds no record of its checks", 1)
            + html.empty("Choose another release above.")
        )
        return
    st.html(html.headline(checks_headline(checks)))
    if noted := not_passed(checks):
        st.html(noted)
    unknown = without_a_country(context.full_series)
    st.html(html.heading("Without a country") + html.paragraph(unknown))
    _every(context, checks)


def _every(context: Context, checks: pd.DataFrame) -> None:
    st.html(html.heading("Every check"))
    left, right = st.columns(2, gap="small")
    stages = ["", *checks["stage"].drop_duplicates()]
    stage = pick(left, "gate", "Gate", {s: s or "every gate" for s in stages}, usual="")
    rows = checks[checks["stage"] == stage] if stage else checks
    tables = ["", *sorted(rows["table"].unique())]
    table = pick(
        right, "checked", "Table or series", {t: t or "every table" for t in tables}, usual=""
    )
    rows = rows[rows["table"] == table] if table else rows
    draw(context, every_check(context.view, rows), is_open=True)
