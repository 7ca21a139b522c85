"""How good past forecasts were, beside baselines anybody could make."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import html, library
from dashboard.context import Context
from dashboard.controls import country_control, pick
from dashboard.figure import chart, underneath
from dashboard.html import Head
from readers.charts.fan import past_fans_chart
from readers.charts.scores import coverage_chart, error_chart, placement_chart
from readers.summaries.earlier_forecasts import Origin, earlier_origins
from readers.summaries.track_record import TrackRecord, placement, track_headline, track_record
from readers.summaries.wording import percent
from talentcast.domain.types import Target

HEIGHTS = {"error": 274, "coverage": 274, "past": 344, "placement": 214}
_GROUPS = {
    "weighted": "by the size of their share",
    "all": "equally",
    "top60": "equally, the 60 largest",
}


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
    groups = [name for name in _GROUPS if name in set(scores["country_group"])]
    place = st.empty()
    group = pick(
        st, "weight", "Countries count", {name: _GROUPS[name] for name in groups},
        usual=groups[0], width=340,
    )  # fmt: skip
    record = track_record(scores[scores["country_group"] == group], context.offer.model)
    first, last, many = record.origins
    with place.container():
        st.html(
            html.kicker(
                "Track record", f"release {context.release_id}",
                f"{many} forecast origins, {first}–{last}",
            )
            + html.headline(track_headline(record))
        )  # fmt: skip
    is_pseudo = bool(scores["is_pseudo_vintage"].any())
    note = (
        "Trained on data as revised later, which flatters every model alike." if is_pseudo else ""
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _error(context, record, group, note)
    with right:
        _coverage(context, record, group, note)
    _past(context)
    _placement(context, record, group)


def _scores(context: Context) -> pd.DataFrame | None:
    key = context.offer.key
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
    wide = errors.pivot_table(index="year", columns="name", values="value")
    numbers = html.table(
        [Head("Years ahead"), *(Head(str(name)) for name in wide)],
        [[str(year), *(f"{value:.3f}" for value in row)] for year, row in
         zip(wide.index, wide.to_numpy(), strict=True)],
        caption="Mean error score",
    )  # fmt: skip
    line = context.source(
        unit="weighted interval score of the logarithm of shares",
        counting=f"mean over origins; countries count {_GROUPS[group]}",
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
    wide = coverage.pivot_table(index="year", columns="level", values="value")
    numbers = html.table(
        [Head("Years ahead"), *(Head(f"{level}% range held") for level in wide)],
        [[str(year), *(percent(value) for value in row)] for year, row in
         zip(wide.index, wide.to_numpy(), strict=True)],
        caption="Outcomes inside the range",
    )  # fmt: skip
    line = context.source(
        unit="% of outcomes inside the range; dashed: what was promised",
        counting=f"bars: 95% interval, clustered by origin; countries count {_GROUPS[group]}",
        note=note,
    )
    underneath(context, "coverage", line, numbers, lambda: coverage.assign(country_group=group))


def _past(context: Context) -> None:
    st.html(html.heading("What past releases said, and what happened"))
    origins = _earlier(context)
    if not origins:
        st.html(
            html.empty(
                "No release here was made from earlier data, so there is nothing to look back on. "
                "Make some: talentcast backfill --from YEAR --to YEAR."
            )
        )
        return
    country = country_control(context)
    outcome, fans = _looking_back(context, country, origins)
    description = (
        f"Forecasts of {context.full_series.names.get(country, country)} made in "
        f"{', '.join(str(origin.year) for origin in origins)}, and the outcome."
    )
    chart(
        context,
        "past",
        lambda: past_fans_chart(outcome, fans, context.palette, description=description),
        country,
        tuple(origin.release_id for origin in origins),
    )
    releases = ", ".join(origin.release_id for origin in origins)
    line = context.source(unit="% of the total", note=f"Forecasts as published in {releases}.")
    underneath(context, "past", line, "", lambda: fans.assign(country=country))


def _earlier(context: Context) -> list[Origin]:
    """Return releases that forecast this series from earlier years, at most three."""
    offered = {
        str(release.release_id): library.offers(context.root, release, str(release.release_id))
        for release in context.releases
        if release.status == "published"
    }
    return earlier_origins(
        context.releases, offered, context.offer, before=context.full_series.origin_year,
        load=lambda release, offer: library.series(
            context.root, release, str(release.release_id), offer
        ),
    )  # fmt: skip


def _looking_back(
    context: Context, country: str, origins: list[Origin]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    history = context.full_series.history
    start = min(origin.year for origin in origins) - 5
    own = history[(history["country"] == country) & (history["year"] >= start)]
    outcome = own[["year", "share"]].rename(columns={"share": "value"}).dropna()
    last = int(outcome["year"].max())
    fans = pd.concat(
        [
            origin.series.shares[
                (origin.series.shares["country"] == country)
                & (origin.series.shares["year"] <= last)
            ]
            for origin in origins
        ]
    )
    return outcome, fans


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
        width = (
            "closer to the middle than promised: the ranges were too wide" if middle > 56
            else "further out than promised: the ranges were too narrow" if outside > 8
            else "about where they were promised"
        )  # fmt: skip
        st.html(
            "<p class='tc-text'><strong>How to read this.</strong> Each outcome is placed in the "
            "forecast that was made for it. Half should fall into the middle half, and one in "
            f"twenty outside the widest range. Here {middle:.0f}% fell into the middle half and "
            f"{outside:.0f}% outside: outcomes were {width}.</p>"
        )
