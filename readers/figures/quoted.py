"""What is often quoted: what each claim rests on, and what is counted here instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import pandas as pd
from markupsafe import Markup

from readers import html
from readers.charts.quoted import quoted_shares
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Cell, Head, NoNumber
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

Found = Mapping[KnownClaim, tuple[Evidence, ...]]
ROWS_AT_MOST: Final = 12
#: What stands under the chart of shares that can be compared.
HOW_TO_READ: Final = (
    "Filled: quoted, with the interval of its sample. Hollow: counted here, of everybody."
)
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


def quoted_claims(view: View) -> Found:
    """Return the claims of which the release holds a figure, each with what it rests on."""
    figures = view.table("published_figures")
    if figures is None:
        return {}
    titles = {name: population_words(name).name for name in populations_beside()}
    counted = _observations(view)
    every = {claim: evidence(claim, figures, counted, titles) for claim in known_claims()}
    return {c: rows for c, rows in every.items() if not all(row.is_counted_here for row in rows)}


def claims_headline(found: Found) -> Headline:
    """Say how many claims there are, and what their intervals mean."""
    meaning = (
        "Intervals are those of a random sample of the number stated (Wilson). Who is accepted at "
        "a conference or cited often is no random sample: each figure is less sure than that."
    )
    title = f"{len(found)} claims that are often quoted, and what each rests on"
    return Headline(title, ((meaning, False),))


def quoted_beside_counted(view: View, found: Found) -> Figure | None:
    """Return what is quoted beside what is counted here of the same years; None if nothing is."""
    rows = [row for claim, every in found.items() if claim.counted_here for row in every]
    if not rows:
        return None
    shown = _drawn_rows(view, rows)
    described = "; ".join(f"{row['name']}: {row['text']}" for row in shown.to_dict("records"))
    description = f"Quoted shares. {described}"
    return Figure(
        "quoted",
        "Quoted, and counted here",
        every_claim_line(view),
        lambda: shown.drop(columns="text"),
        build=lambda palette: quoted_shares(shown, palette, description=description),
    )


def every_claim(view: View, found: Found) -> Figure:
    """Return the rows of every claim as a file; the page shows them claim by claim."""
    every = [row for rows in found.values() for row in rows]
    return Figure(
        "claims",
        "Every claim",
        every_claim_line(view),
        lambda: pd.DataFrame(map(asdict, every)),
    )


def every_claim_line(view: View) -> SourceLine:
    """Return the line under the claims."""
    return SourceLine(
        unit="% of a sample or of all counted, where no other unit is given",
        population="as each row says",
        counting="as each row says",
        release_id=view.release_id,
        last_counted=str(view.full_series.last_counted),
        as_of=view.release.as_of.as_of,
        note="Check another one: talentcast claim --share 0.42 --n 867.",
    )


def what_a_claim_rests_on(
    claim: KnownClaim, rows: Sequence[Evidence], names: Mapping[str, str]
) -> Markup:
    """Return one claim: as it is quoted, whether it can be compared, and its figures."""
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
    return (
        html.heading(claim.claim)
        + html.paragraph(f"Edition: {claim.edition}. {said}")
        + html.table(_HEADS, cells, caption="What it rests on")
    )


def _observations(view: View) -> pd.DataFrame:
    tables = [view.table("observations", name) for name in populations_beside()]
    kept = [table for table in tables if table is not None and len(table)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=_COUNTED)


def _drawn_rows(view: View, rows: Sequence[Evidence]) -> pd.DataFrame:
    """Return the rows of the chart: by country and year, the quoted one before the counted one."""
    ordered = sorted(rows, key=lambda row: (str(row.location), row.year, row.is_counted_here))
    return pd.DataFrame(
        {
            "name": f"{view.name(str(row.location))}, {row.year}"
            + (", counted" if row.is_counted_here else ""),
            "is_counted_here": row.is_counted_here,
            "percent": row.percent,
            "lower": row.lower,
            "upper": row.upper,
            "text": percent(row.percent or 0.0),
        }
        for row in ordered[:ROWS_AT_MOST]
    ).astype({"lower": float, "upper": float})


def _place(code: str | None, names: Mapping[str, str]) -> Cell:
    return NoNumber("any") if code is None else names.get(code, code)


def _interval(row: Evidence) -> Cell:
    if row.lower is None:
        return NoNumber("counted in full" if row.is_counted_here else "none can be given")
    return f"{row.lower}–{row.upper}"
