"""Drawings, citations and pages of the static site, without a release."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import vl_convert
from markupsafe import Markup
from PIL import Image

from readers.charts.odds import odds_chart
from readers.charts.theme import PALETTES
from readers.site import layout
from readers.site.citation import Citation
from readers.site.drawing import (
    PHONE,
    SHORT,
    VARIABLES,
    colours,
    draw,
    picture,
    standalone,
)
from readers.site.model import Columns, SitePage
from talentcast.templates import render_piece

HOSTILE = "<img src=x onerror=alert(1)> \"@/' %$"


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    rows = pd.DataFrame({"year": [2024, 2025], "probability": [0.2, 0.4], "text": ["20%", "40%"]})
    return odds_chart(rows, VARIABLES, description="Odds by year")


def test_a_drawing_is_in_variables_and_says_what_it_shows(spec: dict[str, Any]) -> None:
    drawing = draw(spec, name="x", width=SHORT)
    tree = ET.fromstring(drawing.svg)  # noqa: S314
    assert tree.get("role") == "img"
    assert tree.get("aria-label") == "Odds by year"
    assert tree.get("viewBox") == f"0 0 {SHORT} 170"
    assert "20%" in drawing.svg
    assert not re.search(r'(?:fill|stroke)="#', drawing.svg)
    assert "aria-roledescription" not in drawing.svg


def test_names_inside_a_drawing_depend_on_its_own_name_only(spec: dict[str, Any]) -> None:
    area = {"mark": {"type": "area", "clip": True}}
    layers = spec | {"layer": [one | area for one in spec["layer"][:2]]}
    first = draw(layers, name="first", width=SHORT).svg
    assert draw(layers, name="first", width=SHORT).svg == first
    assert set(re.findall(r'id="([^"]+)"', first)) == {"first-0"}
    assert "url(#first-0)" in first


def test_what_is_taken_out_of_a_drawing_is_never_seen() -> None:
    rows = pd.DataFrame({"year": [2024, 2025], "probability": [0.2, 0.4], "text": ["20%", "40%"]})
    plain = odds_chart(rows, PALETTES["light"], description="Odds by year")
    layers = [one | {"mark": one["mark"] | {"clip": True}} for one in plain["layer"]]
    clipped = plain | {"layer": layers, "width": SHORT}
    whole = vl_convert.vegalite_to_svg(json.dumps(clipped))
    slim = draw(clipped, name="x", width=SHORT).svg
    assert len(slim) < 0.5 * len(whole)
    assert slim.count("<clipPath") == 1
    before, after = (pixels(vl_convert.svg_to_png(svg)) for svg in (whole, slim))
    assert (after < 128).any()
    # Numbers are rounded to a tenth of a pixel, which edges show; what is missing shows more.
    assert np.abs(before - after).max() < 64


def pixels(png: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_file_has_its_title_and_the_colours_of_both_themes(spec: dict[str, Any]) -> None:
    drawing = draw(spec, name="x", width=PHONE)
    written = standalone(drawing, title="A & B", source=["Unit: %.", "Release r1."])
    assert "var(" not in written
    tree = ET.fromstring(written)  # noqa: S314
    assert tree.findtext("{*}title") == "A & B"
    light, dark = (colours(PALETTES[mode])["--hue0"] for mode in ("light", "dark"))
    assert f'fill="{light}"' in written
    assert f'[fill="{light}"]{{fill:{dark}}}' in written
    assert "Release r1." in written


def test_a_picture_keeps_the_colours_of_the_lines(spec: dict[str, Any]) -> None:
    written = standalone(draw(spec, name="x", width=SHORT), title="T", source=[])
    seen = pixels(picture(written))
    hue = list(bytes.fromhex(colours(PALETTES["light"])["--hue0"][1:]))
    assert (seen == hue).all(axis=2).any()


def test_a_picture_keeps_the_ground_and_the_shades_of_areas() -> None:
    areas = "".join(
        f'<rect x="{20 * n}" width="20" height="20" fill="#2166AC" opacity="{0.04 * n + 0.04}"/>'
        for n in range(20)
    )
    ground = '<rect width="440" height="20" fill="#FFFFFF"/>'
    written = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="440" height="20">{ground}{areas}</svg>'
    )
    assert (pixels(picture(written)) == pixels(vl_convert.svg_to_png(written))).all()


def test_a_citation_escapes_what_bibtex_would_obey() -> None:
    release = SimpleNamespace(
        release_id="r20240131-0123456789ab",
        published_at=datetime(2024, 2, 1, tzinfo=UTC),
        as_of=SimpleNamespace(as_of=date(2024, 1, 31)),
    )
    cited = Citation("key", "50% of R&D", release, "https://example.org/a#b_c")  # type: ignore[arg-type]
    assert "title = {{50\\% of R\\&D}}," in cited.bibtex()
    assert "\\url{https://example.org/a#b_c}" in cited.bibtex()
    hostile = replace(cited, title=r"\input{x} ~ ^")
    assert r"\textbackslash{}input\{x\} \textasciitilde{} \textasciicircum{}" in hostile.bibtex()
    assert cited.csl()["issued"] == {"date-parts": [[2024, 2, 1]]}
    assert cited.text() == (
        "talentcast contributors (2024). 50% of R&D. Release r20240131-0123456789ab, data as of "
        "2024-01-31. https://example.org/a#b_c"
    )


def test_the_line_to_embed_a_chart_is_safe_once_it_is_copied() -> None:
    hostile = 'a" onload="alert(1)'
    figure = SimpleNamespace(title="", numbers="")
    chart = SimpleNamespace(id="FRA-share", title=hostile, level=0, is_open=False, figure=figure)
    drawn = SimpleNamespace(drawings=[SimpleNamespace(markup="")])
    block = render_piece(
        "readers", "site/chart.html", "block", chart, "", drawn, "", "", "address", {}, 300
    )
    copied = unescape(re.search(r"<code[^>]*>(.*?)</code>", str(block))[1])  # type: ignore[index]
    frame = ET.fromstring(copied)  # noqa: S314
    assert frame.get("title") == hostile
    assert frame.get("onload") is None


def test_no_text_of_the_data_becomes_markup_or_a_link() -> None:
    parts = [
        layout.link("country/FRA.html", HOSTILE),
        Columns(((Markup("<p>{}</p>").format(HOSTILE),),)),
    ]
    made = SitePage("country/FRA.html", HOSTILE, "Countries", parts, release_id="r1")
    text = layout.page(made, {}, base="../", top="../../../", about={"name": f"</script>{HOSTILE}"})
    assert "<img" not in text
    assert text.count("</script>") == 3
    assert 'href="../country/FRA.html"' in text
    assert "&#34;@/" in text
    assert '"@/' not in text
