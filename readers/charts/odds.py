"""The probability of an order by year, as lollipops with the value on each."""

from __future__ import annotations

import pandas as pd

from readers.charts import parts
from readers.charts.parts import layer
from readers.charts.theme import Palette, Spec, finish


def odds_chart(
    odds: pd.DataFrame, palette: Palette, *, description: str, height: int = 170
) -> Spec:
    """Return the chart.

    Args:
        odds: year, probability (0 to 1) and text, one row a year.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
        height: Of the plot, in pixels.
    """
    rows = odds.assign(value=100 * odds["probability"], zero=0, year=odds["year"].astype(str))
    y = parts.Axis(0, 112, "datum.value + '%'", (0, 50, 100))
    x = {"field": "year", "type": "ordinal", "axis": {"labelAngle": 0, "domain": True}}
    at = {"x": x, "y": y.encode("value", grid=True)}
    hue = palette.hues[0]
    layers = [
        layer(
            {"type": "rule", "color": hue, "strokeWidth": 2.5},
            rows,
            {"x": x, "y": y.encode("zero", grid=True), "y2": {"field": "value"}},
        ),
        layer({"type": "point", "filled": True, "size": 90, "color": hue, "opacity": 1}, rows, at),
        layer(
            {"type": "text", "dy": -14, "fontWeight": 600, "color": palette.ink},
            rows,
            at | {"text": {"field": "text"}},
        ),
    ]
    return finish(layers, palette, height=height, description=description)
