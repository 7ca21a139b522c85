"""History as a line, forecast as a median inside 50, 80 and 95 % bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import altair as alt
import pandas as pd

from dashboard.theme import Palette, country_colours, finish

#: Lower and upper quantile level, and opacity: drawn back to front, the centre is darkest.
BANDS: Final = ((0.025, 0.975, 0.16), (0.1, 0.9, 0.20), (0.25, 0.75, 0.28))
#: Room that a label of two lines needs, in pixels.
_LABEL_HEIGHT: Final = 42


@dataclass(frozen=True, eq=False)
class Fan:
    """What a fan chart shows, in per cent.

    Attributes:
        history: country, year, value, is_provisional.
        quantiles: country, year, and one column per level of `BANDS` and 0.5.
        labels: country, name, text: what stands beside the end of each line.
    """

    history: pd.DataFrame
    quantiles: pd.DataFrame
    labels: pd.DataFrame


def share_fan(
    observations: pd.DataFrame,
    forecasts: pd.DataFrame,
    names: pd.DataFrame,
    *,
    countries: list[str],
    past_years: int = 15,
) -> Fan:
    """Return the fan of some countries' shares in one population.

    Args:
        observations: `observations` rows of the population.
        forecasts: `forecasts` rows of the population, one model and target.
        names: `country_names` rows.
        countries: Countries to show.
        past_years: Years of history; the forecast then keeps a quarter of the width.
    """
    counted = observations[observations["country"].isin(countries)]
    history = pd.DataFrame(
        {
            "country": counted["country"],
            "year": counted["year"],
            "value": 100 * counted["share"],
            "is_provisional": counted["is_provisional"],
        }
    )
    history = history[history["year"] >= history["year"].max() - past_years]
    levels = sorted({0.5, *(level for low, high, _ in BANDS for level in (low, high))})
    rows = forecasts[
        (forecasts["output_type"] == "quantile")
        & forecasts["country"].isin(countries)
        & forecasts["output_type_id"].round(3).isin(levels)
    ]
    ahead = (
        rows.assign(value=100 * rows["value"], level=rows["output_type_id"].round(3).map(_field))
        .pivot_table(index=["country", "target_year"], columns="level", values="value")
        .reset_index()
        .rename(columns={"target_year": "year"})
    )
    return Fan(history, _from_last_count(history, ahead, levels), _labels(ahead, names))


def _field(level: float) -> str:
    return f"q{round(1000 * level):03d}"


def _from_last_count(
    history: pd.DataFrame, ahead: pd.DataFrame, levels: list[float]
) -> pd.DataFrame:
    """Start every band at the last count, so that nothing floats."""
    origin = int(ahead["year"].min()) - 1
    last = history[history["year"] == origin]
    anchor = last[["country", "year"]].assign(**{_field(level): last["value"] for level in levels})
    return pd.concat([anchor, ahead], ignore_index=True)


def _labels(ahead: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    end = ahead[ahead["year"] == ahead["year"].max()]
    low, high = (end[_field(level)].round().astype(int).astype(str) for level in (0.1, 0.9))
    return pd.DataFrame(
        {
            "country": end["country"],
            "year": end["year"],
            "value": end[_field(0.5)],
            "name": end["country"].map(names.set_index("country")["name"]),
            "text": end[_field(0.5)].round().astype(int).astype(str)
            + " % ("
            + low
            + "\u2013"
            + high
            + ")",
        }
    )


def fan_chart(
    fan: Fan, palette: Palette, *, height: int = 420, width: int | None = None
) -> alt.LayerChart:
    """Return the chart; lines are named at their ends instead of in a legend."""
    last = int(fan.quantiles["year"].min())
    first, end = int(fan.history["year"].min()), int(fan.quantiles["year"].max())
    top = 1.05 * max(fan.history["value"].max(), fan.quantiles[_field(0.975)].max())
    colours = country_colours(sorted(fan.history["country"].unique()), palette)
    x_scale = alt.Scale(domain=[first, end], nice=False)
    y_scale = alt.Scale(domain=[0, top], nice=False)
    ticks = [year for year in range(first, end + 1) if year % 5 == 0]
    x = alt.X("year:Q", scale=x_scale, axis=alt.Axis(values=ticks, format="d", labelFlush=False))
    y_axis = alt.Axis(labelExpr="format(datum.value, '.0f') + ' %'")

    def y(field: str) -> alt.Y:
        # Vega-Lite joins the domains of layers: every layer states the same scale.
        return alt.Y(f"{field}:Q", scale=y_scale, axis=y_axis)

    colour = alt.Color(
        "country:N", legend=None,
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
    )  # fmt: skip
    span = pd.DataFrame({"year": [last], "end": [end]})
    wash = alt.Chart(span).mark_rect(color=palette.wash).encode(x=x, x2="end:Q")
    bands = [
        alt.Chart(fan.quantiles).mark_area(opacity=opacity, clip=True).encode(
            x=x, y=y(_field(low)), y2=f"{_field(high)}:Q", color=colour
        )
        for low, high, opacity in BANDS
    ]  # fmt: skip
    rule = alt.Chart(span).mark_rule(color=palette.rule, strokeWidth=1).encode(x=x)
    median = (
        alt.Chart(fan.quantiles)
        .mark_line(strokeWidth=1.75, strokeDash=[5, 3])
        .encode(x=x, y=y(_field(0.5)), color=colour)
    )
    counted = alt.Chart(fan.history).mark_line().encode(x=x, y=y("value"), color=colour)
    provisional = (
        alt.Chart(fan.history[fan.history["is_provisional"]])
        .mark_point(filled=True, fill=palette.background, size=34, strokeWidth=1.75, opacity=1)
        .encode(x=x, y=y("value"), stroke=colour)
    )
    ends = fan.labels.assign(
        placed=dodge(fan.labels["value"].tolist(), _LABEL_HEIGHT * top / height),
        colour=fan.labels["country"].map(colours),
    )
    beside = alt.Chart(ends).encode(x=x, y=y("placed"))
    name = beside.mark_text(align="left", dx=8, dy=-8, fontWeight=600, fontSize=14).encode(
        text="name:N", color=alt.Color("colour:N", scale=None)
    )
    text = beside.mark_text(align="left", dx=8, dy=8, fontSize=12.5, color=palette.muted).encode(
        text="text:N"
    )
    layers = [
        wash,
        *bands,
        rule,
        counted,
        median,
        provisional,
        *_captions(last, x, palette),
        name,
        text,
    ]
    return finish(alt.layer(*layers), palette, height=height, width=width)


def _captions(last: int, x: alt.X, palette: Palette) -> list[alt.Chart]:
    """Say on which side of the rule is history and on which forecast."""
    return [
        alt.Chart(pd.DataFrame({"year": [last], "said": [said]}))
        .mark_text(align=align, dx=dx, y=9, fontSize=12.5, color=palette.muted, fontStyle="italic")
        .encode(x=x, text="said:N")
        for said, align, dx in (("Observed", "right", -7), ("Forecast", "left", 7))
    ]


def dodge(values: list[float], gap: float) -> list[float]:
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
