"""Arrivals and departures as two lines."""

from __future__ import annotations

import pandas as pd

from readers.charts import parts
from readers.charts.fan import final_and_provisional
from readers.charts.parts import given_colour, layer
from readers.charts.theme import Palette, Spec, finish


def flows_chart(
    flows: pd.DataFrame, palette: Palette, *, description: str, height: int = 190
) -> Spec:
    """Return the chart.

    Args:
        flows: series (`Arrivals`, `Departures`), year, value in persons, is_provisional.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
        height: Of the plot, in pixels.
    """
    colours = {"Arrivals": palette.hues[0], "Departures": palette.hues[1]}
    rows = flows.assign(colour=flows["series"].map(colours))
    last = int(rows["year"].max())
    x = parts.years(int(rows["year"].min()), last)
    y = parts.people(1.08 * float(rows["value"].max()))
    final, provisional = final_and_provisional(rows)
    line = {
        "x": x.encode("year"),
        "y": y.encode("value", grid=True),
        "detail": {"field": "run"},
        "color": given_colour(),
    }
    ends = rows.dropna(subset=["value"]).sort_values("year").groupby("series").tail(1)
    written = [f"{value:,.0f}" for value in ends["value"]]
    labels = ends.assign(
        name=ends["series"], short=ends["series"].str[:3] + ".", text=written, text_short=written
    )
    layers = [
        layer({"type": "line"}, final, line),
        layer({"type": "line", "strokeDash": [1, 4]}, provisional, line),
        *parts.end_labels(labels, x, y, palette, height=height),
    ]
    return finish(layers, palette, height=height, description=description)
