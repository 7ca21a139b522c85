"""A chart with everything that must stand under it: source line, numbers, download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import html
from dashboard.context import Context
from readers.charts.theme import Spec
from readers.export.text import safe_csv
from readers.summaries.source_line import SourceLine


@st.cache_resource(max_entries=600, show_spinner=False)
def _built(key: tuple[Any, ...], _build: Callable[[], Spec]) -> Spec:
    return _build()


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
    *,
    is_open: bool = False,
) -> None:
    """Write the source line, the numbers as a table, and the data as a file.

    Args:
        context: The request.
        name: Unique on the page; also names the file.
        line: What the numbers are.
        numbers: A table as HTML; empty if the page shows it elsewhere.
        data: Makes the rows of the file, when somebody asks for it.
        is_open: Show the table at once.
    """
    st.html(html.source(line))
    if numbers and is_open:
        st.html(numbers)
    elif numbers:
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
