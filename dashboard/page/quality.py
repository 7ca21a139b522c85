"""Which checks a release passed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import html
from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import underneath
from dashboard.html import Head
from readers.summaries.headlines import Headline
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import percent

HEIGHTS: dict[str, int] = {}
#: Worst first.
_ORDER = {"fail": 0, "could_not_run": 1, "warn": 2, "pass": 3}
_WORDS = {"fail": "fail", "could_not_run": "could not run", "warn": "warn", "pass": "pass"}


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
    counts = checks["outcome"].value_counts()
    passed, ran = int(counts.get("pass", 0)), len(checks)
    others = [
        f"{counts[name]} {_WORDS[name]}" for name in _ORDER if name != "pass" and name in counts
    ]
    said = ", ".join(others) if others else "none warned"
    meaning = (
        "A check that fails stops a release, so what is published has none. A warning is for the "
        "reader to weigh."
    )
    title = f"{passed:,} of {ran:,} checks passed; {said}"
    st.html(html.headline(Headline(title, ((meaning, False),))))
    noted = checks[checks["outcome"] != "pass"]
    if len(noted):
        st.html(html.heading("What to weigh") + _table(noted.head(30), "Checks that did not pass"))
    _unknown(context)
    _every(context, checks)


def _unknown(context: Context) -> None:
    """Say what part of the counts has no country."""
    history = context.full_series.history
    known = history.dropna(subset=["unknown_share"])
    last = known[known["year"] == known["year"].max()]
    text = (
        f"In {int(last['year'].iloc[0])} {percent(100 * float(last['unknown_share'].iloc[0]))} of "
        f"{context.full_series.words.whole} had no known country."
        if len(last)
        else f"The source of {context.full_series.words.name} does not say how many have no known "
        "country; they are in the rest of the world."
    )
    st.html(html.heading("Without a country") + html.paragraph(text))


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
    ordered = rows.sort_values("outcome", key=lambda o: o.map(_ORDER), kind="stable")
    shown = ordered.head(30)
    st.html(_table(shown, f"{len(shown)} of {len(ordered)} checks, worst first"))
    line = SourceLine(
        unit="checks; affected rows are rows or groups that broke the rule",
        population="every table of the release and the inputs it was made from",
        counting="one row a check that ran",
        release_id=context.release_id,
        last_counted=str(context.full_series.last_counted),
        as_of=context.release.as_of.as_of,
    )
    underneath(context, "quality", line, "", lambda: ordered.drop(columns="release_id"))


def _table(rows: pd.DataFrame, caption: str) -> str:
    heads = [
        Head("Check", is_number=False),
        Head("Status", is_number=False),
        Head("Of", is_number=False),
        Head("Seen", is_number=False),
        Head("Allowed", is_number=False, is_secondary=True),
        Head("Affected rows"),
    ]
    cells = [
        [
            row["check"].replace("_", " ").lower(),
            _WORDS.get(row["outcome"], row["outcome"]),
            row["table"],
            ". ".join(filter(None, (row["observed"], row["message"]))),
            row["threshold"],
            f"{row['failing_rows']:,}",
        ]
        for row in rows.to_dict("records")
    ]
    return html.table(heads, cells, caption=caption)
