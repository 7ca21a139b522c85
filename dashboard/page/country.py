"""One country: share, stock, arrivals and departures, returns."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import html
from dashboard.context import Context
from dashboard.controls import country_control
from dashboard.figure import chart, underneath
from dashboard.html import Head
from dashboard.page.returns import cohort_table
from readers.charts.fan import fan_chart
from readers.charts.flows import flows_chart
from readers.charts.theme import country_colours
from readers.fan import field
from readers.summaries.describe import fan_description, forecast_cells, share_rows
from readers.summaries.headlines import country_headline
from readers.summaries.series import Series, flows, share_fan, stock_fan
from readers.summaries.source_line import SHARE_UNIT
from readers.summaries.wording import count, possessive, sentence

HEIGHTS = {"country": 344, "stock": 344, "flows": 214}


def show(context: Context) -> None:
    """Draw the page."""
    st.html(html.kicker("Country", f"release {context.release_id}", context.full_series.freshness))
    country = country_control(context)
    series = context.series
    name = series.names.get(country, country)
    st.html(html.headline(country_headline(series, country)))
    left, right = st.columns([7, 5], gap="medium")
    with left:
        _share(context, series, country)
    with right:
        st.html(html.heading("Forecast by year", 3))
        heads = [
            Head("Year"),
            Head("Median, %"),
            Head("50%", is_secondary=True),
            Head("80%"),
            Head("95%", is_secondary=True),
        ]
        caption = f"{sentence(possessive(name))} share, % of the total"
        st.html(html.table(heads, forecast_cells(series, country), caption=caption))
        _flows(context, series, country)
    if len(series.stocks):
        _stock(context, series, country)
    _returns(context, country, name)


def _share(context: Context, series: Series, country: str) -> None:
    fan = share_fan(series, [country], references=context.references)
    st.html(
        html.heading(f"Share of {series.words.whole}", 3)
        + html.fan_key(fan, context.palette.hues[0])
    )
    chart(
        context,
        "country",
        lambda: fan_chart(
            fan,
            context.palette,
            colours=country_colours([country], context.palette),
            description=fan_description(series, [country]),
            height=330,
        ),
        country,
    )
    line = context.source(unit=SHARE_UNIT)
    underneath(context, "country", line, "", lambda: share_rows(series, [country]))


def _flows(context: Context, series: Series, country: str) -> None:
    st.html(html.heading("Arrivals and departures", 3))
    rows = flows(series, country)
    if rows.empty:
        st.html(
            html.empty(
                f"The source of {series.words.name} does not count moves. Choose a population "
                "that does, for example Scholars (Scopus)."
            )
        )
        return
    name = series.names.get(country, country)
    last = rows[rows["year"] == rows["year"].max()]
    said = ", ".join(f"{row.series.lower()} {count(row.value)}" for row in last.itertuples())
    chart(
        context,
        "flows",
        lambda: flows_chart(
            rows, context.palette, description=f"{name}, {rows['year'].max()}: {said}."
        ),
        country,
    )
    line = context.source(
        unit=f"{series.words.unit} a year",
        population="those whose country changed",
        counting="one move a person a year",
    )
    wide = rows.pivot_table(index="year", columns="series", values="value").tail(10)
    numbers = html.table(
        [Head("Year"), *(Head(str(column)) for column in wide)],
        [
            [str(year), *(count(value) for value in row)]
            for year, row in zip(wide.index, wide.to_numpy(), strict=True)
        ],
        caption=f"Moves, {name}",
    )
    underneath(context, "flows", line, numbers, lambda: rows.assign(country=country))


def _stock(context: Context, series: Series, country: str) -> None:
    ahead, year = series.stock_ahead(country), series.target_year
    st.html(
        html.heading(f"How many {series.words.unit} that is")
        + html.paragraph(
            f"About {count(ahead[field(0.5)])} {series.words.unit} in {year}; the range that "
            f"should hold the outcome 8 times in 10 is {count(ahead[field(0.1)])} to "
            f"{count(ahead[field(0.9)])}."
        )
    )
    fan = stock_fan(series, country)
    description = (
        f"{series.words.unit}, {series.names.get(country, country)}: median "
        f"{count(ahead[field(0.5)])} in {year}."
    )
    chart(
        context,
        "stock",
        lambda: fan_chart(
            fan,
            context.palette,
            colours=country_colours([country], context.palette),
            description=description,
            height=330,
            is_share=False,
        ),
        country,
    )
    rows = series.stocks[series.stocks["country"] == country].sort_values("year")
    numbers = html.table(
        [Head("Year"), Head("Median"), Head("80% range"), Head("95% range", is_secondary=True)],
        [
            [
                str(int(r["year"])),
                count(r[field(0.5)]),
                f"{count(r[field(0.1)])}–{count(r[field(0.9)])}",
                f"{count(r[field(0.025)])}–{count(r[field(0.975)])}",
            ]
            for r in rows.to_dict("records")
        ],
        caption=f"Forecast {series.words.unit}",
    )
    line = context.source(unit=series.words.unit)
    underneath(context, "stock", line, numbers, lambda: _stock_rows(series, country))


def _stock_rows(series: Series, country: str) -> pd.DataFrame:
    rows = series.stocks[series.stocks["country"] == country]
    return rows.assign(population=series.key.population, model=series.model)


def _returns(context: Context, country: str, name: str) -> None:
    st.html(html.heading("Return of those who left"))
    cohorts = context.table("return_cohorts")
    if cohorts is None:
        st.html(
            html.empty(
                "Returns are not in this release: they are estimated where affiliation records "
                "were supplied. The Returns page says more."
            )
        )
        return
    own = cohorts[cohorts["origin_country"] == country]
    if own.empty:
        st.html(html.empty(f"No researchers first seen in {name} were observed abroad."))
        return
    cohort_table(context, own.tail(60), name=f"returns-{country}")
