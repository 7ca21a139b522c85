"""Waterfall: from one number to another by steps that sum exactly."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from readers.charts import parts
from readers.charts.parts import given_colour, layer
from readers.charts.theme import Palette, Spec, finish

#: Pixels to the left of names: where another font draws them, they are up to a sixth wider.
_LEFT: Final = 10


def waterfall_chart(
    steps: pd.DataFrame, ends: tuple[str, str], before: float, palette: Palette, *, description: str
) -> Spec:
    """Return one bar a step, each from where the one above ended.

    Args:
        steps: name, value and text; per cent; in drawing order.
        ends: Names of the first and the last bar, which begin at 0 or at the edge.
        before: Where the steps begin, per cent.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
    """
    stops = before + np.concatenate([[0.0], steps["value"].to_numpy().cumsum()])
    rise, fall = palette.hues[0], palette.hues[1]
    bars = pd.DataFrame(
        {
            "name": [ends[0], *steps["name"], ends[1]],
            "start": [before, *stops[:-1], stops[-1]],
            "end": [before, *stops[1:], stops[-1]],
            "text": [f"{before:.1f}%", *steps["text"], f"{stops[-1]:.1f}%"],
            "colour": [
                palette.ink,
                *(rise if value >= 0 else fall for value in steps["value"]),
                palette.ink,
            ],
        }
    )
    bars["at"] = bars[["start", "end"]].max(axis=1)
    low, high = float(stops.min()), float(stops.max())
    margin = 0.12 * max(high - low, 0.5)
    x = parts.percent(low - margin, high + 3 * margin)
    y = parts.names_down(bars["name"], palette)
    across = partial(parts.across_top, x)
    is_end = bars["name"].isin(ends)
    layers = [
        layer(
            {"type": "bar", "height": 16},
            bars[~is_end],
            {"y": y, "x": across("start"), "x2": {"field": "end"}, "color": given_colour()},
        ),
        layer(
            {"type": "tick", "thickness": 3, "size": 20, "color": palette.ink},
            bars[is_end],
            {"y": y, "x": across("end")},
        ),
        layer(
            {"type": "text", "align": "left", "dx": 8, "fontSize": 12.5, "color": palette.muted},
            bars,
            {"y": y, "x": across("at"), "text": {"field": "text"}},
        ),
    ]
    made = finish(layers, palette, height=30 * len(bars) + 24, description=description)
    return made | {"padding": made["padding"] | {"left": _LEFT}}
