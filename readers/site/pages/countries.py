"""One page a country, and the page that lists them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from readers import html
from readers.fan import field
from readers.figures.country import (
    country_moves,
    country_share,
    country_stock,
    forecast_table,
    stock_in_words,
)
from readers.figures.figure import Figure
from readers.figures.reasons import reasons
from readers.figures.returns import cohorts
from readers.figures.stay_rates import stay_rate_change, told_steps
from readers.html import Head
from readers.site.layout import link
from readers.site.model import Chart, Columns, Part, Shown, SitePage, Subject
from readers.summaries.headlines import country_headline
from readers.summaries.returns import newest_cohorts
from readers.summaries.stay_rates import USUAL_POINTS
from readers.summaries.wording import percent, possessive, probability, sentence, span

#: Percentage points of the largest step from which on steps are drawn. Labels have one decimal, so
#: those of smaller steps are nearly alike: the sentence and the table say as much.
_DRAWN_FROM: Final = 0.5
_FORECAST = (
    Head("Last counted, %"),
    Head("Forecast", is_secondary=True),
    Head("Median, %"),
    Head("80% range"),
    Head("Chance to rise", is_secondary=True),
)


def countries(subject: Subject) -> Iterator[SitePage]:
    """Yield the list of countries, and one page each."""
    rows = [
        [link(_path(code), subject.names.get(code, code)), shown[0].name, *_cells(shown[0], code)]
        for code, shown in subject.countries.items()
    ]
    heads = [Head("Country", is_number=False), Head("Of", is_number=False), *_FORECAST]
    listed = (
        html.kicker("Countries", f"release {subject.release_id}")
        + html.heading(f"{len(rows)} countries that are forecast apart", 1)
        + html.paragraph(
            "Each with its share of the population that was counted last among those that count "
            "it apart. Every other country is part of the rest of the world."
        )
        + html.table(heads, rows, caption="Countries, by name")
    )
    yield SitePage("countries.html", "Countries", "Countries", [listed])
    for code, shown in subject.countries.items():
        yield _country(subject, code, shown)


def _path(code: str) -> str:
    return f"country/{code}.html"


def _country(subject: Subject, code: str, shown: Sequence[Shown]) -> SitePage:
    view = shown[0].view
    series = view.series
    name = view.name(code)
    top = html.kicker("Country", name, f"release {subject.release_id}", view.full_series.freshness)
    share = Chart(f"{code}-share", country_share(view, code), view, name, level=2)
    by_year = html.heading("Forecast by year") + forecast_table(series, code)
    parts: list[Part] = [
        top + html.headline(country_headline(series, code)),
        Columns(((share,), (by_year, *_stock(shown[0], code)))),
        html.heading("By every population and rule"),
        _elsewhere(shown, code),
        *_reasons(shown[0], code),
        *_stay_rates(shown[0], code),
        *_moves(shown, code),
        *_returns(subject, shown[0], code),
    ]
    return SitePage(_path(code), name, "Countries", parts)


def _stock(shown: Shown, code: str) -> list[Part]:
    """Say how many people or works the share stands for."""
    if shown.view.series.stocks.empty:
        return []
    figure = country_stock(shown.view, code)
    return [html.heading(figure.title, 3) + html.paragraph(stock_in_words(shown.view.series, code))]


def _elsewhere(shown: Sequence[Shown], code: str) -> Markup:
    heads = [
        Head("Population", is_number=False),
        Head("Rule", is_number=False, is_secondary=True),
        *_FORECAST,
    ]
    rows = [[link(one.path, one.name), one.rule, *_cells(one, code)] for one in shown]
    name = shown[0].view.name(code)
    return html.table(heads, rows, caption=f"Shares of {name} wherever it is forecast apart")


def _cells(shown: Shown, code: str) -> list[str]:
    series = shown.view.series
    ahead, last = series.ahead(code), float(series.last_shares[code])
    rises = ""
    if series.joint_draws is not None:
        chance = series.joint_draws.above(code, last / 100, year=series.target_year)
        rises = probability(chance)
    return [
        f"{percent(last)} in {series.last_counted}",
        str(series.target_year),
        percent(ahead[field(0.5)]),
        span(ahead[field(0.1)], ahead[field(0.9)]),
        rises,
    ]


def _reasons(shown: Shown, code: str) -> list[Part]:
    """Say why the share and its forecast changed, each as a sentence, and drawn or as a table."""
    view = shown.view
    subject = f"{sentence(possessive(view.name(code)))} share of {view.series.words.whole}"
    parts: list[Part] = []
    for said, figure in reasons(view, code):
        if figure.data()["value"].abs().max() < _DRAWN_FROM:
            parts.append(_as_table(figure, html.paragraph(said)))
            continue
        chart = Chart(f"{code}-{figure.name}", figure, view, subject, level=0)
        above = html.heading(figure.title) + html.paragraph(said)
        parts.append(Columns(((above, chart), ())))
    return parts


def _stay_rates(shown: Shown, code: str) -> list[Part]:
    """Say what other stay rates of foreign researchers would do, as a sentence and a table."""
    steps = told_steps(shown.view)
    if steps is None:
        return []
    said, figure = stay_rate_change(shown.view, steps, code, USUAL_POINTS)
    return [_as_table(figure, html.paragraph(said))]


def _moves(shown: Sequence[Shown], code: str) -> list[Part]:
    """Return arrivals and departures by the first source that counts them, as a table."""
    for one in shown:
        figure = country_moves(one.view, code)
        if figure is not None:
            return [_as_table(figure)]
    return []


def _as_table(figure: Figure, *above: Markup) -> Part:
    """Show a figure by its numbers alone, with what stands above them."""
    top = html.heading(figure.title) + Markup("").join(above)
    table = top + Markup(figure.numbers) + html.source(figure.line)  # noqa: S704 - by a template
    return Columns(((table,), ()))


def _returns(subject: Subject, shown: Shown, code: str) -> list[Part]:
    every = subject.table("return_cohorts")
    own = None if every is None else every[every["origin_country"] == code]
    if own is None or own.empty:
        return []
    figure = cohorts(shown.view, newest_cohorts(own), name="returns")
    return [
        Chart(f"{code}-returns", figure, shown.view, shown.view.name(code), level=2, is_open=True)
    ]
