"""Pages and embedded charts as HTML: parts in their places, links that work from any folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from readers import html
from readers.charts.theme import PALETTES
from readers.site.drawing import VARIABLES, DrawnChart, colours
from readers.site.metadata import written
from readers.site.model import HALF, Chart, Part, SitePage
from talentcast.templates import render, render_piece

#: Entry of the navigation, and the page that it leads to.
NAVIGATION: Final = (
    ("Overview", "@/index.html"),
    ("Countries", "@/countries.html"),
    ("Populations", "@/populations.html"),
    ("Track record", "@/track-record.html"),
    ("Questions", "@/questions.html"),
    ("Claims", "@/claims.html"),
    ("Returns", "@/returns.html"),
    ("Quality", "@/quality.html"),
    ("Data", "@/data.html"),
    ("Releases", "@@/releases.html"),
)
#: Times its own size that a drawing is enlarged in a frame, at most.
_LARGEST: Final = 1.4
#: Room in an embedded page for a title, a key and a source line, in pixels.
_EMBED_ROOM: Final = 170


@dataclass(frozen=True)
class Place:
    """A chart at its address.

    Attributes:
        address: In the folder of the release: page and anchor.
        files: Its files by kind, in the folder of the release.
        drawn: None for a table.
    """

    chart: Chart
    address: str
    files: Mapping[str, str]
    drawn: DrawnChart | None


def page(
    made: SitePage,
    places: Mapping[str, Place],
    *,
    base: str,
    top: str,
    about: Mapping[str, Any] | None = None,
) -> str:
    """Return a page.

    Args:
        made: What it holds.
        places: Charts by id.
        base: From the page to the folder of its release.
        top: From the page to the folder of the site.
        about: What machines are told about the data; None to tell nothing.
    """
    release_id = made.release_id
    return _linked(
        render(
            "readers",
            "site/page.html",
            title=made.title,
            description=f"{made.title}. Counts and forecasts of where researchers work.",
            section=made.section,
            navigation=NAVIGATION,
            body=body(made.parts, places),
            footer=html.footer(release_id) if release_id else Markup(),
            release_id=release_id,
            json_ld=None if about is None else _json(about),
        ),
        base=base,
        top=top,
    )


def body(parts: Sequence[Part], places: Mapping[str, Place]) -> Markup:
    """Return parts in reading order."""
    made = Markup()
    for part in parts:
        if isinstance(part, Markup):
            made += part
        elif isinstance(part, Chart):
            made += _chart(places[part.id], part)
        else:
            made += Markup('<div class="columns">')
            for column in part.columns:
                made += Markup("<div>") + body(column, places) + Markup("</div>")
            made += Markup("</div>")
    return made


def embedded(chart: Chart, drawn: DrawnChart, address: str) -> str:
    """Return a chart as a page of its own, for a frame in another page."""
    return render(
        "readers",
        "site/embed.html",
        chart=chart,
        address=address,
        has_phone=len(drawn.files) > 1,
        most=round(_LARGEST * drawn.drawings[0].width),
        description=drawn.description,
        release_id=chart.view.release_id,
    )


def style() -> str:
    """Return the style sheet of a release."""
    return render(
        "readers",
        "site/style.css",
        light=colours(PALETTES["light"]),
        dark=colours(PALETTES["dark"]),
        pieces=html.style(),
    )


def asset(name: str) -> str:
    """Return a file that every page uses as it is."""
    return render("readers", f"site/{name}")


def moved(target: str) -> str:
    """Return a page that leads on to another one."""
    return render("readers", "site/moved.html", target=target)


def link(path: str, text: str) -> Markup:
    """Return a link to a page of the same release."""
    return Markup('<a href="@/{}">{}</a>').format(path, text)


def _chart(place: Place, chart: Chart) -> Markup:
    height = place.drawn.drawings[0].height + _EMBED_ROOM if place.drawn else 0
    return render_piece(
        "readers",
        "site/chart.html",
        "block",
        chart,
        _key(chart),
        place.drawn,
        html.source(chart.figure.line),
        "half" if chart.widths == HALF else "whole",
        place.address,
        place.files,
        height,
    )


def _key(chart: Chart) -> Markup:
    return chart.figure.key(VARIABLES) if chart.figure.key is not None else Markup()


def _json(about: Mapping[str, Any]) -> Markup:
    # Inside a script element only a closing tag could end it.
    return Markup(written(about).replace("<", "\\u003c"))  # noqa: S704


def _linked(text: str, *, base: str, top: str) -> str:
    """Make links lead from where the page stands; text of the data has no bare quote."""
    text = str(text)  # markup would escape the quotes
    for quote in "\"'":
        text = text.replace(f"{quote}@@/", f"{quote}{top}").replace(f"{quote}@/", f"{quote}{base}")
    return text
