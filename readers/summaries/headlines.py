"""The heading of a page states its finding; the paragraph under it states how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from readers.fan import field
from readers.summaries.series import Series
from readers.summaries.wording import (
    in_sentence,
    likelihood,
    odds,
    percent,
    possessive,
    probability,
    sentence,
    whole_percent,
)

LOW, MIDDLE, HIGH = field(0.1), field(0.5), field(0.9)


@dataclass(frozen=True, slots=True)
class Headline:
    """A finding and its uncertainty.

    Attributes:
        title: Plain text.
        body: Pairs of text and whether it is to be strong.
    """

    title: str
    body: tuple[tuple[str, bool], ...]

    def text(self) -> str:
        """Return the paragraph as plain text."""
        return "".join(text for text, _ in self.body)


def overview_headline(series: Series) -> Headline:
    """Say who leads, whether the lead is likely to widen, and how sure that is."""
    first, *others = series.leaders
    ahead, year = series.ahead(first), series.target_year
    name = series.names.get(first, first)
    whole = series.words.whole
    if not others or series.joint_draws is None:
        share = whole_percent(ahead[MIDDLE])
        title = f"{sentence(in_sentence(name))}: about {share} of {whole} by {year}"
        return Headline(title, (*_range(ahead), *_reliability(series)))
    second = others[0]
    now = series.last_shares
    widens = series.joint_draws.lead_above(
        first, second, (now[first] - now[second]) / 100, year=year
    )
    verb = (
        "likely to widen"
        if widens > 0.6
        else "unlikely to widen"
        if widens < 0.4
        else "as likely to widen as to narrow"
    )
    title = (
        f"{sentence(possessive(name))} lead is {verb}: about {whole_percent(ahead[MIDDLE])} of "
        f"{whole} by {year}"
    )
    other = in_sentence(series.names.get(second, second))
    against = series.ahead(second)
    reversed_ = float(series.joint_draws.ahead(second, first)[year])
    passed = year_of_passing(series.history, first, second)
    history = f"{sentence(in_sentence(name))} passed {other} in {passed}. " if passed else ""
    body = (
        *_range(ahead, end=""),
        (", against ", False),
        (f"{percent(against[LOW])} to {percent(against[HIGH])}", True),
        (
            f" for {other}. {history}The chance that the lead is wider in {year} is "
            f"{odds(widens)}; that the order is reversed, {odds(reversed_)}.",
            False,
        ),
        *_reliability(series),
    )
    return Headline(title, body)


def country_headline(series: Series, country: str) -> Headline:
    """Say whether a country's share is likely to rise or fall, and how sure that is."""
    ahead, year = series.ahead(country), series.target_year
    name = series.names.get(country, country)
    last = _last_share(series, country)
    middle = whole_percent(ahead[MIDDLE])
    if last is None or series.joint_draws is None:
        title = f"{sentence(possessive(name))} share: about {middle} by {year}"
        return Headline(title, (*_range(ahead), *_reliability(series)))
    rises = series.joint_draws.above(country, last / 100, year=year)
    surer, direction = (rises, "rise") if rises >= 0.5 else (1 - rises, "fall")
    moves = (
        f"about as likely to rise as to fall: about {middle} by {year}"
        if surer <= 0.6
        else f"{likelihood(surer)} to {direction}, to about {middle} by {year}"
    )
    provisional = " (provisional)" if series.last_counted in series.provisional_years else ""
    body = (
        (f"It was {percent(last)} in {series.last_counted}{provisional}. ", False),
        *_range(ahead, end="; "),
        (
            f"the chance that it ends above today’s share is {odds(rises)} ({probability(rises)}).",
            False,
        ),
        *_reliability(series),
    )
    return Headline(f"{sentence(possessive(name))} share is {moves}", body)


def leading_pair(series: Series) -> tuple[str, str] | None:
    """Return the two largest countries, first the one that is larger at the end of the forecast.

    None if there is one country only, or if no joint samples say how the two move together.
    """
    if series.joint_draws is None or len(series.leaders) < 2:
        return None
    one, other = series.leaders[:2]
    if series.ahead(one)[MIDDLE] >= series.ahead(other)[MIDDLE]:
        return one, other
    return other, one


def odds_by_year(series: Series, first: str, second: str) -> list[tuple[int, str]]:
    """Return each forecast year and, in words, the probability that the first is ahead in it."""
    assert series.joint_draws is not None  # noqa: S101 - a leading pair comes from joint samples
    ahead = series.joint_draws.ahead(first, second).loc[: series.target_year]
    return [(int(str(year)), probability(value)) for year, value in ahead.items()]


def year_of_passing(history: pd.DataFrame, first: str, second: str) -> int | None:
    """Return the year since which the first has been ahead; None if it always was."""
    shares = history.pivot_table(index="year", columns="country", values="share")
    both = shares[[first, second]].dropna()
    behind = both.index[both[first] <= both[second]]
    if behind.empty:
        return None
    after = both.index[both.index > behind.max()]
    return int(after.min()) if len(after) else None


def _last_share(series: Series, country: str) -> float | None:
    rows = series.history[
        (series.history["country"] == country) & (series.history["year"] == series.last_counted)
    ]["share"].dropna()
    return None if rows.empty else float(rows.iloc[0])


def _reliability(series: Series) -> tuple[tuple[str, bool], ...]:
    """How often such ranges held; strong if a reader must not rely on them."""
    known = series.reliability
    return () if known is None else ((" ", False), (known.sentence(), known.is_doubtful))


def _range(ahead: object, *, end: str = ".") -> tuple[tuple[str, bool], ...]:
    quantiles: dict[str, float] = dict(ahead)  # type: ignore[call-overload]
    return (
        ("The range that should hold the outcome 8 times in 10 is ", False),
        (f"{percent(quantiles[LOW])} to {percent(quantiles[HIGH])}", True),
        *(((end, False),) if end else ()),
    )
