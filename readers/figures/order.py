"""Who may pass whom: the odds of an order by year, and the orders that may change."""

from __future__ import annotations

from typing import Final

import pandas as pd

from readers import html
from readers.charts.odds import odds_chart
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Head
from readers.summaries.headlines import leading_pair, odds_by_year
from readers.summaries.joint_samples import JointDraws, order_changes
from readers.summaries.populations import rule_words
from readers.summaries.series import Series
from readers.summaries.wording import in_sentence, odds, probability, sentence

#: Countries whose order is looked at.
IN_ORDER: Final = 12
#: A claim about two countries, and how likely it is in each year.
Strip = tuple[str, list[tuple[int, str]]]


def pair_odds(view: View, first: str, second: str) -> Figure:
    """Return how likely one country is ahead of another in each forecast year."""
    series = view.series
    draws = joint_draws(series)
    ahead = draws.ahead(first, second).loc[: series.target_year]
    rows = pd.DataFrame(
        {
            "year": ahead.index,
            "probability": ahead.to_numpy(),
            "text": [probability(value) for value in ahead],
        }
    )
    ours, theirs = (in_sentence(view.name(code)) for code in (first, second))
    description = f"{sentence(ours)} ahead of {theirs}: " + "; ".join(
        f"{year} {text}" for year, text in zip(rows["year"], rows["text"], strict=True)
    )
    return Figure(
        "odds",
        f"{sentence(ours)} ahead of {theirs}",
        view.source(
            unit="probability, %",
            counting=f"part of {draws.shares.shape[1]} joint samples in which {ours} is ahead in "
            "that year, not by that year",
        ),
        lambda: rows.drop(columns="text").assign(first=first, second=second),
        numbers=html.table(
            [Head("Year"), Head("Probability")],
            list(zip(map(str, rows["year"]), rows["text"], strict=True)),
            caption=f"{sentence(ours)} ahead of {theirs}",
        ),
        build=lambda palette: odds_chart(rows, palette, description=description),
        about=(first, second),
    )


def pair_in_words(series: Series, first: str, second: str) -> tuple[str, str]:
    """Return how likely one country is ahead of another at the end, in words, and of what."""
    last = float(joint_draws(series).ahead(first, second).loc[series.target_year])
    ours, theirs = (in_sentence(series.names.get(code, code)) for code in (first, second))
    return (
        f"{sentence(odds(last))}:",
        f" the chance that {ours} has a larger share than {theirs} in {series.target_year}.",
    )


def orders_in_play(view: View) -> Figure | None:
    """Return which orders may change, as a table; None if every order is all but certain."""
    series = view.series
    early = _early(series)
    changes = changes_in_play(series).head(8)
    if changes.empty:
        return None
    has_early = early != series.target_year
    heads = [Head("Ahead at the end of the year", is_number=False)]
    heads += [Head(str(early))] if has_early else []
    heads += [Head(str(series.target_year)), Head("in words", is_secondary=True)]
    rows = [
        [
            f"{view.name(row['behind'])} passes {view.name(row['ahead'])}",
            *([probability(row["early"])] if has_early else []),
            probability(row["late"]),
            odds(row["late"]),
        ]
        for row in changes.to_dict("records")
    ]
    return Figure(
        "orders",
        "Changes of order that are in play",
        view.source(
            unit="probability, %",
            population=f"the {_among(series)} largest shares",
            counting="pairs whose order changes with 5–99% probability; the others are all but "
            "certain",
        ),
        lambda: changes,
        numbers=html.table(heads, rows, caption="Probability that today’s order is reversed"),
    )


def no_order_in_play(series: Series) -> str:
    """Say that every order is all but certain."""
    return (
        f"Among the {_among(series)} largest shares every order is all but certain until "
        f"{series.target_year}."
    )


def closest_pair(series: Series) -> tuple[str, str]:
    """Return the pair whose order is least certain: the second may pass the first."""
    changes = changes_in_play(series)
    if changes.empty:
        return series.leaders[1], series.leaders[0]
    closest = changes.iloc[int((changes["late"] - 0.5).abs().argmin())]
    return str(closest["behind"]), str(closest["ahead"])


def changes_in_play(series: Series) -> pd.DataFrame:
    """Return the pairs whose order may change by the last forecast year, the likeliest first."""
    years = (_early(series), series.target_year)
    return order_changes(joint_draws(series), series.last_shares, years=years, among=IN_ORDER)


def order_strips(
    series: Series, *, also: list[Series] | None = None, by_rule: list[Series] | None = None
) -> list[Strip]:
    """Say how likely the order of the two largest is in each year.

    Args:
        series: What is shown.
        also: Other populations whose two largest are shown too.
        by_rule: The same works or people by other rules, which can decide who leads.
    """
    claims = [_claim(one, pair) for one in [series, *(also or [])] if (pair := leading_pair(one))]
    if (pair := leading_pair(series)) is not None:
        claims += [
            _claim(one, pair, by_rule=True)
            for one in by_rule or []
            if one.joint_draws is not None and set(pair) <= set(one.leaders)
        ]
    return claims


def joint_draws(series: Series) -> JointDraws:
    """Return the joint samples of a series of which the caller knows that it has some."""
    assert series.joint_draws is not None  # noqa: S101 - the caller has looked
    return series.joint_draws


def _claim(series: Series, pair: tuple[str, str], *, by_rule: bool = False) -> Strip:
    ours, theirs = (in_sentence(series.names.get(code, code)) for code in pair)
    name = series.words.name
    if by_rule:
        name += f", {rule_words(series.key.counting_rule)}"
    return f"{name}: chance that {ours} is ahead of {theirs}", odds_by_year(series, *pair)


def _early(series: Series) -> int:
    return min(series.last_counted + 2, series.target_year)


def _among(series: Series) -> int:
    return min(IN_ORDER, len(series.leaders))
