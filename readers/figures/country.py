"""One country: its share, its stock, arrivals and departures."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from readers import html
from readers.charts.fan import fan_chart
from readers.charts.flows import flows_chart
from readers.charts.theme import country_colours
from readers.fan import field
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Head
from readers.summaries.describe import fan_description, forecast_cells, share_rows
from readers.summaries.series import Series, flows, share_fan, stock_fan
from readers.summaries.source_line import SHARE_UNIT
from readers.summaries.wording import count, possessive, sentence

_HEIGHT = 330
_MOST_YEARS = 10


def country_share(view: View, country: str) -> Figure:
    """Return the fan of one country's share; the numbers are in `forecast_table`."""
    series = view.series
    fan = share_fan(series, [country], references=view.references)
    return Figure(
        "country",
        f"Share of {series.words.whole}",
        view.source(unit=SHARE_UNIT),
        lambda: share_rows(series, [country]),
        build=lambda palette: fan_chart(
            fan,
            palette,
            colours=country_colours([country], palette),
            description=fan_description(series, [country]),
            height=_HEIGHT,
        ),
        key=lambda palette: html.fan_key(fan, palette.hues[0]),
        about=(country,),
    )


def forecast_table(series: Series, country: str) -> Markup:
    """Return the forecast of one country year by year."""
    heads = [
        Head("Year"),
        Head("Median, %"),
        Head("50%", is_secondary=True),
        Head("80%"),
        Head("95%", is_secondary=True),
    ]
    name = series.names.get(country, country)
    caption = f"{sentence(possessive(name))} share, % of the total"
    return html.table(heads, forecast_cells(series, country), caption=caption)


def country_stock(view: View, country: str) -> Figure:
    """Return the fan of one country's stock."""
    series = view.series
    fan = stock_fan(series, country)
    middle = count(series.stock_ahead(country)[field(0.5)])
    rows = series.stocks[series.stocks["country"] == country].sort_values("year")
    unit = series.words.unit
    cells = [
        [
            str(int(row["year"])),
            count(row[field(0.5)]),
            f"{count(row[field(0.1)])}–{count(row[field(0.9)])}",
            f"{count(row[field(0.025)])}–{count(row[field(0.975)])}",
        ]
        for row in rows.to_dict("records")
    ]
    heads = [Head("Year"), Head("Median"), Head("80% range"), Head("95% range", is_secondary=True)]
    said = f"{unit}, {view.name(country)}: median {middle} in {series.target_year}."
    return Figure(
        "stock",
        f"How many {unit} that is",
        view.source(unit=unit),
        lambda: rows.assign(population=series.key.population, model=series.model),
        numbers=html.table(heads, cells, caption=f"Forecast {unit}"),
        build=lambda palette: fan_chart(
            fan,
            palette,
            colours=country_colours([country], palette),
            description=said,
            height=_HEIGHT,
            is_share=False,
        ),
        about=(country,),
    )


def stock_in_words(series: Series, country: str) -> str:
    """Say how large a country's stock is at the end of the forecast."""
    ahead, unit = series.stock_ahead(country), series.words.unit
    return (
        f"About {count(ahead[field(0.5)])} {unit} in {series.target_year}; the range that "
        f"should hold the outcome 8 times in 10 is {count(ahead[field(0.1)])} to "
        f"{count(ahead[field(0.9)])}."
    )


def country_moves(view: View, country: str) -> Figure | None:
    """Return arrivals and departures of one country; None where the source counts none."""
    series = view.series
    rows = flows(series, country)
    if rows.empty:
        return None
    name = view.name(country)
    last = rows[rows["year"] == rows["year"].max()]
    said = ", ".join(f"{row.series.lower()} {count(row.value)}" for row in last.itertuples())
    description = f"{name}, {rows['year'].max()}: {said}."
    return Figure(
        "flows",
        "Arrivals and departures",
        view.source(
            unit=f"{series.words.unit} a year",
            population="those whose country changed",
            counting="one move a person a year",
        ),
        lambda: rows.assign(country=country),
        numbers=_moves_table(rows, name),
        build=lambda palette: flows_chart(rows, palette, description=description),
        about=(country,),
    )


def no_moves(series: Series) -> str:
    """Say that the source counts no moves."""
    return (
        f"The source of {series.words.name} does not count moves. Choose a population "
        "that does, for example Scholars (Scopus)."
    )


def _moves_table(rows: pd.DataFrame, name: str) -> Markup:
    wide = rows.pivot_table(index="year", columns="series", values="value").tail(_MOST_YEARS)
    return html.table(
        [Head("Year"), *(Head(str(column)) for column in wide)],
        [
            [str(year), *(count(value) for value in row)]
            for year, row in zip(wide.index, wide.to_numpy(), strict=True)
        ],
        caption=f"Moves, {name}",
    )
