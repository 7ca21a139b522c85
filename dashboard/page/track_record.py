"""How good past forecasts were, beside baselines anybody could make."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard import html, library
from dashboard.context import Context
from dashboard.controls import country_control, pick
from dashboard.figure import chart, underneath
from dashboard.html import Head
from readers.charts.fan import earlier_forecasts_chart
from readers.charts.scores import coverage_chart, error_chart, placement_chart
from readers.summaries.earlier_forecasts import EarlierForecast, earlier_forecasts
from readers.summaries.track_record import (
    COUNTRY_GROUPS,
    TrackRecord,
    placement,
    track_headline,
    track_record,
)
from readers.summaries.wording import percent
from talentcast.domain.types import Target

HEIGHTS = {"error": 274, "coverage": 274, "earlier": 344, "placement": 214}


def show(context: Context) -> None:
    """Draw the page."""
    scores = _scores(context)
    if scores is None or scores.empty:
        st.html(
            html.kicker("Track record", f"release {context.release_id}")
            + html.heading("Nothing has been scored for this series yet", 1)
            + html.empty("Scores need a few past years. Choose another population or release.")
        )
        return
    groups = [name for name in COUNTRY_GROUPS if name in set(scores["country_group"])]
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
    is_pseudo = bool(scores["is_pseudo_vintage"].any())
    note = (
        "Trained on data as revised later, which flatters every model alike." if is_pseudo else ""
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _error(context, record, group, note)
    with right:
        _coverage(context, record, group, note)
    _looking_back(context)
    _placement(context, record, group)


def _scores(context: Context) -> pd.DataFrame | None:
    key = context.published.key
    scores = context.table("scores", key.population)
    if scores is None:
        return None
    return scores[
        (scores["target"] == str(Target.SHARE))
        & (scores["counting_rule"] == str(key.counting_rule))
        & (scores["source"] == key.source)
    ]


def _error(context: Context, record: TrackRecord, group: str, note: str) -> None:
    st.html(html.heading("Error beside baselines: lower is better", 3))
    errors = record.errors
    description = "Error by horizon. " + "; ".join(
        f"{row.name}, {row.year} years ahead: {row.value:.3f}"
        for row in errors[errors["year"] == errors["year"].max()].itertuples(index=False)
    )
    chart(
        context,
        "error",
        lambda: error_chart(
            errors, context.palette, default_model=record.model, description=description
        ),
        group,
    )
    numbers = _by_horizon(errors, "name", "{}", "{:.3f}".format, caption="Mean error score")
    line = context.source(
        unit="weighted interval score of the logarithm of shares",
        counting=f"mean over origins; countries count {COUNTRY_GROUPS[group]}",
        note=note,
    )
    underneath(context, "error", line, numbers, lambda: errors.assign(country_group=group))


def _coverage(context: Context, record: TrackRecord, group: str, note: str) -> None:
    st.html(html.heading("How often the ranges held the outcome", 3))
    coverage = record.coverage
    description = "Outcomes inside the range, by years ahead. " + "; ".join(
        f"{row['level']}% range, {row['year']}: {percent(row['value'], digits=0)}"
        for row in coverage.to_dict("records")
    )
    chart(
        context,
        "coverage",
        lambda: coverage_chart(coverage, context.palette, description=description),
        group,
    )
    numbers = _by_horizon(
        coverage, "level", "{}% range held", percent, caption="Outcomes inside the range"
    )
    line = context.source(
        unit="% of outcomes inside the range; dashed: what was promised",
        counting="bars: 95% interval, clustered by origin; "
        f"countries count {COUNTRY_GROUPS[group]}",
        note=note,
    )
    underneath(context, "coverage", line, numbers, lambda: coverage.assign(country_group=group))


def _by_horizon(
    rows: pd.DataFrame, column: str, head: str, write: Callable[[float], str], *, caption: str
) -> Markup:
    """Return a table of values: one row a horizon, one column a value of `column`."""
    wide = rows.pivot_table(index="year", columns=column, values="value")
    return html.table(
        [Head("Years ahead"), *(Head(head.format(name)) for name in wide)],
        [
            [str(year), *map(write, row)]
            for year, row in zip(wide.index, wide.to_numpy(), strict=True)
        ],
        caption=caption,
    )


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
    line = context.source(unit="% of the total", note=note)
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
    st.html(html.heading("Were outcomes spread as the forecasts said?"))
    left, right = st.columns([7, 5], gap="medium")
    placed = placement(record)
    outside = float(placed["value"].iloc[-1])
    middle = float(placed["value"].iloc[0])
    with left:
        description = "Where outcomes fell. " + "; ".join(
            f"{row.zone}: {row.value:.0f}%, promised {row.promised:.0f}%"
            for row in placed.itertuples()
        )
        chart(
            context,
            "placement",
            lambda: placement_chart(placed, context.palette, description=description),
            group,
        )
        numbers = html.table(
            [Head("Part of the forecast", is_number=False), Head("Outcomes"), Head("Promised")],
            [
                [row["zone"], percent(row["value"]), percent(row["promised"])]
                for row in placed.to_dict("records")
            ],
            caption="Where outcomes fell",
        )
        line = context.source(
            unit="% of outcomes in each part of the forecast; tick: what was promised",
            counting="all horizons and origins",
        )
        underneath(context, "placement", line, numbers, lambda: placed)
    with right:
        st.html(
            html.paragraph(
                ("How to read this.", True),
                " Each outcome is placed in the forecast that was made for it. Half should fall "
                "into the middle half, and one in twenty outside the widest range. Here "
                f"{middle:.0f}% fell into the middle half and {outside:.0f}% outside: outcomes "
                f"were {_width_words(middle, outside)}.",
            )
        )


def _width_words(middle: float, outside: float) -> str:
    if middle > 56:
        return "closer to the middle than promised: the ranges were too wide"
    if outside > 8:
        return "further out than promised: the ranges were too narrow"
    return "about where they were promised"
