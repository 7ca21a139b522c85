"""Pieces that several charts are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Final

import pandas as pd

from readers.charts.theme import NARROW, Palette, Spec

#: Room that a label of two lines needs, in pixels.
LABEL_HEIGHT = 42
#: Length of an axis from which on labels are one apart: Vega rounds a fifth of it, 0.707 up to 1.
_WHOLE_STEPS: Final = 3.54


@dataclass(frozen=True, slots=True)
class Axis:
    """A quantitative axis; every layer states the same one, because Vega-Lite joins their domains.

    Attributes:
        label: Vega expression for a tick label; empty for the plain number.
    """

    low: float
    high: float
    label: str = ""
    ticks: tuple[float, ...] = ()

    def encode(self, field: str, *, grid: bool = False) -> Spec:
        """Return the encoding of a field on this axis."""
        axis: Spec = {"grid": grid, "labelFlush": False}
        if self.label:
            axis["labelExpr"] = self.label
        if self.ticks:
            axis["values"] = list(self.ticks)
        return {
            "field": field,
            "type": "quantitative",
            "scale": {"domain": [self.low, self.high], "nice": False, "zero": False},
            "axis": axis,
        }


def years(first: int, last: int) -> Axis:
    """Return an axis of calendar years, labelled every five (every year if they are few)."""
    step = 5 if last - first > 7 else 1
    ticks = tuple(float(year) for year in range(first, last + 1) if year % step == 0)
    return Axis(first, last, "format(datum.value, 'd')", ticks)


def percent(low: float, high: float) -> Axis:
    """Return an axis of per cent, with the decimals that tell its labels apart."""
    span = high - low
    digits = max(0, ceil(-log10(span / _WHOLE_STEPS))) if span > 0 else 0
    return Axis(low, high, f"format(datum.value, '.{digits}f') + '%'")


def people(high: float) -> Axis:
    """Return an axis of counts from 0, in thousands where that is shorter."""
    label = (
        "datum.value >= 1000 ? format(datum.value / 1000, ',~g') + 'k' : format(datum.value, ',')"
    )
    return Axis(0, high, label)


def names_down(names: pd.Series, palette: Palette) -> Spec:
    """Return the encoding of one row a name, in the order given."""
    return {
        "field": "name",
        "type": "nominal",
        "sort": names.tolist(),
        "axis": {"grid": False, "labelColor": palette.ink, "labelLimit": 170},
    }


def across_top(axis: Axis, field: str) -> Spec:
    """Return the encoding of a field on an axis that stands above the rows."""
    encoding = axis.encode(field, grid=True)
    encoding["axis"] |= {"orient": "top", "domain": False, "ticks": False, "tickCount": 5}
    encoding["axis"] |= {"labelOverlap": "parity", "labelSeparation": 12}
    return encoding


def layer(
    mark: Spec, rows: pd.DataFrame, encoding: Spec, *, transform: Sequence[Spec] = ()
) -> Spec:
    """Return one layer with its own rows."""
    made: Spec = {"mark": mark, "data": {"values": records(rows)}, "encoding": encoding}
    return made | ({"transform": list(transform)} if transform else {})


def records(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return rows as plain values, rounded to what a chart can show; missing as None."""
    columns = [_plain(rows[name]) for name in rows]
    names = [str(name) for name in rows]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _plain(column: pd.Series) -> list[object]:
    if pd.api.types.is_float_dtype(column):
        return [None if value != value else round(value, 5) for value in column.tolist()]
    return [None if value is pd.NA or value != value else value for value in column.tolist()]


def given_colour(field: str = "colour") -> Spec:
    """Return an encoding for rows that carry their own colour."""
    return {"field": field, "type": "nominal", "scale": None}


def end_labels(
    labels: pd.DataFrame, x: Axis, y: Axis, palette: Palette, *, height: int
) -> list[Spec]:
    """Name each line at its end instead of in a legend.

    Args:
        labels: year, value, colour, name and text; short and text_short for phones.
        x: Axis of `year`.
        y: Axis of `value`.
        palette: Colours.
        height: Of the plot, in pixels.
    """
    gap = LABEL_HEIGHT * (y.high - y.low) / height
    placed = labels.assign(placed=dodge(labels["value"].tolist(), gap))
    phone = [
        {"calculate": f"{NARROW} ? datum.short : datum.name", "as": "shown_name"},
        {"calculate": f"{NARROW} ? datum.text_short : datum.text", "as": "shown_text"},
    ]
    at = {"x": x.encode("year"), "y": y.encode("placed", grid=True)}
    style = {"type": "text", "align": "left", "dx": 8, "clip": False}
    return [
        layer(
            style | {"dy": -8, "fontWeight": 600, "fontSize": 14},
            placed,
            at | {"text": {"field": "shown_name"}, "color": given_colour()},
            transform=phone,
        ),
        layer(
            style | {"dy": 8, "fontSize": 12.5, "color": palette.muted},
            placed,
            at | {"text": {"field": "shown_text"}},
            transform=phone,
        ),
    ]


def dodge(values: Sequence[float], gap: float) -> list[float]:
    """Move values apart until neighbours are `gap` apart, staying near where they were.

    Example:
        >>> dodge([1.0, 1.0, 9.0], 2.0)
        [0.0, 2.0, 9.0]
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    blocks: list[tuple[float, int]] = []  # centre and size: merge while two overlap
    for index in order:
        centre, size = values[index], 1
        while blocks and centre - blocks[-1][0] < gap * (size + blocks[-1][1]) / 2:
            other_centre, other_size = blocks.pop()
            centre = (centre * size + other_centre * other_size) / (size + other_size)
            size += other_size
        blocks.append((centre, size))
    placed = [c + gap * (k - (n - 1) / 2) for c, n in blocks for k in range(n)]
    result = [0.0] * len(values)
    for index, value in zip(order, placed, strict=True):
        result[index] = value
    return result
