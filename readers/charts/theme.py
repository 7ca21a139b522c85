"""Colours and Vega-Lite configuration of every chart.

The four hues stay at least 13 CIEDE2000 apart under simulated protan, deutan and tritan vision
(Machado 2009, severity 1); a fifth does not, so further series are grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Mode = Literal["light", "dark"]
#: A Vega-Lite specification, or a part of one.
Spec = dict[str, Any]

FONT: Final = "Source Sans, Helvetica Neue, Arial, sans-serif"
#: True on a phone. Vega evaluates it in the reader's window; a picture file has none.
NARROW: Final = "(windowSize()[0] > 0 && windowSize()[0] < 640)"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one mode.

    Attributes:
        wash: Tint behind the forecast years.
        context: Series that are not the story.
        hues: Blue, vermilion, green, plum: never more than four in one panel.
    """

    background: str
    ink: str
    muted: str
    grid: str
    rule: str
    wash: str
    context: str
    hues: tuple[str, str, str, str]


PALETTES: Final[dict[Mode, Palette]] = {
    "light": Palette(
        "#FFFFFF",
        "#1A1D21",
        "#596069",
        "#E6E8EB",
        "#8B929B",
        "#F6F7F8",
        "#8B929B",
        ("#2166AC", "#C2470C", "#0F4E3D", "#5E1A52"),
    ),
    "dark": Palette(
        "#14171B",
        "#ECEDEF",
        "#A4ABB4",
        "#2A3038",
        "#6F7782",
        "#1A1E24",
        "#717984",
        ("#3F93F5", "#EF6535", "#7FEBCB", "#E3A6D8"),
    ),
}

#: In charts of several countries these keep their hue.
_COUNTRY_HUES: Final = {"USA": 0, "CHN": 1, "IND": 2, "JPN": 3}


def country_colours(countries: Sequence[str], palette: Palette) -> dict[str, str]:
    """Return a colour per country: four hues at most, the same country always the same one."""
    if len(countries) == 1:
        return {countries[0]: palette.hues[0]}
    fixed = {c: palette.hues[_COUNTRY_HUES[c]] for c in countries if c in _COUNTRY_HUES}
    free = [hue for hue in palette.hues if hue not in fixed.values()]
    others = [country for country in countries if country not in fixed]
    chosen = fixed | dict(zip(others, free, strict=False))
    return {country: chosen.get(country, palette.context) for country in countries}


def finish(
    layers: Sequence[Spec],
    palette: Palette,
    *,
    height: int,
    description: str,
    width: int | None = None,
) -> Spec:
    """Return a whole specification.

    Args:
        layers: Back to front.
        palette: Colours.
        height: Of the plot, in pixels.
        description: What a reader who cannot see the chart should know.
        width: In pixels; without it the chart fills the column it stands in.
    """
    return {
        "description": description,
        "width": "container" if width is None else width,
        "height": height,
        # Bold labels are measured before their font has loaded and come out a little wider.
        "padding": {"left": 0, "right": 10, "top": 4, "bottom": 4},
        "autosize": {"type": "fit", "contains": "padding"},
        "layer": list(layers),
        "config": _config(palette),
    }


def _config(palette: Palette) -> Spec:
    """Hairline horizontal grid, no domain line on y, muted labels, no legend."""
    return {
        "background": palette.background,
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": palette.muted,
            "titleColor": palette.muted,
            "labelFontSize": 13,
            "titleFontSize": 13,
            "titleFontWeight": "normal",
            "gridColor": palette.grid,
            "domainColor": palette.rule,
            "tickColor": palette.rule,
            "labelPadding": 6,
        },
        "axisX": {"grid": False, "tickSize": 5, "title": None},
        "axisY": {"domain": False, "ticks": False, "title": None, "tickCount": 5},
        "legend": {"disable": True},
        "text": {"color": palette.ink, "fontSize": 13},
        "line": {"strokeWidth": 2.25, "strokeCap": "round"},
    }
