"""Ranked interval bars: where each share stands and where it is heading."""

from __future__ import annotations

from functools import partial

import pandas as pd

from readers.charts import parts
from readers.charts.fan import BANDS
from readers.charts.parts import layer
from readers.charts.theme import NARROW, Palette, Spec, finish
from readers.fan import field

#: Height of one row, in pixels.
ROW_HEIGHT = 30


def interval_bars(rows: pd.DataFrame, palette: Palette, *, description: str) -> Spec:
    """Return one bar a country: hollow circle for the last count, tick for the median.

    Args:
        rows: name, last, text, text_short, and one column per level; per cent; in drawing order.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
    """
    levels = [field(level) for low, high, _ in BANDS for level in (low, high)]
    low = min(rows[[*levels, "last"]].min())
    high = max(rows[[*levels, "last"]].max())
    span = high - low
    x = parts.percent(max(0.0, low - 0.03 * span), high + 0.03 * span)
    y = parts.names_down(rows["name"], palette)
    across = partial(parts.across_top, x)
    hue = palette.hues[0]
    bars = [
        layer(
            {"type": "bar", "color": hue, "opacity": 1.7 * opacity, "size": 13},
            rows,
            {"y": y, "x": across(field(lower)), "x2": {"field": field(upper)}},
        )
        for lower, upper, opacity in BANDS
    ]
    tick = {"type": "tick", "color": palette.ink, "thickness": 2, "size": 19}
    hollow = {"type": "point", "filled": True, "fill": palette.background, "stroke": palette.ink}
    beyond = rows.assign(end=rows[[field(0.975), "last"]].max(axis=1))
    layers = [
        *bars,
        layer(tick, rows, {"y": y, "x": across(field(0.5))}),
        layer(
            hollow | {"size": 48, "strokeWidth": 1.5, "opacity": 1},
            rows,
            {"y": y, "x": across("last")},
        ),
        layer(
            {"type": "text", "align": "left", "dx": 9, "fontSize": 12.5, "color": palette.muted},
            beyond,
            {"y": y, "x": across("end"), "text": {"field": "shown"}},
            transform=[{"calculate": f"{NARROW} ? datum.text_short : datum.text", "as": "shown"}],
        ),
    ]
    return finish(layers, palette, height=ROW_HEIGHT * len(rows) + 24, description=description)
