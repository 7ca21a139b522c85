"""A figure with everything that must stand under it: source line, numbers, download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.context import Context
from readers import html
from readers.charts.theme import Spec
from readers.export.text import safe_csv
from readers.figures.figure import Figure
from readers.summaries.source_line import SourceLine


@st.cache_resource(max_entries=600, show_spinner=False)
def _built(key: tuple[Any, ...], _build: Callable[[], Spec]) -> Spec:
    return _build()


def draw(context: Context, figure: Figure, *, is_open: bool = False) -> None:
    """Draw a figure: its key, its chart, and what stands underneath.

    Args:
        context: The request.
        figure: What to draw.
        is_open: Show the numbers at once, in place of a chart.
    """
    palette = context.palette
    if figure.key is not None:
        st.html(figure.key(palette))
    if (build := figure.build) is not None:
        chart(context, figure.name, lambda: build(palette), *figure.about)
    if is_open:
        st.html(figure.numbers)
    numbers = "" if is_open else figure.numbers
    underneath(context, figure.name, figure.line, numbers, figure.data)


def chart(context: Context, name: str, build: Callable[[], Spec], *parameters: object) -> None:
    """Draw a chart; its specification is kept by release, parameters and mode.

    Args:
        context: The request.
        name: Unique on the page.
        build: Makes the specification.
        *parameters: What the specification depends on beside the context.
    """
    spec = _built((name, *context.key, *parameters), build)
    with st.container(key=f"chart-{name}"):
        st.vega_lite_chart(spec=spec, theme=None, width="stretch")


def underneath(
    context: Context,
    name: str,
    line: SourceLine,
    numbers: str,
    data: Callable[[], pd.DataFrame],
) -> None:
    """Write the source line, the numbers as a table, and the data as a file.

    Args:
        context: The request.
        name: Unique on the page; also names the file.
        line: What the numbers are.
        numbers: A table as HTML; empty if the page shows it elsewhere.
        data: Makes the rows of the file, when somebody asks for it.
    """
    st.html(html.source(line))
    if numbers:
        with st.expander("Show the numbers"):
            st.html(numbers)
    st.download_button(
        "Data (CSV)",
        lambda: safe_csv(data().assign(release_id=context.release_id)),
        file_name=f"talentcast-{context.release_id}-{name}.csv",
        mime="text/csv",
        key=f"csv-{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
