"""Small pieces of semantic HTML: tables, the source line, notices. Everything is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from readers.summaries.headlines import Headline
from readers.summaries.source_line import SourceLine


@dataclass(frozen=True, slots=True)
class Head:
    """Heading of a table's column.

    Attributes:
        is_secondary: May be left out on a phone.
    """

    text: str
    is_number: bool = True
    is_secondary: bool = False


@dataclass(frozen=True, slots=True)
class Soft:
    """A cell that says in a word why there is no number."""

    text: str


Cell = str | Soft


def table(heads: Sequence[Head], rows: Sequence[Sequence[Cell]], *, caption: str) -> str:
    """Return a table with a caption; the first cell of each row names the row."""
    header = "".join(f"<th scope='col'{_class(head)}>{escape(head.text)}</th>" for head in heads)
    body = "".join(
        "<tr>"
        + "".join(
            _cell(cell, head, is_first=place == 0)
            for place, (cell, head) in enumerate(zip(row, heads, strict=True))
        )
        + "</tr>"
        for row in rows
    )
    return (
        f"<div class='tc-scroll' tabindex='0' role='region' aria-label='{escape(caption)}'>"
        f"<table class='tc-table'><caption>{escape(caption)}</caption>"
        f"<thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def source(line: SourceLine) -> str:
    """Return the line under a chart."""
    parts = " ".join(f"<b>{escape(label)}</b> {escape(value)}" for label, value in line.parts())
    return f"<p class='tc-source'>{parts}</p>"


def kicker(*parts: str) -> str:
    """Return the line above a page's heading."""
    return f"<p class='tc-kicker'>{escape(' · '.join(parts))}</p>"


def headline(found: Headline) -> str:
    """Return a finding and its uncertainty."""
    body = "".join(
        f"<strong>{escape(text)}</strong>" if is_strong else escape(text)
        for text, is_strong in found.body
    )
    return f"<h1 class='tc-title'>{escape(found.title)}</h1><p class='tc-lead'>{body}</p>"


def heading(text: str, level: int = 2) -> str:
    """Return a heading without an anchor."""
    return f"<h{level} class='tc-h{level}'>{escape(text)}</h{level}>"


def odds_strip(claim: str, by_year: Sequence[tuple[int, str]]) -> str:
    """Return a claim and how likely it is in each year, as a table of one row."""
    years = "".join(f"<th scope='col'>{year}</th>" for year, _ in by_year)
    cells = "".join(f"<td>{escape(text)}</td>" for _, text in by_year)
    return (
        f"<div class='tc-scroll' tabindex='0' role='region' aria-label='{escape(claim)}'>"
        f"<table class='tc-strip'><caption>{escape(claim)}</caption>"
        f"<thead><tr>{years}</tr></thead><tbody><tr>{cells}</tr></tbody></table></div>"
    )


def paragraph(text: str) -> str:
    """Return a paragraph."""
    return f"<p class='tc-text'>{escape(text)}</p>"


def empty(text: str) -> str:
    """Return a dashed box that says what to do."""
    return f"<p class='tc-empty'>{escape(text)}</p>"


def notice(text: str, *, link: str = "", link_text: str = "") -> str:
    """Return a sentence that stands above the heading."""
    anchor = f" <a href='{escape(link)}' target='_self'>{escape(link_text)}</a>" if link else ""
    return f"<p class='tc-notice' role='status'>{escape(text)}{anchor}</p>"


def definitions(entries: Sequence[tuple[str, str]]) -> str:
    """Return a definition list."""
    items = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in entries)
    return f"<dl class='tc-list'>{items}</dl>"


def fan_key(colour: str, *, has_provisional: bool, has_references: bool) -> str:
    """Return the key above a fan chart, drawn with CSS."""
    swatches = "".join(
        f"<span class='tc-swatch' style='background:{colour};opacity:{opacity}'></span>{label}"
        for opacity, label in ((0.64, "50%"), (0.36, "80%"), (0.16, "95% of outcomes"))
    )
    provisional = "<span><i class='tc-line tc-dots'></i>provisional</span>"
    published = "<span><i class='tc-diamond'></i>published elsewhere</span>"
    return (
        "<p class='tc-key' aria-hidden='true'><span><i class='tc-line'></i>observed</span>"
        f"{provisional if has_provisional else ''}"
        "<span><i class='tc-line tc-dashes'></i>forecast median</span>"
        f"<span>range holding {swatches}</span>{published if has_references else ''}</p>"
    )


def _cell(cell: Cell, head: Head, *, is_first: bool) -> str:
    text = f"<em>{escape(cell.text)}</em>" if isinstance(cell, Soft) else escape(cell)
    name = "th scope='row'" if is_first else "td"
    return f"<{name}{_class(head)}>{text}</{name.split()[0]}>"


def _class(head: Head) -> str:
    classes = [
        name for name, holds in (("num", head.is_number), ("second", head.is_secondary)) if holds
    ]
    return f" class='{' '.join(classes)}'" if classes else ""
