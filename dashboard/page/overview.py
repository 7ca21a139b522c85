"""Who leads, how sure that is, and who may pass whom."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard import html
from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import chart, underneath
from dashboard.html import Head
from publication.nowcast_card import NOWCAST_TOPIC
from readers.charts.fan import fan_chart
from readers.charts.intervals import interval_bars
from readers.charts.odds import odds_chart
from readers.charts.theme import country_colours
from readers.fan import field
from readers.summaries.describe import fan_description, interval_description, share_rows
from readers.summaries.headlines import leading_pair, odds_by_year, overview_headline
from readers.summaries.joint_samples import order_changes
from readers.summaries.populations import is_about_ai, rule_words
from readers.summaries.series import Series, interval_rows, share_fan
from readers.summaries.source_line import SHARE_UNIT
from readers.summaries.wording import in_sentence, odds, percent, probability, sentence, span

#: Countries in the fan: four hues are the limit; in the ranked bars; in the order of pairs.
IN_FAN, IN_BARS, IN_ORDER = 4, 10, 12
HEIGHTS = {"shares": 434, "odds": 196}


def show(context: Context) -> None:
    """Draw the page."""
    series = context.series
    st.html(
        html.kicker(
            "Overview",
            f"release {context.release_id}",
            series.freshness,
            f"forecasts {series.last_counted + 1}–{series.target_year}",
        )
        + html.headline(overview_headline(series))
        + _strips(context, series)
    )
    _fan(context, series)
    if series.joint_draws is None:
        st.html(html.heading("Who may pass whom"))
        st.html(html.empty("Odds need joint samples, which this release does not hold."))
    elif len(series.leaders) > 1:
        _odds(context, series)
    if len(series.leaders) > 2:
        _bars(context, series)


def _strips(context: Context, series: Series) -> Markup:
    """Say how likely the order of the two largest is: here, and where AI was counted last."""
    shown = [series]
    if not is_about_ai(series.key.population):
        shown += [found.until(context.choice.horizon) for found in context.freshest_ai()]
    claims = [_claim(one, pair) for one in shown if (pair := leading_pair(one)) is not None]
    if (pair := leading_pair(series)) is not None:
        claims += [
            _claim(one.until(context.choice.horizon), pair, by_rule=True)
            for one in context.other_rules()
            if one.joint_draws is not None and set(pair) <= set(one.leaders)
        ]
    return html.odds_strips(claims) if claims else Markup()


def _claim(
    series: Series, pair: tuple[str, str], *, by_rule: bool = False
) -> tuple[str, list[tuple[int, str]]]:
    """Return a claim about two countries, and how likely it is in each year.

    Args:
        series: What is counted.
        pair: Who is to be ahead, and of whom.
        by_rule: Name the counting rule, which can decide who leads.
    """
    ours, theirs = (in_sentence(series.names.get(code, code)) for code in pair)
    name = series.words.name
    if by_rule:
        name += f", {rule_words(series.key.counting_rule)}"
    return f"{name}: chance that {ours} is ahead of {theirs}", odds_by_year(series, *pair)


def _fan(context: Context, series: Series) -> None:
    shown = series.leaders[:IN_FAN]
    fan = share_fan(series, shown, references=context.references)
    first = int(fan.history["year"].min())
    title = (
        f"Share of {series.words.whole}, {first}–{series.last_counted}, "
        f"and forecast to {series.target_year}"
    )
    st.html(html.heading(title, 2) + html.fan_key(fan, context.palette.muted))
    chart(
        context,
        "shares",
        lambda: fan_chart(
            fan,
            context.palette,
            colours=country_colours(shown, context.palette),
            description=fan_description(series, shown),
        ),
    )
    references = "Diamonds: shares that others published for the same authorships."
    note = " ".join(filter(None, (_nowcast(context), references if len(fan.references) else "")))
    line = context.source(unit=SHARE_UNIT, note=note)
    underneath(context, "shares", line, _numbers(series, shown), lambda: share_rows(series))


def _nowcast(context: Context) -> str:
    """Say how full the unfinished years are, and how that is known; nothing without any."""
    cards = context.table("model_cards", context.full_series.key.population)
    if cards is None:
        return ""
    return " ".join(cards.loc[cards["topic"] == NOWCAST_TOPIC, "text"])


def _numbers(series: Series, shown: list[str]) -> Markup:
    year, last = series.target_year, series.last_counted
    rows = []
    for code in shown:
        ahead = series.ahead(code)
        rows.append(
            [
                series.names.get(code, code),
                percent(float(series.last_shares[code])),
                percent(ahead[field(0.5)]),
                span(ahead[field(0.25)], ahead[field(0.75)]),
                span(ahead[field(0.1)], ahead[field(0.9)]),
                span(ahead[field(0.025)], ahead[field(0.975)]),
            ]
        )
    heads = [
        Head("Country", is_number=False),
        Head(f"{last}, %"),
        Head(f"{year} median, %"),
        Head("50% range", is_secondary=True),
        Head("80% range"),
        Head("95% range", is_secondary=True),
    ]
    return html.table(heads, rows, caption=f"Share of {series.words.whole}")


@st.fragment
def _odds(context: Context, series: Series) -> None:
    joint_draws = series.joint_draws
    if joint_draws is None:
        return
    st.html(html.heading("Who may pass whom"))
    pair, orders = st.columns([5, 6], gap="medium")
    with pair:
        st.html(html.heading("Pick a pair", 3))
        first, second = _pick(series)
        if first == second:
            st.html(html.empty("Choose two different countries to compare."))
        else:
            _pair(context, series, first, second)
    with orders:
        st.html(html.heading("Changes of order that are in play", 3))
        _orders(context, series)


def _pick(series: Series) -> tuple[str, str]:
    leaders = series.leaders
    left, right = st.columns(2, gap="small")
    names = {code: series.names.get(code, code) for code in leaders}
    first, second = _closest_pair(series)
    return (
        pick(left, "first", "Will this country…", names, usual=first),
        pick(right, "second", "…be ahead of", names, usual=second),
    )


def _closest_pair(series: Series) -> tuple[str, str]:
    """Return the pair whose order is least certain: the second may pass the first."""
    changes = _order_changes(series)
    if changes.empty:
        return series.leaders[1], series.leaders[0]
    closest = changes.iloc[int((changes["late"] - 0.5).abs().argmin())]
    return str(closest["behind"]), str(closest["ahead"])


def _order_changes(series: Series) -> pd.DataFrame:
    assert series.joint_draws is not None  # noqa: S101 - the caller has looked
    early = min(series.last_counted + 2, series.target_year)
    return order_changes(
        series.joint_draws, series.last_shares, years=(early, series.target_year), among=IN_ORDER
    )


def _pair(context: Context, series: Series, first: str, second: str) -> None:
    assert series.joint_draws is not None  # noqa: S101 - the caller has looked
    ahead = series.joint_draws.ahead(first, second).loc[: series.target_year]
    rows = pd.DataFrame(
        {
            "year": ahead.index,
            "probability": ahead.to_numpy(),
            "text": [probability(value) for value in ahead],
        }
    )
    ours, theirs = (in_sentence(series.names.get(code, code)) for code in (first, second))
    last = float(ahead.iloc[-1])
    said = f"the chance that {ours} has a larger share than {theirs} in {series.target_year}."
    st.html(html.paragraph((f"{sentence(odds(last))}:", True), f" {said}", is_live=True))
    description = f"{sentence(ours)} ahead of {theirs}: " + "; ".join(
        f"{year} {text}" for year, text in zip(rows["year"], rows["text"], strict=True)
    )
    chart(
        context,
        "odds",
        lambda: odds_chart(rows, context.palette, description=description),
        first,
        second,
    )
    n_draws = series.joint_draws.shares.shape[1]
    line = context.source(
        unit="probability, %",
        counting=f"part of {n_draws} joint samples in which {ours} is ahead in that year, "
        "not by that year",
    )
    numbers = html.table(
        [Head("Year"), Head("Probability")],
        list(zip(map(str, rows["year"]), rows["text"], strict=True)),
        caption=f"{sentence(ours)} ahead of {theirs}",
    )
    data = rows.drop(columns="text").assign(first=first, second=second)
    underneath(context, "odds", line, numbers, lambda: data)


def _orders(context: Context, series: Series) -> None:
    early = min(series.last_counted + 2, series.target_year)
    changes = _order_changes(series).head(8)
    among = min(IN_ORDER, len(series.leaders))
    if changes.empty:
        st.html(
            html.empty(
                f"Among the {among} largest shares every order is all but certain until "
                f"{series.target_year}. Choose a longer horizon to see more."
            )
        )
        return
    names = series.names
    heads = [Head("Ahead at the end of the year", is_number=False)]
    heads += [Head(str(early))] if early != series.target_year else []
    heads += [Head(str(series.target_year)), Head("in words", is_secondary=True)]
    rows = [
        [
            f"{names[row['behind']]} passes {names[row['ahead']]}",
            *([probability(row["early"])] if early != series.target_year else []),
            probability(row["late"]),
            odds(row["late"]),
        ]
        for row in changes.to_dict("records")
    ]
    st.html(html.table(heads, rows, caption="Probability that today’s order is reversed"))
    line = context.source(
        unit="probability, %",
        population=f"the {among} largest shares",
        counting="pairs whose order changes with 5–99% probability; the others are all but certain",
    )
    underneath(context, "orders", line, "", lambda: changes)


def _bars(context: Context, series: Series) -> None:
    shown = sorted(
        series.leaders[2 : 2 + IN_BARS],
        key=lambda code: -series.ahead(code)[field(0.5)],
    )
    names = [in_sentence(series.names.get(code, code)) for code in series.leaders[:2]]
    year, last = series.target_year, series.last_counted
    st.html(
        html.heading("Where the next largest shares are heading")
        + html.paragraph(
            f"After {names[0]} and {names[1]}. Circle: {last}. Bar: the {year} forecast with the "
            "50, 80 and 95% ranges; tick: median. In brackets: the change in percentage points."
        )
    )
    rows = interval_rows(series, shown)
    description = f"Forecast shares in {year}: {interval_description(rows)}"
    chart(context, "bars", lambda: interval_bars(rows, context.palette, description=description))
    numbers = html.table(
        [
            Head("Country", is_number=False),
            Head(f"{last}, %"),
            Head(f"{year} median, %"),
            Head("80% range"),
            Head("95% range", is_secondary=True),
        ],
        [
            [
                r["name"],
                percent(r["last"]),
                percent(r[field(0.5)]),
                span(r[field(0.1)], r[field(0.9)]),
                span(r[field(0.025)], r[field(0.975)]),
            ]
            for r in rows.to_dict("records")
        ],
        caption=f"Share of {series.words.whole}",
    )
    data = rows.drop(columns=["text", "text_short"]).assign(target_year=year)
    line = context.source(unit=SHARE_UNIT)
    underneath(context, "bars", line, numbers, lambda: data)
