"""The files of a release, how programs read them, and what it was made from."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from readers import html
from readers.figures.inputs import inputs_table
from readers.html import Head
from readers.site.data import SAMPLES, DataTable
from readers.site.layout import link
from readers.site.model import SitePage, Subject


def data(subject: Subject, tables: Sequence[DataTable]) -> SitePage:
    """Return which files there are, and how a program reads them from their address."""
    said = (
        html.kicker("Data", f"release {subject.release_id}")
        + html.heading("Every table, as a file that a program reads from its address", 1)
        + html.paragraph(
            "Numbers have seven digits. Cells of few people are withheld, here as on every page."
            + _samples_note(tables)
        )
        + _files(tables)
        + html.heading("Read them")
        + _snippets()
        + html.heading("Described for machines")
        + Markup('<p class="tc-text">{}, {}, {}.</p>').format(
            link("croissant.json", "Croissant"),
            link("dataset.json", "schema.org Dataset"),
            link("release.json", "manifest of the release"),
        )
        + html.heading("What it was made from")
        + inputs_table(subject.release)
        + html.heading("Cite this release")
        + Markup('<p class="tc-text">{}, {}.</p>').format(
            link("cite.bib", "BibTeX"), link("cite.csl.json", "CSL-JSON")
        )
    )
    return SitePage("data.html", "Data", "Data", [said])


def _files(tables: Sequence[DataTable]) -> Markup:
    heads = [
        Head("File", is_number=False),
        Head("Rows"),
        Head("Bytes"),
        Head("One row is", is_number=False, is_secondary=True),
        Head("sha256", is_number=False, is_secondary=True),
    ]
    rows = [
        [link(t.path, t.path), f"{t.rows:,}", f"{t.size:,}", t.contract.grain, t.sha256[:16]]
        for t in tables
    ]
    return html.table(heads, rows, caption="Tables of this release")


def _samples_note(tables: Sequence[DataTable]) -> str:
    if any(table.name == SAMPLES for table in tables):
        return ""
    return " Joint samples are not among them: talentcast export, or talentcast site --samples."


def _snippets() -> Markup:
    """Return how three languages read a table; the page fills in its own address."""
    path = Markup('"@/data/observations.parquet"')
    lines = (
        ("DuckDB", "SELECT * FROM '{}'"),
        ("Python", "pandas.read_parquet('{}')"),
        ("R", "arrow::read_parquet('{}')"),
    )
    shown = Markup()
    for language, line in lines:
        code = line.format("@/data/observations.parquet")
        shown += Markup('<p class="tc-text">{}</p><pre tabindex="0">').format(language)
        shown += Markup("<code data-embed={}>{}</code></pre>").format(path, Markup(code))  # noqa: S704
    return shown
