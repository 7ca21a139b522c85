"""Quoted shares as points with the interval of their sample, beside shares that were counted."""

from __future__ import annotations

from functools import partial

import pandas as pd

from readers.charts import parts
from readers.charts.parts import layer
from readers.charts.theme import Palette, Spec, finish

ROW_HEIGHT = 26


def quoted_shares(rows: pd.DataFrame, palette: Palette, *, description: str) -> Spec:
    """Return one row a share: a point with its interval if quoted, a hollow one if counted here.

    Args:
        rows: name, percent, lower, upper (missing where no sample is stated), is_counted_here and
            text; per cent; in drawing order.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
    """
    y = parts.names_down(rows["name"], palette)
    across = partial(parts.across_top, parts.percent(0, 100))
    ends = rows.assign(end=rows[["upper", "percent"]].max(axis=1))
    quoted, counted = (rows[rows["is_counted_here"] == here] for here in (False, True))
    hue = palette.hues[0]
    point = {"type": "point", "filled": True, "size": 70, "opacity": 1}
    layers = [
        layer(
            {"type": "rule", "color": hue, "strokeWidth": 5, "opacity": 0.4},
            rows.dropna(subset=["lower"]),
            {"y": y, "x": across("lower"), "x2": {"field": "upper"}},
        ),
        layer(point | {"color": hue}, quoted, {"y": y, "x": across("percent")}),
        layer(
            point | {"fill": palette.background, "stroke": palette.ink, "strokeWidth": 1.5},
            counted,
            {"y": y, "x": across("percent")},
        ),
        layer(
            {"type": "text", "align": "left", "dx": 9, "fontSize": 12.5, "color": palette.muted},
            ends,
            {"y": y, "x": across("end"), "text": {"field": "text"}},
        ),
    ]
    return finish(layers, palette, height=ROW_HEIGHT * len(rows) + 24, description=description)
