"""What one series says: the overview of a release, and one page a population."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from readers import html
from readers.fan import field
from readers.figures.order import (
    closest_pair,
    no_order_in_play,
    order_strips,
    orders_in_play,
    pair_in_words,
    pair_odds,
)
from readers.figures.record import (
    country_groups,
    error_beside_baselines,
    ranges_held,
    series_scores,
    vintage_note,
)
from readers.figures.shares import how_to_read_bars, leading_shares, next_largest
from readers.figures.view import View
from readers.html import Head
from readers.site.layout import link
from readers.site.model import WHOLE, Chart, Columns, Part, Shown, SitePage, Subject
from readers.summaries.headlines import overview_headline
from readers.summaries.populations import is_about_ai
from readers.summaries.published_series import by_other_rules, freshest_about_ai
from readers.summaries.series import Series
from readers.summaries.track_record import TrackRecord, track_headline, track_record
from readers.summaries.wording import percent, span


def overview(subject: Subject) -> SitePage:
    """Return the first page: what the first series says, and where the others are."""
    first = subject.shown[0]
    parts: list[Part] = [
        _top(subject, first, "Overview"),
        _shares(first),
        html.heading("Every population at a glance"),
        glance(subject.shown),
        Markup('<p class="tc-text">{} · {}</p>').format(
            link("countries.html", f"{len(subject.countries)} countries, one page each"),
            link(first.path, f"More on {first.view.full_series.words.whole}"),
        ),
    ]
    return SitePage("index.html", "Overview", "Overview", parts)


def populations(subject: Subject) -> Iterator[SitePage]:
    """Yield the page that lists populations, and one page a population and rule."""
    rows = [
        [link(one.path, one.name), one.rule, str(one.published.last_counted)]
        for one in subject.shown
    ]
    heads = [
        Head("Population", is_number=False),
        Head("Counting rule", is_number=False),
        Head("Last counted"),
    ]
    listed = (
        html.kicker("Populations", f"release {subject.release_id}")
        + html.heading("Who is counted, and by which rule", 1)
        + html.table(heads, rows, caption="Populations of this release")
        + html.heading("Where each is heading")
        + glance(subject.shown)
    )
    yield SitePage("populations.html", "Populations", "Populations", [listed])
    for shown in subject.shown:
        yield _population(subject, shown)


def glance(shown: Sequence[Shown]) -> Markup:
    """Return the leading country of each population: now, and at the end of the forecast."""
    heads = [
        Head("Population", is_number=False),
        Head("Leads", is_number=False),
        Head("Last counted, %", is_secondary=True),
        Head("Forecast"),
        Head("Median, %"),
        Head("80% range"),
    ]
    rows = []
    for one in shown:
        series = one.view.series
        first = series.leaders[0]
        ahead = series.ahead(first)
        rows.append(
            [
                link(one.path, one.name),
                series.names.get(first, first),
                f"{percent(float(series.last_shares[first]))} in {series.last_counted}",
                str(series.target_year),
                percent(ahead[field(0.5)]),
                span(ahead[field(0.1)], ahead[field(0.9)]),
            ]
        )
    return html.table(heads, rows, caption="Largest share of each population")


def scored(view: View) -> tuple[TrackRecord, str, str] | None:
    """Return the track record of a series, its group of countries, and a note on its vintages."""
    scores = series_scores(view)
    if scores is None or scores.empty:
        return None
    group = country_groups(scores)[0]
    record = track_record(scores[scores["country_group"] == group], view.full_series.model)
    return record, group, vintage_note(scores, record.model)


def _population(subject: Subject, shown: Shown) -> SitePage:
    view = shown.view
    series = view.series
    parts: list[Part] = [_top(subject, shown, "Population"), _shares(shown)]
    if series.joint_draws is None:
        parts.append(html.heading("Who may pass whom"))
        parts.append(html.empty("Odds need joint samples, which this release does not hold."))
    elif len(series.leaders) > 1:
        parts += _order(shown)
    if len(series.leaders) > 2:
        bars = next_largest(view)
        parts.append(html.heading(bars.title) + html.paragraph(how_to_read_bars(series)))
        parts.append(_place(shown, Chart(f"{shown.slug}-bars", bars, view, level=0)))
    for scenario in shown.scenarios:
        name = scenario.full_series.scenario
        figure = leading_shares(scenario, has_every_row=False)
        parts.append(html.heading(f"Scenario: {name.replace('_', ' ')}"))
        chart = Chart(f"{shown.slug}-{name}-shares", figure, scenario, widths=WHOLE)
        parts.append(_place(shown, chart))
    return SitePage(shown.path, shown.name, "Populations", [*parts, *_record(shown)])


def _top(subject: Subject, shown: Shown, kind: str) -> Markup:
    series = shown.view.series
    return (
        html.kicker(
            kind,
            series.words.name,
            f"release {subject.release_id}",
            series.freshness,
            f"forecasts {series.last_counted + 1}–{series.target_year}",
        )
        + html.headline(overview_headline(series))
        + _strips(subject, shown)
    )


def _strips(subject: Subject, shown: Shown) -> Markup:
    """Say how likely the order of the two largest is: here, and where AI was counted last."""
    available = [one.published for one in subject.shown]
    also = subject.of(freshest_about_ai(available))
    is_ai = is_about_ai(shown.published.key.population)
    others = [subject.of(one) for one in by_other_rules(shown.published.key, available)]
    claims = order_strips(
        shown.view.series,
        also=[] if also is None or is_ai else [_series(also)],
        by_rule=[_series(other) for other in others if other is not None],
    )
    return html.odds_strips(claims) if claims else Markup()


def _series(shown: Shown) -> Series:
    return shown.view.series


def _shares(shown: Shown) -> Chart:
    figure = leading_shares(shown.view, has_every_row=False)
    return Chart(f"{shown.slug}-shares", figure, shown.view, widths=WHOLE, level=2)


def _order(shown: Shown) -> list[Part]:
    view = shown.view
    first, second = closest_pair(view.series)
    likely, said = pair_in_words(view.series, first, second)
    odds = Chart(f"{shown.slug}-odds", pair_odds(view, first, second), view, shown.name)
    orders = orders_in_play(view)
    right: Part = html.empty(no_order_in_play(view.series))
    if orders is not None:
        right = Chart(f"{shown.slug}-orders", orders, view, shown.name, is_open=True)
    return [
        html.heading("Who may pass whom"),
        Columns(((odds, html.paragraph((likely, True), said)), (right,))),
    ]


def _record(shown: Shown) -> list[Part]:
    found = scored(shown.view)
    if found is None:
        return []
    record, group, note = found
    view = shown.view
    figures = (
        error_beside_baselines(view, record, group, note=note),
        ranges_held(view, record, group, note=note),
    )
    charts = tuple(
        (Chart(f"{shown.slug}-{figure.name}", figure, view, shown.name),) for figure in figures
    )
    found_headline = track_headline(record)
    text = html.paragraph(*found_headline.body)
    return [html.heading(found_headline.title) + text, Columns(charts)]


def _place(shown: Shown, chart: Chart) -> Chart:
    return Chart(
        chart.id, chart.figure, chart.view, shown.name, chart.widths, chart.level, chart.is_open
    )
