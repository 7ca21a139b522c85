"""Charts as drawings: one SVG for both themes, slim enough to stand inside a page.

Colours are written as CSS variables, so that a page switches its theme without a second drawing.
Files for other programs take the colours of the light theme instead.
"""

from __future__ import annotations

import io
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final
from xml.etree import ElementTree as ET

import vl_convert
from markupsafe import Markup
from PIL import Image, ImageColor

from readers.charts.theme import FONT, NARROW, PALETTES, Palette, Spec

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
#: Steps of each colour towards white, in a picture.
_STEPS: Final = 8
_SVG: Final = "http://www.w3.org/2000/svg"
_NUMBER: Final = re.compile(r"-?\d+\.\d{2,}")
#: What describes a mark to a screen reader, or repeats a default: the drawing as a whole has a
#: description, and its numbers stand beside it as a table.
_DROPPED: Final = ("role", "aria-roledescription", "aria-hidden", "pointer-events", "class")
#: What a mark need not say, because it is so anyway.
_USUAL: Final = {
    "opacity": ("1",),
    "stroke-width": ("1",),
    "x2": ("0",),
    "y2": ("0",),
    "font-family": (FONT,),
    "transform": ("translate(0,0)",),
}
#: What a group can say for everything in it.
_SHARED: Final = (
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-dasharray",
    "font-size",
    "font-weight",
    "text-anchor",
)
_GROUP: Final = f"{{{_SVG}}}g"
_CIRCLE: Final = f"{{{_SVG}}}circle"
_LINE, _SMALL, _MARGIN = 20, 15, 12
ET.register_namespace("", _SVG)


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
    _slim(tree)
    _name_clips(tree, name)
    if width <= PHONE:
        _forget_pointers(tree)  # a finger has none
    tree.set("role", "img")
    tree.set("aria-label", str(spec["description"]))
    tree.set("font-family", FONT)
    height = int(float(tree.attrib.pop("height")))
    tree.attrib.pop("width")
    return Drawing(ET.tostring(tree, encoding="unicode"), width, height)


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
        f"{{{_SVG}}}svg",
        {
            "viewBox": f"{-_MARGIN} 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "font-family": FONT,
        },
    )
    ET.SubElement(root, f"{{{_SVG}}}title").text = title
    style = ET.SubElement(root, f"{{{_SVG}}}style")
    back = {"x": str(-_MARGIN), "width": "100%", "height": "100%", "fill": "var(--bg)"}
    ET.SubElement(root, f"{{{_SVG}}}rect", back)
    _lines(root, above, 22, _LINE, {"font-size": "16", "font-weight": "600", "fill": "var(--ink)"})
    inner = ET.fromstring(drawing.svg)  # noqa: S314 - drawn right here
    _forget_pointers(inner)
    place = {"y": str(top), "width": str(drawing.width), "height": str(drawing.height)}
    inner.attrib.update(place)
    root.append(inner)
    small = {"font-size": "11.5", "fill": "var(--muted)"}
    _lines(root, below, top + drawing.height + 16, _SMALL, small)
    written = ET.tostring(root, encoding="unicode")
    light, dark = (colours(PALETTES[mode]) for mode in ("light", "dark"))
    changes = {
        (kind, light[name]): dark[name]
        for name in light
        for kind in ("fill", "stroke")
        if f'{kind}="var({name})"' in written
    }
    style.text = _in_dark(changes)
    written = ET.tostring(root, encoding="unicode")
    for variable in light:
        written = written.replace(f"var({variable})", light[variable])
    return written


