"""Shares of several countries: the leading ones as a fan, the next ones as ranked bars."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from readers import html
from readers.charts.fan import fan_chart
from readers.charts.intervals import interval_bars
from readers.charts.theme import country_colours
from readers.fan import field
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Head
from readers.summaries.describe import fan_description, interval_description, share_rows
from readers.summaries.series import Series, interval_rows, share_fan
from readers.summaries.source_line import SHARE_UNIT
from readers.summaries.wording import in_sentence, percent, span

#: Countries in the fan (four hues are the limit), and in the ranked bars.
IN_FAN: Final = 4
IN_BARS: Final = 10


def leading_shares(view: View, *, has_every_row: bool = True) -> Figure:
    """Return the fan of the leading countries.

    Args:
        view: Of a series.
        has_every_row: Its file holds every country, not just those that are drawn.
    """
    series = view.series
    shown = series.leaders[:IN_FAN]
    fan = share_fan(series, shown, references=view.references)
    first = int(fan.history["year"].min())
    references = "Diamonds: shares that others published for the same authorships."
    said = (view.nowcast_note, view.revision_note, references if len(fan.references) else "")
    return Figure(
        "shares",
        f"Share of {series.words.whole}, {first}–{series.last_counted}, "
        f"and forecast to {series.target_year}",
        view.source(unit=SHARE_UNIT, note=" ".join(filter(None, said))),
        lambda: share_rows(series, None if has_every_row else shown),
        numbers=_now_and_then(series, shown),
        build=lambda palette: fan_chart(
            fan,
            palette,
            colours=country_colours(shown, palette),
            description=fan_description(series, shown),
        ),
        key=lambda palette: html.fan_key(fan, palette.muted),
    )


def next_largest(view: View) -> Figure:
    """Return ranked bars of the countries after the two that lead."""
    series = view.series
    largest = series.leaders[2 : 2 + IN_BARS]
    shown = sorted(largest, key=lambda code: -series.ahead(code)[field(0.5)])
    rows = interval_rows(series, shown)
    year = series.target_year
    return Figure(
        "bars",
        "Where the next largest shares are heading",
        view.source(unit=SHARE_UNIT),
        lambda: rows.drop(columns=["text", "text_short"]).assign(target_year=year),
        numbers=_now_and_then(series, shown, is_short=True),
        build=lambda palette: interval_bars(
            rows,
            palette,
            description=f"Forecast shares in {year}: {interval_description(rows)}",
        ),
    )


def how_to_read_bars(series: Series) -> str:
    """Say what the ranked bars show."""
    names = [in_sentence(series.names.get(code, code)) for code in series.leaders[:2]]
    return (
        f"After {names[0]} and {names[1]}. Circle: {series.last_counted}. Bar: the "
        f"{series.target_year} forecast with the 50, 80 and 95% ranges; tick: median. In brackets: "
        "the change in percentage points."
    )


def _now_and_then(series: Series, shown: list[str], *, is_short: bool = False) -> Markup:
    """Return a table: country, last share, median and ranges at the end; the 50 % range if long."""
    heads = [
        Head("Country", is_number=False),
        Head(f"{series.last_counted}, %"),
        Head(f"{series.target_year} median, %"),
        *([] if is_short else [Head("50% range", is_secondary=True)]),
        Head("80% range"),
        Head("95% range", is_secondary=True),
    ]
    rows = [
        [
            series.names.get(code, code),
            percent(float(series.last_shares[code])),
            percent(ahead[field(0.5)]),
            *([] if is_short else [span(ahead[field(0.25)], ahead[field(0.75)])]),
            span(ahead[field(0.1)], ahead[field(0.9)]),
            span(ahead[field(0.025)], ahead[field(0.975)]),
        ]
        for code in shown
        for ahead in [series.ahead(code)]
    ]
    return html.table(heads, rows, caption=f"Share of {series.words.whole}")
