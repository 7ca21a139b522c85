"""A chart or a table with everything that must stand beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from readers.charts.theme import Palette, Spec
from readers.summaries.source_line import SourceLine


@dataclass(frozen=True, eq=False)
class Figure:
    """One figure of one view.

    Attributes:
        name: Unique on a page; also names files.
        title: Heading above it.
        line: What the numbers are, and where they come from.
        data: Makes the rows of its file, when somebody asks for it.
        numbers: The numbers as a table; empty if the page shows them elsewhere.
        build: Makes the drawing in the colours of a mode; None for a table without one.
        key: Makes the key above the drawing.
        about: What the drawing depends on beside the view, for example a country.
    """

    name: str
    title: str
    line: SourceLine
    data: Callable[[], pd.DataFrame]
    numbers: str = ""
    build: Callable[[Palette], Spec] | None = None
    key: Callable[[Palette], Markup] | None = None
    about: tuple[object, ...] = ()
