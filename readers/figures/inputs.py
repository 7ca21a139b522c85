"""What a release was made from, as a table of a page."""

from __future__ import annotations

from markupsafe import Markup

from readers import html
from readers.html import Head
from talentcast.store.release import Release


def inputs_table(release: Release) -> Markup:
    """Return a table with vintage, licence and hash of each input."""
    heads = [
        Head("Input", is_number=False),
        Head("Vintage", is_number=False),
        Head("Licence", is_number=False),
        Head("sha256", is_number=False, is_secondary=True),
    ]
    rows = [
        [str(e["name"]), str(e["vintage"]), str(e["licence"]), str(e["sha256"])[:16]]
        for e in release.inputs
    ]
    return html.table(heads, rows, caption="Inputs and their licences")
