"""Cohorts abroad and how likely they are to return, with the model's card; withheld stays so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
from markupsafe import Markup

from readers import html
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Cell, Head, NoNumber
from readers.summaries.returns import cohort_cells
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import in_sentence
from talentcast.domain.types import NOWCAST_TOPIC, REVISION_TOPIC

#: What a page says of a release without returns.
NO_RETURNS: Final = (
    "Return likelihoods are estimated from affiliation records, and none were supplied for this "
    "release. Choose another release, or publish one with affiliation records."
)
_TOPICS: Final = (
    "intended_use",
    "population",
    "training_window",
    "evaluation",
    "not_for",
    "limitations",
    "known_failures",
)


def cohorts(view: View, rows: pd.DataFrame, *, name: str) -> Figure:
    """Return cohorts by landmark year and group of hosts, one column a horizon.

    Args:
        view: Of the release.
        rows: `return_cohorts` rows of one origin.
        name: Of the figure.
    """
    horizons = sorted(int(h) for h in rows["horizon_years"].unique())
    heads = [
        Head("Abroad in", is_number=False),
        Head("In", is_number=False),
        Head("Researchers", is_secondary=True),
        *(Head(f"within {h} year{'s' if h > 1 else ''}") for h in horizons),
    ]
    cells: list[list[Cell]] = [
        [NoNumber(cell) if is_a_word else cell for cell, is_a_word in row]
        for row in cohort_cells(rows, horizons, last_year=view.release.as_of.as_of.year)
    ]
    reasons = sorted(str(r) for r in rows["suppression_reason"].dropna().unique() if r)
    last = max(view.full_series.last_counted, int(rows["landmark_year"].max()))
    return Figure(
        name,
        "Return of those who left",
        SourceLine(
            unit="% of the cohort, observed at origin within the horizon",
            population="researchers of "
            f"{rows['population'].iloc[0].replace('_', ' ')} observed abroad",
            counting="first return only; numbers of people rounded to 5",
            release_id=view.release_id,
            last_counted=str(last),
            as_of=view.release.as_of.as_of,
            note="some cells: " + "; ".join(reasons) + "." if reasons else "",
        ),
        lambda: rows.drop(columns="release_id"),
        numbers=html.table(
            heads, cells, caption="Expected to have returned, 95% interval in brackets"
        ),
    )


def returns_to(name: str) -> Markup:
    """Return the heading above the cohorts of one origin, and what they are."""
    place = in_sentence(name)
    return html.heading(f"Returns to {place}") + html.paragraph(
        f"Of researchers first seen publishing in {place} and later observed abroad, the expected "
        "part that is observed there again."
    )


def model_cards(view: View) -> Markup:
    """Return the cards of the return models."""
    heading = html.heading("Model card")
    cards = view.table("model_cards")
    cards = None if cards is None else cards[~cards["topic"].isin([NOWCAST_TOPIC, REVISION_TOPIC])]
    if cards is None or cards.empty:
        return heading + html.empty(
            "This release holds no model card, because it holds no return model."
        )
    for (model, population), card in cards.groupby(["model", "population"], sort=True):
        heading += html.heading(f"{model}, {str(population).replace('_', ' ')}", 3)
        heading += _card(card)
    return heading


def _card(card: pd.DataFrame) -> Markup:
    order: Mapping[str, int] = {topic: place for place, topic in enumerate(_TOPICS)}
    ordered = sorted(
        card.to_dict("records"), key=lambda r: (order.get(r["topic"], len(order)), r["topic"])
    )
    return html.definitions(
        [(r["topic"].replace("_", " ").capitalize(), r["text"]) for r in ordered]
    )
