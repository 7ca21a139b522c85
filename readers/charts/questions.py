"""Questions: what was given a probability against what came true, and answers over time."""

from __future__ import annotations

import pandas as pd

from readers.charts import parts
from readers.charts.parts import given_colour, layer
from readers.charts.theme import Palette, Spec, finish


def reliability_chart(
    bins: pd.DataFrame, palette: Palette, *, description: str, height: int = 280
) -> Spec:
    """Return the reliability diagram: on the dashed line, what was said came as often as said.

    Args:
        bins: probability, frequency, lower, upper (0 to 1; the last two may be missing), answers.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
        height: Of the plot, in pixels.
    """
    rows = bins.assign(
        **{name: 100 * bins[name] for name in ("probability", "frequency", "lower", "upper")},
        text=bins["answers"].map("{:,}".format),
    )
    label = "datum.value + '%'"
    x, y = (parts.Axis(0, 100, label, (0, 25, 50, 75, 100)) for _ in "xy")
    ends = pd.DataFrame({"probability": [0.0, 100.0], "frequency": [0.0, 100.0]})
    at = {"x": x.encode("probability"), "y": y.encode("frequency", grid=True)}
    hue = palette.hues[0]
    layers = [
        layer({"type": "line", "strokeDash": [5, 3], "strokeWidth": 1, "color": palette.rule},
              ends, at),
        layer(
            {"type": "rule", "strokeWidth": 5, "opacity": 0.28, "color": hue},
            rows.dropna(subset=["lower"]),
            {"x": x.encode("probability"), "y": y.encode("lower", grid=True),
             "y2": {"field": "upper"}},
        ),
        layer({"type": "point", "filled": True, "size": 64, "color": hue, "opacity": 1}, rows, at),
        layer(
            {"type": "text", "dy": -13, "color": palette.muted, "clip": False},
            rows,
            at | {"text": {"field": "text"}},
        ),
    ]  # fmt: skip
    return finish(layers, palette, height=height, description=description)


def answers_chart(
    answers: pd.DataFrame, palette: Palette, *, description: str, height: int = 230
) -> Spec:
    """Return the answers to one question over time: talentcast in blue, others in grey.

    Args:
        answers: answered_as_of (date), name, probability (0 to 1) and is_quoted.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
        height: Of the plot, in pixels.
    """
    hues = answers["is_quoted"].map({True: palette.hues[0], False: palette.context})
    rows = answers.assign(
        day=answers["answered_as_of"].astype(str),
        value=100 * answers["probability"],
        colour=hues,
    )[["day", "value", "colour", "name"]]
    y = parts.Axis(0, 100, "datum.value + '%'", (0, 50, 100))
    x = {"field": "day", "type": "ordinal", "axis": {"labelAngle": 0, "domain": True}}
    at = {"x": x, "y": y.encode("value", grid=True), "color": given_colour()}
    newest = rows.groupby("name", sort=False).tail(1)
    labels = newest.assign(colour=newest["colour"].replace(palette.context, palette.muted))
    gap = 18 * 100 / height
    labels = labels.assign(placed=parts.dodge(labels["value"].tolist(), gap))
    named = {"x": x, "y": y.encode("placed", grid=True), "color": given_colour()}
    layers = [
        layer({"type": "line"}, rows, at | {"detail": {"field": "name"}}),
        layer({"type": "point", "filled": True, "size": 60, "opacity": 1}, rows, at),
        layer(
            {"type": "text", "align": "left", "dx": 10, "clip": False},
            labels,
            named | {"text": {"field": "name"}},
        ),
    ]
    return finish(layers, palette, height=height, description=description)
