"""How good past forecasts were: error beside the baselines, and ranges against their promise."""

from __future__ import annotations

import pandas as pd

from readers.charts import parts
from readers.charts.parts import given_colour, layer
from readers.charts.theme import Palette, Spec, finish


def error_chart(
    errors: pd.DataFrame,
    palette: Palette,
    *,
    default_model: str,
    description: str,
    height: int = 260,
) -> Spec:
    """Return error by horizon: the model in blue, baselines in grey.

    Args:
        errors: model, name, year (the horizon) and value.
        palette: Colours.
        default_model: The one that readers should quote.
        description: What a reader who cannot see the chart should know.
        height: Of the plot, in pixels.
    """
    is_default = errors["model"] == default_model
    rows = errors.assign(
        colour=is_default.map({True: palette.hues[0], False: palette.context})
    ).sort_values("model", key=lambda models: models == default_model)
    x = _horizons(rows)
    y = parts.Axis(0, 1.08 * float(rows["value"].max()), "format(datum.value, '.2~f')")
    at = {"x": x.encode("year"), "y": y.encode("value", grid=True), "color": given_colour()}
    ends = rows[rows["year"] == rows["year"].max()]
    text = ends["value"].map("{:.3f}".format)
    labels = ends.assign(short=ends["name"], text=text, text_short=text)
    # Grey is for lines only; its label takes the muted ink, which can be read.
    labels = labels.assign(colour=labels["colour"].replace(palette.context, palette.muted))
    layers = [
        layer({"type": "line"}, rows, at | {"detail": {"field": "model"}}),
        layer({"type": "point", "filled": True, "size": 42, "opacity": 1}, rows, at),
        *parts.end_labels(labels, x, y, palette, height=height),
    ]
    return finish(layers, palette, height=height, description=description)


def coverage_chart(
    coverage: pd.DataFrame, palette: Palette, *, description: str, height: int = 260
) -> Spec:
    """Return how often ranges held the outcome, against dashed promised levels.

    Args:
        coverage: level (50, 80, 95), year (the horizon), value, lower, upper; per cent.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
        height: Of the plot, in pixels.
    """
    x = _horizons(coverage)
    low = min(40.0, float(coverage["lower"].min()) - 3)
    y = parts.Axis(low, 101, "datum.value + '%'", (50, 80, 95))
    hue = palette.hues[0]
    promised = pd.DataFrame({"value": sorted(coverage["level"].unique())})
    labels = promised.assign(year=x.high, said=[f"{level:g}% range" for level in promised["value"]])
    at = {"x": x.encode("year"), "y": y.encode("value", grid=False)}
    line = at | {"detail": {"field": "level"}}
    layers = [
        layer(
            {"type": "rule", "strokeDash": [5, 3], "color": palette.rule},
            promised,
            {"y": y.encode("value")},
        ),
        layer(
            {"type": "rule", "strokeWidth": 5, "opacity": 0.28, "color": hue},
            coverage,
            {"x": x.encode("year"), "y": y.encode("lower"), "y2": {"field": "upper"}},
        ),
        layer({"type": "line", "color": hue}, coverage, line),
        layer(
            {"type": "point", "filled": True, "size": 46, "color": hue, "opacity": 1},
            coverage,
            at,
        ),
        layer(
            {"type": "text", "align": "left", "dx": 12, "color": palette.muted, "clip": False},
            labels,
            at | {"text": {"field": "said"}},
        ),
    ]
    return finish(layers, palette, height=height, description=description)


def placement_chart(
    placed: pd.DataFrame, palette: Palette, *, description: str, height: int = 190
) -> Spec:
    """Return where outcomes fell, from the middle of the forecast outwards, beside the promise.

    Args:
        placed: zone, value and promised, per cent; in drawing order.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
        height: Of the plot, in pixels.
    """
    high = 1.15 * max(placed["value"].max(), placed["promised"].max())
    y = parts.percent(0, float(high))
    x = {
        "field": "zone",
        "type": "ordinal",
        "sort": placed["zone"].tolist(),
        "axis": {"labelAngle": 0, "domain": True, "labelLimit": 140},
    }
    rows = placed.assign(text=[f"{value:.0f}%" for value in placed["value"]])
    at = {"x": x, "y": y.encode("value", grid=True)}
    layers = [
        layer({"type": "bar", "color": palette.hues[0], "opacity": 0.75, "size": 54}, rows, at),
        layer(
            {"type": "tick", "color": palette.ink, "thickness": 2, "size": 68},
            rows,
            {"x": x, "y": y.encode("promised", grid=True)},
        ),
        layer(
            {"type": "text", "dy": -9, "fontWeight": 600, "color": palette.ink},
            rows.assign(value=rows[["value", "promised"]].max(axis=1)),
            at | {"text": {"field": "text"}},
        ),
    ]
    return finish(layers, palette, height=height, description=description)


def _horizons(rows: pd.DataFrame) -> parts.Axis:
    first, last = int(rows["year"].min()), int(rows["year"].max())
    label = f"datum.value == {first} ? datum.value + ' year ahead' : datum.value"
    return parts.Axis(first, max(last, first + 1), label, tuple(range(first, last + 1)))
