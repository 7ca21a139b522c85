"""History as a line, forecast as a median inside 50, 80 and 95 % bands."""

from __future__ import annotations

from typing import Final

import pandas as pd

from readers.charts import parts
from readers.charts.parts import Axis, given_colour, layer
from readers.charts.theme import Palette, Spec, finish
from readers.fan import LEVELS, RANGES, Fan, field

#: How much paler years are drawn that are past but not counted yet.
UNCOUNTED: Final = 0.5
#: Pixels that the caption of years that are not yet counted needs before the next one.
_CAPTION_WIDTH: Final = 106
#: Lower and upper quantile level, and opacity: drawn back to front, the centre is darkest.
BANDS: Final = tuple(
    (low, high, opacity) for (low, high), opacity in zip(RANGES, (0.16, 0.20, 0.28), strict=True)
)


def fan_chart(
    fan: Fan,
    palette: Palette,
    *,
    colours: dict[str, str],
    description: str,
    height: int = 420,
    width: int | None = None,
    is_share: bool = True,
) -> Spec:
    """Return the chart; lines are named at their ends instead of in a legend."""
    band = _from_last_count(fan)
    end = int(band["year"].max())
    x = parts.years(int(fan.history["year"].min()), end)
    counted = pd.concat([fan.history["value"], fan.so_far["value"]]).max()
    top = 1.05 * max(counted, band[field(0.975)].max())
    y = parts.percent(0, top) if is_share else parts.people(top)
    coloured = {
        name: frame.assign(colour=frame["series"].map(colours))
        for name, frame in (
            ("history", fan.history),
            ("band", band),
            ("labels", fan.labels),
            ("references", fan.references),
            ("so_far", fan.so_far),
        )
    }
    past, ahead = _past_and_ahead(coloured["band"], fan)
    layers = [
        _wash(fan.last_counted, end, x, palette),
        *_bands(past, x, y, strength=UNCOUNTED),
        *_bands(ahead, x, y),
        _rule(fan.last_counted, x, palette),
        *_history(coloured["history"], x, y, palette),
        *_so_far(coloured["so_far"], x, y, palette),
        _median(past, x, y, dash=(1, 3), opacity=UNCOUNTED),
        _median(ahead, x, y),
        *_references(coloured["references"], x, y, palette),
        *_captions(fan, x, palette),
        *parts.end_labels(coloured["labels"], x, y, palette, height=height),
        _hover(coloured, x, y, fan, is_share=is_share),
    ]
    return finish(layers, palette, height=height, width=width, description=description)


def earlier_forecasts_chart(
    outcome: pd.DataFrame,
    fans: pd.DataFrame,
    palette: Palette,
    *,
    description: str,
    height: int = 330,
) -> Spec:
    """Return what earlier forecasts said, under the line of what happened.

    Args:
        outcome: year, value in per cent.
        fans: origin_year, year, and one column per level of `LEVELS`, in per cent.
        palette: Colours.
        description: What a reader who cannot see the chart should know.
        height: Of the plot, in pixels.
    """
    last = int(max(outcome["year"].max(), fans["year"].max()))
    x = parts.years(int(outcome["year"].min()), last)
    top = 1.05 * max(outcome["value"].max(), fans[field(0.975)].max())
    low = 0.9 * min(outcome["value"].min(), fans[field(0.025)].min())
    y = parts.percent(low, top)
    coloured = fans.assign(colour=palette.hues[0], series=fans["origin_year"].astype(str))
    at = {"x": x.encode("year"), "y": y.encode("value", grid=True)}
    starts = fans.sort_values("year").groupby("origin_year").head(1)
    starts = starts.assign(
        said="made in " + starts["origin_year"].astype(str), value=starts[field(0.975)]
    )
    layers = [
        *_bands(coloured, x, y),
        _median(coloured, x, y),
        layer({"type": "line", "color": palette.ink, "strokeWidth": 2}, outcome, at),
        layer({"type": "point", "filled": True, "color": palette.ink, "size": 18}, outcome, at),
        layer(
            {"type": "text", "align": "left", "dy": -8, "color": palette.hues[0]},
            starts,
            at | {"text": {"field": "said"}},
        ),
    ]
    return finish(layers, palette, height=height, description=description)


