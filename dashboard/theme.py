"""Colours and Vega-Lite configuration of every chart.

Nothing here touches Altair's process-wide theme registry, so that a light and a dark session can
render side by side. The four hues stay at least 13 CIEDE2000 apart under simulated protan, deutan
and tritan vision (Machado 2009, severity 1); a fifth does not, so further series are grey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import altair as alt

Mode = Literal["light", "dark"]
FONT: Final = "Source Sans, Helvetica Neue, Arial, sans-serif"


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
        "#FFFFFF", "#1A1D21", "#596069", "#E6E8EB", "#8B929B", "#F6F7F8", "#8B929B",
        ("#2166AC", "#C2470C", "#0F4E3D", "#5E1A52"),
    ),
    "dark": Palette(
        "#14171B", "#ECEDEF", "#A4ABB4", "#2A3038", "#6F7782", "#1A1E24", "#717984",
        ("#3F93F5", "#EF6535", "#7FEBCB", "#E3A6D8"),
    ),
}  # fmt: skip

#: In charts of several countries these keep their hue.
_COUNTRY_HUES: Final = {"USA": 0, "CHN": 1, "IND": 2, "JPN": 3}


def country_colours(countries: list[str], palette: Palette) -> dict[str, str]:
    """Return a colour per country: four hues at most, the same country always the same one."""
    fixed = {c: palette.hues[_COUNTRY_HUES[c]] for c in countries if c in _COUNTRY_HUES}
    free = [hue for hue in palette.hues if hue not in fixed.values()]
    others = [country for country in countries if country not in fixed]
    chosen = fixed | dict(zip(others, free, strict=False))
    return {country: chosen.get(country, palette.context) for country in countries}


def finish(
    chart: alt.LayerChart, palette: Palette, *, height: int, width: int | None = None
) -> alt.LayerChart:
    """Return the chart with size and configuration; call it last."""
    size = {"height": height} if width is None else {"height": height, "width": width}
    padding = {"left": 0, "right": 10, "top": 4, "bottom": 4}
    finished = chart.properties(padding=padding, **size)
    finished.config = alt.Config(**_config(palette))
    return finished


def _config(palette: Palette) -> dict[str, Any]:
    """Hairline horizontal grid, no domain line on y, muted labels, no legend."""
    return {
        "background": palette.background,
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": palette.muted,
            "titleColor": palette.muted,
            "labelFontSize": 13,
            "gridColor": palette.grid,
            "domainColor": palette.rule,
            "tickColor": palette.rule,
            "labelPadding": 6,
        },
        "axisX": {"grid": False, "tickSize": 5, "title": None},
        "axisY": {"domain": False, "ticks": False, "title": None, "tickCount": 5},
        "legend": {"disable": True},
        "line": {"strokeWidth": 2.25, "strokeCap": "round"},
    }
