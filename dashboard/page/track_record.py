"""How good past forecasts were, beside baselines anybody could make."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import library
from dashboard.context import Context
from dashboard.controls import country_control, pick
from dashboard.figure import chart, draw, underneath
from readers import html
from readers.charts.fan import earlier_forecasts_chart
from readers.figures.record import (
    country_groups,
    error_beside_baselines,
    how_to_read_placement,
    outcomes_placed,
    ranges_held,
    series_scores,
    vintage_note,
)
from readers.summaries.earlier_forecasts import EarlierForecast, earlier_forecasts
from readers.summaries.track_record import (
    COUNTRY_GROUPS,
    TrackRecord,
    track_headline,
    track_record,
)

HEIGHTS = {"error": 274, "coverage": 274, "earlier": 344, "placement": 214}


def show(context: Context) -> None:
    """Draw the page."""
    view = context.view
    scores = series_scores(view)
    if scores is None or scores.empty:
        st.html(
            html.kicker("Track record", f"release {context.release_id}")
            + html.heading("Nothing has been scored for this series yet", 1)
            + html.empty("Scores need a few past years. Choose another population or release.")
        )
        return
    groups = country_groups(scores)
    place = st.empty()
    group = pick(
        st,
        "weight",
        "Countries count",
        {name: COUNTRY_GROUPS[name] for name in groups},
        usual=groups[0],
        width=340,
    )
    record = track_record(scores[scores["country_group"] == group], context.published.model)
    first, last, many = record.origins
    with place.container():
        st.html(
            html.kicker(
                "Track record",
                f"release {context.release_id}",
                f"{many} forecast origins, {first}–{last}",
            )
            + html.headline(track_headline(record))
        )
    note = vintage_note(scores, record.model)
    figures = (
        error_beside_baselines(view, record, group, note=note),
        ranges_held(view, record, group, note=note),
    )
    for column, figure in zip(st.columns(2, gap="medium"), figures, strict=True):
        with column:
            st.html(html.heading(figure.title, 3))
            draw(context, figure)
    _looking_back(context)
    _placement(context, record, group)


def _looking_back(context: Context) -> None:
    st.html(html.heading("What past releases said, and what happened"))
    forecasts = _earlier_forecasts(context)
    if not forecasts:
        st.html(
            html.empty(
                "No release here was made from earlier data, so there is nothing to look back on. "
                "Make some: talentcast backfill --first-year YEAR --last-year YEAR."
            )
        )
        return
    country = country_control(context)
    outcome = _outcome(context, country, since=min(f.last_counted for f in forecasts) - 5)
    last = int(outcome["year"].max())
    fans = pd.concat([forecast.shares(country, until=last) for forecast in forecasts])
    description = (
        f"Forecasts of {context.full_series.names.get(country, country)} made in "
        f"{', '.join(str(forecast.last_counted) for forecast in forecasts)}, and the outcome."
    )
    releases = tuple(forecast.release_id for forecast in forecasts)
    chart(
        context,
        "earlier",
        lambda: earlier_forecasts_chart(outcome, fans, context.palette, description=description),
        country,
        releases,
    )
    note = f"Forecasts as published in {', '.join(releases)}."
    line = context.view.source(unit="% of the total", note=note)
    underneath(context, "earlier", line, "", lambda: fans.assign(country=country))


def _earlier_forecasts(context: Context) -> list[EarlierForecast]:
    """Return releases that forecast this series from earlier years, at most three."""
    published = {
        str(release.release_id): library.published_series(
            context.root, release, str(release.release_id)
        )
        for release in context.releases
        if release.status == "published"
    }
    return earlier_forecasts(
        context.releases,
        published,
        context.published,
        before=context.full_series.last_counted,
        load=lambda release, one: library.series(
            context.root, release, str(release.release_id), one
        ),
    )


def _outcome(context: Context, country: str, *, since: int) -> pd.DataFrame:
    history = context.full_series.history
    own = history[(history["country"] == country) & (history["year"] >= since)]
    return own[["year", "share"]].rename(columns={"share": "value"}).dropna()


def _placement(context: Context, record: TrackRecord, group: str) -> None:
    placed = outcomes_placed(context.view, record, group)
    st.html(html.heading(placed.title))
    left, right = st.columns([7, 5], gap="medium")
    with left:
        draw(context, placed)
    with right:
        label, said = how_to_read_placement(record)
        st.html(html.paragraph((label, True), said))