def _from_last_count(fan: Fan) -> pd.DataFrame:
    """Start every band at the last count, so that nothing floats."""
    last = fan.history[fan.history["year"] == fan.last_counted]
    anchor = last[["series", "year"]].assign(**{field(level): last["value"] for level in LEVELS})
    return pd.concat([anchor, fan.quantiles], ignore_index=True)


def _past_and_ahead(band: pd.DataFrame, fan: Fan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut a band where the years end that are past but not counted; both parts hold the cut."""
    cut = fan.counted_or_past
    past = band["year"].le(cut) & (cut > fan.last_counted)
    return band[past], band[band["year"].ge(cut)]


def _wash(origin: int, end: int, x: Axis, palette: Palette) -> Spec:
    span = pd.DataFrame({"year": [origin], "end": [end]})
    mark = {"type": "rect", "color": palette.wash, "opacity": 1}
    return layer(mark, span, {"x": x.encode("year"), "x2": {"field": "end"}})


def _rule(origin: int, x: Axis, palette: Palette) -> Spec:
    mark = {"type": "rule", "color": palette.rule, "strokeWidth": 1}
    return layer(mark, pd.DataFrame({"year": [origin]}), {"x": x.encode("year")})


def _bands(band: pd.DataFrame, x: Axis, y: Axis, *, strength: float = 1.0) -> list[Spec]:
    if band.empty:
        return []
    return [
        layer(
            {"type": "area", "opacity": strength * opacity, "clip": True},
            band[["series", "colour", "year", field(low), field(high)]],
            {
                "x": x.encode("year"),
                "y": y.encode(field(low), grid=True),
                "y2": {"field": field(high)},
                "detail": {"field": "series"},
                "color": given_colour(),
            },
        )
        for low, high, opacity in BANDS
    ]


def _median(
    band: pd.DataFrame,
    x: Axis,
    y: Axis,
    *,
    dash: tuple[int, int] = (5, 3),
    opacity: float = 1.0,
) -> Spec:
    return layer(
        {"type": "line", "strokeWidth": 1.75, "strokeDash": list(dash), "opacity": opacity},
        band[["series", "colour", "year", field(0.5)]],
        {
            "x": x.encode("year"),
            "y": y.encode(field(0.5), grid=True),
            "detail": {"field": "series"},
            "color": given_colour(),
        },
    )


def _history(history: pd.DataFrame, x: Axis, y: Axis, palette: Palette) -> list[Spec]:
    """Final years solid; provisional ones dotted, with hollow points; gaps where nobody counted."""
    at = {"x": x.encode("year"), "y": y.encode("value", grid=True)}
    line = at | {"detail": {"field": "run"}, "color": given_colour()}
    final, provisional = final_and_provisional(history)
    hollow = {"type": "point", "filled": True, "fill": palette.background, "size": 34}
    return [
        layer({"type": "line"}, final, line),
        layer({"type": "line", "strokeDash": [1, 4]}, provisional, line),
        layer(
            hollow | {"strokeWidth": 1.75, "opacity": 1},
            history[history["is_provisional"]],
            at | {"stroke": given_colour()},
        ),
    ]


def _so_far(rows: pd.DataFrame, x: Axis, y: Axis, palette: Palette) -> list[Spec]:
    """What is counted of years that are estimated: small hollow points, never joined to a line."""
    if rows.empty:
        return []
    mark = {"type": "point", "filled": True, "fill": palette.background, "size": 26}
    at = {"x": x.encode("year"), "y": y.encode("value", grid=True), "stroke": given_colour()}
    return [layer(mark | {"strokeWidth": 1.25, "opacity": 0.8}, rows, at)]


def final_and_provisional(history: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut lines into runs of final years, and stretches that touch a provisional year.

    Args:
        history: series, year, value, is_provisional, and any further column.

    Returns:
        Two frames with a further column `run`; rows of one run are joined by a line.
    """
    ordered = history.dropna(subset=["value"]).sort_values(["series", "year"])
    before = ordered.groupby("series")[["year", "is_provisional"]].shift()
    follows = before["year"].eq(ordered["year"] - 1)
    touches = ordered["is_provisional"] | before["is_provisional"].eq(True)
    stretches = follows & touches
    run = (~follows | stretches).cumsum().rename("run")
    final = ordered.assign(run=run.astype(str)).loc[~ordered["is_provisional"]]
    ends = ordered[stretches].assign(run=[f"provisional{n}" for n in range(int(stretches.sum()))])
    starts = ordered.shift()[stretches].assign(run=ends["run"])
    return final, pd.concat([starts, ends]).sort_values(["run", "year"])


def _references(references: pd.DataFrame, x: Axis, y: Axis, palette: Palette) -> list[Spec]:
    """Figures that others published: diamonds, never joined to a line."""
    if references.empty:
        return []
    at = {"x": x.encode("year"), "y": y.encode("value", grid=True)}
    mark = {"type": "point", "shape": "diamond", "filled": False, "size": 54, "strokeWidth": 1.25}
    tooltip = [{"field": "note", "title": "Published elsewhere"}, {"field": "value", "title": "%"}]
    return [layer(mark | {"color": palette.ink}, references, at | {"tooltip": tooltip})]


def _captions(fan: Fan, x: Axis, palette: Palette) -> list[Spec]:
    """Say which years are observed, past but not counted, and forecast."""
    style = {"type": "text", "y": 9, "fontSize": 12.5, "color": palette.muted}
    said = [
        (fan.last_counted, "Observed", "right", -7),
        (fan.counted_or_past, "Forecast", "left", 7),
    ]
    if fan.counted_or_past > fan.last_counted:
        said.append((fan.last_counted, "Not yet counted", "left", 7))
    part = (fan.counted_or_past - fan.last_counted) / (x.high - x.low)
    has_room = f"datum.said != 'Not yet counted' || width * {part:.4f} > {_CAPTION_WIDTH}"
    return [
        layer(
            style | {"align": align, "dx": dx, "fontStyle": "italic"},
            pd.DataFrame({"year": [year], "said": [text]}),
            {"x": x.encode("year"), "text": {"field": "shown"}},
            transform=[{"calculate": f"{has_room} ? datum.said : ''", "as": "shown"}],
        )
        for year, text, align, dx in said
    ]


def _hover(
    coloured: dict[str, pd.DataFrame], x: Axis, y: Axis, fan: Fan, *, is_share: bool
) -> Spec:
    """Invisible points that answer the pointer with name, year, value and range."""
    form = "{:.1f}%" if is_share else "{:,.0f}"
    rows = pd.concat(
        [
            _counted_answers(coloured["history"]),
            coloured["so_far"].assign(status="counted so far", interval=""),
            _forecast_answers(coloured["band"], fan, form),
        ]
    ).dropna(subset=["value"])
    names = coloured["labels"].set_index("series")["name"]
    rows = rows.assign(
        name=rows["series"].map(names), said=[form.format(value) for value in rows["value"]]
    )
    return layer(
        {"type": "point", "size": 160, "opacity": 0},
        rows[["name", "year", "value", "said", "status", "interval"]],
        {
            "x": x.encode("year"),
            "y": y.encode("value", grid=True),
            "tooltip": [
                {"field": name, "title": title}
                for name, title in (
                    ("name", "Series"),
                    ("year", "Year"),
                    ("said", "Value"),
                    ("status", "Status"),
                    ("interval", "Interval"),
                )
            ],
        },
    )


def _counted_answers(history: pd.DataFrame) -> pd.DataFrame:
    status = history["is_provisional"].map({True: "provisional", False: "observed"})
    return history.assign(status=status, interval="")


def _forecast_answers(band: pd.DataFrame, fan: Fan, form: str) -> pd.DataFrame:
    ahead: pd.DataFrame = band[band["year"] > band["year"].min()]
    is_past = ahead["year"].le(fan.last_past_year or 0)
    status = is_past.map({True: "not yet counted, forecast median", False: "forecast, median"})
    is_begun = ahead["year"].isin(fan.nowcast_years)
    return ahead.assign(
        value=ahead[field(0.5)],
        status=status.mask(is_begun, "being counted, estimate"),
        interval=[
            f"80%: {form.format(low)} to {form.format(high)}"
            for low, high in zip(ahead[field(0.1)], ahead[field(0.9)], strict=True)
        ],
    )
