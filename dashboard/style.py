"""The style of the dashboard: that of the pieces of HTML, and what Streamlit needs beside it."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from readers import html
from readers.charts.theme import Palette
from talentcast.templates import render


def style(palette: Palette, heights: Mapping[str, int]) -> Markup:
    """Return CSS beyond Streamlit's theme, as an element.

    With something beside the style, Streamlit leaves it in its place: it then arrives together
    with the text that it styles.

    Args:
        palette: Colours of the reader's mode.
        heights: Pixels to keep for each chart, by key, before it is drawn.
    """
    pieces = html.style()
    return render("dashboard", "style.html", palette=palette, heights=heights, pieces=pieces)
