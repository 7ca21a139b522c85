"""Small pieces of semantic HTML, from `templates/`: tables, the source line, notices.

The dashboard and the static site are both made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from readers.fan import Fan
from readers.summaries.headlines import Headline
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import year_list
from talentcast.templates import render, render_piece


@dataclass(frozen=True, slots=True)
class Head:
    """Heading of a table's column.

    Attributes:
        is_secondary: May be left out on a phone.
    """

    text: str
    is_number: bool = True
    is_secondary: bool = False

    @property
    def classes(self) -> str:
        """Classes of every cell of the column."""
        return " ".join(["num"] * self.is_number + ["second"] * self.is_secondary)


@dataclass(frozen=True, slots=True)
class NoNumber:
    """A cell that says in a word why there is no number."""

    reason: str


Cell = str | NoNumber


def style() -> Markup:
    """Return the CSS of the pieces; colours are the variables that the page around them sets."""
    return render("readers", "pieces.css")


def table(heads: Sequence[Head], rows: Sequence[Sequence[Cell]], *, caption: str) -> Markup:
    """Return a table with a caption; the first cell of each row names the row."""
    cells = [list(zip(row, heads, strict=True)) for row in rows]
    return _piece("table", heads, cells, caption)


def source(line: SourceLine) -> Markup:
    """Return the line under a chart."""
    return _piece("source", line.parts())


def kicker(*parts: str) -> Markup:
    """Return the line above a page's heading."""
    return _piece("kicker", parts)


def headline(found: Headline) -> Markup:
    """Return a finding and its uncertainty."""
    return _piece("headline", found.title, found.body)


def heading(text: str, level: int = 2) -> Markup:
    """Return a heading without an anchor."""
    return _piece("heading", text, level)


def odds_strips(claims: Sequence[tuple[str, Sequence[tuple[int, str]]]]) -> Markup:
    """Return claims and how likely each is in each year, as tables of one row."""
    return _piece("odds_strips", claims)


def paragraph(*parts: str | tuple[str, bool], is_live: bool = False) -> Markup:
    """Return a paragraph.

    Args:
        *parts: Text; or text and whether it is to be strong.
        is_live: Screen readers say it again when it changes.
    """
    pairs = [(part, False) if isinstance(part, str) else part for part in parts]
    return _piece("paragraph", pairs, is_live)


def empty(text: str) -> Markup:
    """Return a dashed box that says what to do."""
    return _piece("empty", text)


def notice(text: str, *, link: str = "", link_text: str = "") -> Markup:
    """Return a sentence that stands above the heading."""
    return _piece("notice", text, link, link_text)


def definitions(entries: Sequence[tuple[str, str]]) -> Markup:
    """Return a definition list."""
    return _piece("definitions", entries)


def fan_key(fan: Fan, colour: str) -> Markup:
    """Return the key above a fan chart, drawn with CSS."""
    has_provisional = bool(fan.history["is_provisional"].any())
    return _piece(
        "fan_key",
        colour,
        has_provisional,
        year_list(fan.nowcast_years),
        fan.last_past_year is not None,
        len(fan.references) > 0,
    )


def footer(release_id: str) -> Markup:
    """Return the line that ends every page."""
    return _piece("footer", release_id)


def _piece(name: str, *values: object) -> Markup:
    return render_piece("readers", "pieces.html", name, *values)
