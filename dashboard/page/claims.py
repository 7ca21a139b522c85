"""What is often quoted: how sure it is, what it is about, and what is counted here instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import pandas as pd
import streamlit as st

from dashboard import html
from dashboard.context import Context
from dashboard.figure import chart, underneath
from dashboard.html import Cell, Head, NoNumber
from readers.charts.quoted import ROW_HEIGHT, quoted_shares
from readers.summaries.headlines import Headline
from readers.summaries.known_claims import (
    Evidence,
    KnownClaim,
    evidence,
    known_claims,
    populations_beside,
)
from readers.summaries.populations import population_words
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import percent

_ROWS_AT_MOST: Final = 12
HEIGHTS = {"quoted": 8 * ROW_HEIGHT + 24}
_COUNTED: Final = ["population", "counting_rule", "source", "year", "country", "researchers"]
_HEADS: Final = (
    Head("Who says so, of whom", is_number=False),
    Head("From", is_number=False, is_secondary=True),
    Head("In", is_number=False),
    Head("Year"),
    Head("Figure"),
    Head("95% interval"),
    Head("Number", is_secondary=True),
)


def show(context: Context) -> None:
    """Draw the page."""
    st.html(html.kicker("Claims", f"release {context.release_id}"))
    found = _found(context)
    if not found:
        st.html(
            html.heading("This release holds none of the figures that are often quoted", 1)
            + html.empty("They come with the bundled sources: talentcast refresh.")
        )
        return
    title = f"{len(found)} claims that are often quoted, and what each rests on"
    meaning = (
        "Intervals are those of a random sample of the number stated (Wilson). Who is accepted at "
        "a conference or cited often is no random sample: each figure is less sure than that."
    )
    st.html(html.headline(Headline(title, ((meaning, False),))))
    if compared := [row for claim, rows in found.items() if claim.counted_here for row in rows]:
        _comparable(context, compared)
    for claim, rows in found.items():
        _one(claim, rows, context.full_series.names)
    line = SourceLine(
        unit="% of a sample or of all counted, where no other unit is given",
        population="as each row says",
        counting="as each row says",
        release_id=context.release_id,
        last_counted=str(context.full_series.last_counted),
        as_of=context.release.as_of.as_of,
        note="Check another one: talentcast claim --share 0.42 --n 867.",
    )
    every = [row for rows in found.values() for row in rows]
    underneath(context, "claims", line, "", lambda: pd.DataFrame(map(asdict, every)))


def _found(context: Context) -> dict[KnownClaim, tuple[Evidence, ...]]:
    """Return the claims of which the release holds a figure, each with what it rests on."""
    figures = context.table("published_figures")
    if figures is None:
        return {}
    titles = {name: population_words(name).name for name in populations_beside()}
    counted = _observations(context)
    every = {claim: evidence(claim, figures, counted, titles) for claim in known_claims()}
    return {c: rows for c, rows in every.items() if not all(row.is_counted_here for row in rows)}


def _observations(context: Context) -> pd.DataFrame:
    tables = [context.table("observations", name) for name in populations_beside()]
    kept = [table for table in tables if table is not None and len(table)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=_COUNTED)


def _comparable(context: Context, rows: Sequence[Evidence]) -> None:
    """Draw what is quoted beside what is counted here of the same years."""
    names = context.full_series.names
    ordered = sorted(rows, key=lambda row: (str(row.location), row.year, row.is_counted_here))
    shown = pd.DataFrame(
        {
            "name": f"{names.get(str(row.location), row.location)}, {row.year}"
            + (", counted" if row.is_counted_here else ""),
            "is_counted_here": row.is_counted_here,
            "percent": row.percent,
            "lower": row.lower,
            "upper": row.upper,
            "text": percent(row.percent or 0.0),
        }
        for row in ordered[:_ROWS_AT_MOST]
    ).astype({"lower": float, "upper": float})
    described = "; ".join(f"{row['name']}: {row['text']}" for row in shown.to_dict("records"))
    chart(
        context,
        "quoted",
        lambda: quoted_shares(shown, context.palette, description=f"Quoted shares. {described}"),
    )
    key = "Filled: quoted, with the interval of its sample. Hollow: counted here, of everybody."
    st.html(html.paragraph(key))


def _one(claim: KnownClaim, rows: Sequence[Evidence], names: Mapping[str, str]) -> None:
    cells: list[list[Cell]] = [
        [
            row.who,
            _place(row.origin, names),
            _place(row.location, names),
            str(row.year),
            percent(row.percent) if row.percent is not None else f"{row.value:,.1f} {row.unit}",
            _interval(row),
            NoNumber("not stated") if row.n is None else f"{row.n:,}",
        ]
        for row in rows
    ]
    said = f"Not comparable with what is counted here. {claim.not_comparable}"
    if claim.counted_here is not None:
        said = claim.note
    st.html(
        html.heading(claim.claim)
        + html.paragraph(f"Edition: {claim.edition}. {said}")
        + html.table(_HEADS, cells, caption="What it rests on")
    )


def _place(code: str | None, names: Mapping[str, str]) -> Cell:
    return NoNumber("any") if code is None else names.get(code, code)


def _interval(row: Evidence) -> Cell:
    if row.lower is None:
        return NoNumber("counted in full" if row.is_counted_here else "none can be given")
    return f"{row.lower}–{row.upper}"