def picture(svg: str) -> bytes:
    """Return a drawing in the colours of the light theme as PNG.

    Every colour of the drawing is kept as it is, with steps towards the background for ranges and
    smooth edges: a palette chosen by area would melt the lines of two countries into one colour.
    """
    used = [colour for colour in colours(PALETTES["light"]).values() if f'"{colour}"' in svg]
    steps = [
        part
        for colour in used
        for step in range(_STEPS)
        for part in _between(ImageColor.getrgb(colour), step / _STEPS)
    ]
    few = Image.new("P", (1, 1))
    few.putpalette(steps)
    whole = Image.open(io.BytesIO(vl_convert.svg_to_png(svg))).convert("RGB")
    made = io.BytesIO()
    whole.quantize(palette=few, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    return made.getvalue()


def _between(colour: tuple[int, ...], part: float) -> list[int]:
    """Return a colour moved towards white."""
    return [round(value + part * (255 - value)) for value in colour[:3]]


def _lines(
    root: ET.Element, lines: list[str], first: int, step: int, style: dict[str, str]
) -> None:
    for place, line in enumerate(lines):
        at = {"x": "0", "y": str(first + step * place)}
        ET.SubElement(root, f"{{{_SVG}}}text", at | style).text = line


def _in_dark(changes: Mapping[tuple[str, str], str]) -> str:
    """Return CSS that changes colours in a dark page, by kind of colour and the light one."""
    rules = "".join(
        f'[{kind}="{light}"]{{{kind}:{dark}}}' for (kind, light), dark in changes.items()
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def _forget_pointers(tree: ET.Element) -> None:
    """Take out what only answers a pointer."""
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag == _CIRCLE:
                parent.remove(child)
            child.attrib.pop("data-t", None)


def _slim(tree: ET.Element) -> None:
    """Take out what a reader never sees; leave what answers a pointer."""
    parents = {child: parent for parent in tree.iter() for child in parent}
    for element in list(tree.iter()):
        if _is_empty(element):
            parents[element].remove(element)
            continue
        said = element.attrib.pop("aria-label", "")
        if element.get("opacity") == "0" and said:
            _answer(element, said)
            continue
        if "Published elsewhere" in said:
            element.set("data-t", said[said.index("Published elsewhere") :])
        for dropped in _DROPPED:
            element.attrib.pop(dropped, None)
        for key, usual in _USUAL.items():
            if element.get(key) in usual:
                del element.attrib[key]
        _round(element)
    _flatten(tree)


def _flatten(element: ET.Element) -> None:
    """Replace groups that say nothing by what they hold; let groups say what all of it shares."""
    for child in list(element):
        _flatten(child)
        if child.tag != _GROUP or child.attrib:
            continue
        at = list(element).index(child)
        element.remove(child)
        for place, inner in enumerate(list(child)):
            element.insert(at + place, inner)
    if element.tag == _GROUP and len(element) > 1:
        first, *others = element
        for key in _SHARED:
            value = first.get(key)
            if value and key not in element.attrib and all(o.get(key) == value for o in others):
                element.set(key, value)
                for child in element:
                    del child.attrib[key]


def _is_empty(element: ET.Element) -> bool:
    is_frame = element.get("class") in ("background", "foreground")
    return is_frame and not element.get("fill") and not element.get("stroke")


def _answer(element: ET.Element, said: str) -> None:
    """Turn an invisible mark into a point that says something to a pointer."""
    place = re.findall(r"-?[\d.]+", element.get("transform", "translate(0,0)"))
    parts = dict(part.split(": ", 1) for part in said.split("; ") if ": " in part)
    shown = f"{parts.get('Series', '')}, {parts.get('Year', '')}: {parts.get('Value', '')}"
    rest = [parts[name] for name in ("Status", "Interval") if parts.get(name)]
    element.tag = _CIRCLE
    element.attrib.clear()
    x, y = (_rounded(number) for number in place[:2])
    element.attrib.update({"cx": x, "cy": y, "r": "7", "data-t": "; ".join([shown, *rest])})


def _round(element: ET.Element) -> None:
    """Round what no eye could tell apart."""
    for key in ("d", "transform", "x", "y", "x2", "y2", "width", "height"):
        if value := element.get(key):
            element.set(key, _NUMBER.sub(lambda found: _rounded(found.group()), value))


def _name_clips(tree: ET.Element, name: str) -> None:
    """Keep each clipping path once, under a name that is unique on a page.

    The renderer numbers them on and on, so that a name would depend on what was drawn before.
    """
    kept: dict[bytes, str] = {}
    names: dict[str, str] = {}
    for defs in list(tree.iter(f"{{{_SVG}}}defs")):
        for clip in list(defs):
            content = b"".join(ET.tostring(inner) for inner in clip)
            if content in kept:
                defs.remove(clip)
            new = kept.setdefault(content, f"{name}-{len(kept)}")
            names[f"url(#{clip.get('id')})"] = f"url(#{new})"
            clip.set("id", new)
    for element in tree.iter():
        if (clipped := element.get("clip-path")) is not None:
            element.set("clip-path", names[clipped])


def _rounded(number: str) -> str:
    return f"{float(number):.1f}".removesuffix(".0")


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
