"""Charts as drawings: one SVG for both themes, slim enough to stand inside a page.

Colours are written as CSS variables, so that a page switches its theme without a second drawing.
Files for other programs take the colours of the light theme instead.
"""

from __future__ import annotations

import io
import json
import textwrap
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final
from xml.etree import ElementTree as ET

import numpy as np
import vl_convert
from markupsafe import Markup
from PIL import Image, ImageColor

from readers.charts.theme import FONT, NARROW, PALETTES, Palette, Spec
from readers.site.slim import SVG, as_text, forget_pointers, slim

#: Colours as variables of the page around a drawing.
VARIABLES: Final = Palette(
    background="var(--bg)",
    ink="var(--ink)",
    muted="var(--muted)",
    grid="var(--grid)",
    rule="var(--rule)",
    wash="var(--wash)",
    context="var(--context)",
    hues=("var(--hue0)", "var(--hue1)", "var(--hue2)", "var(--hue3)"),
)
#: Width of a drawing on a phone, in pixels; up to the second width labels are short.
PHONE, SHORT = 360, 440
#: Shades in a picture for each of its hues, its greys among them.
_SHADES: Final = 24
#: Makes one number of red, green and blue.
_CODE: Final = np.array([65536, 256, 1])
_LINE, _SMALL, _MARGIN = 20, 15, 12


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, drawn.

    Attributes:
        svg: In the variables of a page.
        width: In pixels.
        height: In pixels.
    """

    svg: str
    width: int
    height: int

    @property
    def markup(self) -> Markup:
        """The drawing as a part of a page."""
        return Markup(self.svg)  # noqa: S704 - the renderer escapes its text


def colours(palette: Palette) -> dict[str, str]:
    """Return the value of each variable in a mode.

    Example:
        >>> colours(PALETTES["light"])["--hue0"]
        '#2166AC'
    """
    plain = {name: value for name, value in asdict(palette).items() if name != "hues"}
    plain["bg"] = plain.pop("background")
    hues = {f"hue{place}": hue for place, hue in enumerate(palette.hues)}
    return {f"--{name}": str(value) for name, value in (plain | hues).items()}


def draw(spec: Spec, *, name: str, width: int) -> Drawing:
    """Return a chart as a drawing.

    Args:
        spec: In `VARIABLES`.
        name: Makes the names inside the drawing unique on a page.
        width: In pixels; narrow ones have the short labels of a phone.
    """
    text = json.dumps(spec | {"width": width})
    if width <= SHORT:
        text = text.replace(json.dumps(NARROW)[1:-1], "true")
    tree = ET.fromstring(vl_convert.vegalite_to_svg(text))  # noqa: S314 - drawn right here
    slim(tree, name)
    if width <= PHONE:
        forget_pointers(tree)  # a finger has none
    tree.set("role", "img")
    tree.set("aria-label", str(spec["description"]))
    tree.set("font-family", FONT)
    height = int(float(tree.attrib.pop("height")))
    for usual in ("width", "version"):
        tree.attrib.pop(usual)
    return Drawing(as_text(tree), width, height)


def standalone(drawing: Drawing, *, title: str, source: Sequence[str]) -> str:
    """Return a drawing as a file of its own: with its title and source, in plain colours.

    In a browser the file follows the theme of the page that shows it; other programs see the
    light one.
    """
    letters = drawing.width // 8
    above = textwrap.wrap(title, letters)
    below = [line for text in source for line in textwrap.wrap(text, round(letters * 1.25))]
    top, bottom = _LINE * len(above) + 16, _SMALL * len(below) + 14
    width, height = drawing.width + 2 * _MARGIN, drawing.height + top + bottom
    root = ET.Element(
        f"{{{SVG}}}svg",
        {
            "viewBox": f"{-_MARGIN} 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "font-family": FONT,
        },
    )
    ET.SubElement(root, f"{{{SVG}}}title").text = title
    style = ET.SubElement(root, f"{{{SVG}}}style")
    back = {"x": str(-_MARGIN), "width": "100%", "height": "100%", "fill": "var(--bg)"}
    ET.SubElement(root, f"{{{SVG}}}rect", back)
    _lines(root, above, 22, _LINE, {"font-size": "16", "font-weight": "600", "fill": "var(--ink)"})
    inner = ET.fromstring(drawing.svg)  # noqa: S314 - drawn right here
    forget_pointers(inner)
    del inner.attrib["font-family"]
    place = {"y": str(top), "width": str(drawing.width), "height": str(drawing.height)}
    inner.attrib.update(place)
    root.append(inner)
    small = {"font-size": "11.5", "fill": "var(--muted)"}
    _lines(root, below, top + drawing.height + 16, _SMALL, small)
    written = as_text(root)
    light, dark = (colours(PALETTES[mode]) for mode in ("light", "dark"))
    changes = {
        (kind, light[name]): dark[name]
        for name in light
        for kind in ("fill", "stroke")
        if f'{kind}="var({name})"' in written
    }
    style.text = _in_dark(changes)
    written = as_text(root)
    for variable in light:
        written = written.replace(f"var({variable})", light[variable])
    return written


def picture(svg: str) -> bytes:
    """Return a drawing in the colours of the light theme as PNG.

    The colours of the drawing itself are kept as they are, then those that cover most of it:
    ranges, and edges of letters. A palette chosen by area alone would melt the lines of two
    countries into one colour.
    """
    whole = np.asarray(Image.open(io.BytesIO(vl_convert.svg_to_png(svg))).convert("RGB"))
    seen, place, area = np.unique(whole @ _CODE, return_inverse=True, return_counts=True)
    light = PALETTES["light"]
    own = [ImageColor.getrgb(c) for c in colours(light).values() if f'"{c}"' in svg]
    is_own = np.isin(seen, np.array(own) @ _CODE)
    hues = sum(f'"{hue}"' in svg for hue in light.hues)
    kept = np.lexsort((-area, ~is_own))[: _SHADES * max(hues, 1)]
    shades = seen[:, None] // _CODE % 256
    nearest = ((shades[:, None] - shades[kept]) ** 2).sum(axis=2).argmin(axis=1)
    few = Image.fromarray(nearest[place].reshape(whole.shape[:2]).astype(np.uint8), "P")
    few.putpalette(shades[kept].astype(np.uint8).tobytes())
    made = io.BytesIO()
    few.save(made, "PNG", optimize=True, compress_type=zlib.Z_FILTERED)
    return made.getvalue()


def _lines(
    root: ET.Element, lines: list[str], first: int, step: int, style: dict[str, str]
) -> None:
    for place, line in enumerate(lines):
        at = {"x": "0", "y": str(first + step * place)}
        ET.SubElement(root, f"{{{SVG}}}text", at | style).text = line


def _in_dark(changes: Mapping[tuple[str, str], str]) -> str:
    """Return CSS that changes colours in a dark page, by kind of colour and the light one."""
    rules = "".join(
        f'[{kind}="{light}"]{{{kind}:{dark}}}' for (kind, light), dark in changes.items()
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


@dataclass(frozen=True, slots=True)
class Order:
    """A drawing that is wanted; plain values, so that another process can make it.

    Attributes:
        spec: As JSON, in `VARIABLES`.
        widths: In pixels: of the page and of its files, and of a phone where that one differs.
        source: Lines under the drawing in a file of its own.
    """

    name: str
    spec: str
    widths: tuple[int, ...]
    title: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawnChart:
    """What an order became.

    Attributes:
        drawings: One a width.
        files: The same, each as a file of its own.
        png: The first as a picture.
        description: What a reader who cannot see it should know.
    """

    drawings: tuple[Drawing, ...]
    files: tuple[str, ...]
    png: bytes
    description: str


def carry_out(order: Order) -> DrawnChart:
    """Draw what is wanted."""
    spec = json.loads(order.spec)
    names = (f"{order.name}-{place}" for place in range(len(order.widths)))
    drawings = tuple(
        draw(spec, name=name, width=width) for name, width in zip(names, order.widths, strict=True)
    )
    files = tuple(
        standalone(drawing, title=order.title, source=order.source) for drawing in drawings
    )
    return DrawnChart(drawings, files, picture(files[0]), str(spec["description"]))
