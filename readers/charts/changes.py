"""Dumbbells: the same forecast in two releases."""

from __future__ import annotations

from functools import partial

import pandas as pd

from readers.charts import parts
from readers.charts.parts import layer
from readers.charts.theme import Palette, Spec, finish


def changes_chart(changes: pd.DataFrame, palette: Palette, *, description: str) -> Spec:
    """Return one dumbbell a country: hollow before, filled after.

    Args:
        changes: name, before, after and text; per cent; in drawing order.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
    """
    both = changes[["before", "after"]]
    low, high = float(both.min().min()), float(both.max().max())
    margin = 0.06 * max(high - low, 0.5)
    x = parts.percent(max(0.0, low - margin), high + margin)
    y = parts.names_down(changes["name"], palette)
    across = partial(parts.across_top, x)
    hue = palette.hues[0]
    point = {"type": "point", "filled": True, "size": 70, "strokeWidth": 1.75, "opacity": 1}
    ends = changes.assign(end=both.max(axis=1))
    layers = [
        layer(
            {"type": "rule", "color": hue, "strokeWidth": 2.5},
            changes,
            {"y": y, "x": across("before"), "x2": {"field": "after"}},
        ),
        layer(
            point | {"fill": palette.background, "stroke": palette.ink},
            changes,
            {"y": y, "x": across("before")},
        ),
        layer(point | {"color": hue}, changes, {"y": y, "x": across("after")}),
        layer(
            {"type": "text", "align": "left", "dx": 11, "fontSize": 12.5, "color": palette.muted},
            ends,
            {"y": y, "x": across("end"), "text": {"field": "text"}},
        ),
    ]
    return finish(layers, palette, height=30 * len(changes) + 24, description=description)
