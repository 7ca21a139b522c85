"""Drawings without what no reader sees: the renderer writes three times what a page needs."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from readers.charts.theme import FONT

SVG: Final = "http://www.w3.org/2000/svg"
_NUMBER: Final = re.compile(r"-?\d+\.\d{2,}")
_MOVED: Final = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")
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
    "text-anchor": ("start",),
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
_GROUP: Final = f"{{{SVG}}}g"
_CIRCLE: Final = f"{{{SVG}}}circle"
_TEXT: Final = f"{{{SVG}}}text"
_LINE: Final = f"{{{SVG}}}line"
ET.register_namespace("", SVG)


def slim(tree: ET.Element, name: str) -> None:
    """Take out what a reader never sees; leave what answers a pointer.

    Args:
        tree: A drawing; changed.
        name: Makes the names inside it unique on a page.
    """
    _name_clips(tree, name)
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
        _place(element)
    _flatten(tree)


def forget_pointers(tree: ET.Element) -> None:
    """Take out what only answers a pointer."""
    for parent in list(tree.iter()):
        for child in list(parent):
            if child.tag == _CIRCLE:
                parent.remove(child)
            child.attrib.pop("data-t", None)


def as_text(tree: ET.Element) -> str:
    """Return a drawing as text."""
    # In texts and values the writer escapes the bracket.
    return ET.tostring(tree, encoding="unicode").replace(" />", "/>")


def _flatten(element: ET.Element) -> None:
    """Make as few groups as say the same."""
    for child in list(element):
        _flatten(child)
        if child.tag == _GROUP and (not child.attrib or _is_one(child)):
            at = list(element).index(child)
            element.remove(child)
            for place, inner in enumerate(list(child)):
                inner.attrib.update(child.attrib)
                element.insert(at + place, inner)
    _join_neighbours(element)
    _share(element)


def _is_one(group: ET.Element) -> bool:
    """Tell whether a group holds one thing that can say for itself what the group says."""
    if len(group) != 1:
        return False
    inner = group[0].attrib
    # A clip is measured in the place that it is said in.
    is_moved_in_clip = "clip-path" in group.attrib and "transform" in inner
    return not is_moved_in_clip and not group.attrib.keys() & inner.keys()


def _join_neighbours(element: ET.Element) -> None:
    """Put what is clipped alike, one after the other, into one group."""
    joined: ET.Element | None = None
    for child in list(element):
        clip = _clip_to_share(child)
        if joined is None or clip is None or _clip_to_share(joined) != clip:
            joined = child
            continue
        if joined.attrib != {"clip-path": clip} or joined.tag != _GROUP:
            joined = _put_in_group(element, joined)
        element.remove(child)
        del child.attrib["clip-path"]
        joined.append(child)


def _clip_to_share(element: ET.Element) -> str | None:
    """Return how an element is clipped, if it can be clipped together with others."""
    # A clip is measured in the place that it is said in: what is moved keeps its own.
    return None if "transform" in element.attrib else element.get("clip-path")


def _put_in_group(parent: ET.Element, element: ET.Element) -> ET.Element:
    group = ET.Element(_GROUP, {"clip-path": element.attrib.pop("clip-path")})
    at = list(parent).index(element)
    parent.remove(element)
    parent.insert(at, group)
    group.append(element)
    return group


def _share(element: ET.Element) -> None:
    """Let a group say what everything in it says."""
    if element.tag != _GROUP or len(element) < 2:
        return
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


def _place(element: ET.Element) -> None:
    """Say where a text or a line is in its own numbers instead of by moving it there."""
    moved = _MOVED.fullmatch(element.get("transform", ""))
    if moved is None or len(element) or element.tag not in (_TEXT, _LINE):
        return
    del element.attrib["transform"]
    for axis, by in zip("xy", moved.groups(), strict=True):
        ends = (axis,) if element.tag == _TEXT else (f"{axis}1", f"{axis}2")
        for end in ends:
            number = _rounded(str(float(element.attrib.pop(end, "0")) + float(by)))
            if number != "0":
                element.set(end, number)


def _name_clips(tree: ET.Element, name: str) -> None:
    """Keep each clipping path once, under a name that is unique on a page.

    The renderer numbers them on and on, so that a name would depend on what was drawn before.
    """
    kept: dict[bytes, str] = {}
    names: dict[str, str] = {}
    for defs in list(tree.iter(f"{{{SVG}}}defs")):
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
