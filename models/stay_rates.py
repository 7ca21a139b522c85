"""Forecasts under another stay rate of foreign researchers: an accounting of stocks and flows.

Nothing is learned here. Researchers arrive in the host at the rate at which they were counted to
arrive, and leave it within five years at the rate that the published stay rates imply. Under the
scenario the five-year stay rate of each origin is some points lower or higher from the year after
the origin on. Who leaves is counted in the country of origin. Nobody is lost: every draw keeps its
total, and its shares sum to 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from features.stay_rates import HOST, STAY_YEARS, StayRates
from models.shares.stock import StockDraws
from talentcast.domain.tables import COUNTRY_PATTERN
from talentcast.domain.types import REST_OF_WORLD

FloatArray = NDArray[np.float64]

#: A stay rate never reaches 0 or 1.
_LIMITS: Final = (0.01, 0.99)


@dataclass(frozen=True, eq=False)
class ForeignResearchers:
    """What is assumed of the foreign researchers of the host, by draw.

    Attributes:
        arriving: Shape (n_draws,). Arrivals a year over the researchers there.
        staying: Shape (n_draws, n_origins). Five-year stay rates.
        weights: Shape (n_origins,). Parts of the origins in the arrivals; sums to 1.
        origins: Their names.
    """

    arriving: FloatArray
    staying: FloatArray
    weights: FloatArray
    origins: tuple[str, ...]


def assumed_researchers(
    rates: StayRates, arrivals: FloatArray, *, n_draws: int, rng: np.random.Generator
) -> ForeignResearchers:
    """Draw what is assumed, with the uncertainty of what is published.

    Args:
        rates: Published stay rates; all of a draw are shifted together by as much as published
            rates differ from each other.
        arrivals: Shape (n_years,). Counted arrival rates; each draw takes one of the years.
        n_draws: Number of draws.
        rng: Source of all of them.
    """
    graduates = np.array([one.graduates for one in rates.by_origin], dtype=np.float64)
    log_odds = logit(np.array([one.rate for one in rates.by_origin]))
    shift = rng.normal(0, rates.spread, size=(n_draws, 1))
    return ForeignResearchers(
        arriving=rng.choice(arrivals, size=n_draws),
        staying=np.clip(expit(log_odds + shift), *_LIMITS),
        weights=graduates / graduates.sum(),
        origins=tuple(one.origin for one in rates.by_origin),
    )


def with_stay_rate(
    drawn: StockDraws, at_origin: FloatArray | float, foreign: ForeignResearchers, points: float
) -> StockDraws:
    """Return forecasts under stay rates that are some points lower or higher.

    Args:
        drawn: Forecasts in which nothing is changed; horizons 1, 2, and so on.
        at_origin: Researchers of the host in the year before them, one number or shape (n_draws,).
        foreign: What is assumed, a row a draw.
        points: Change of the five-year stay rates, as a share: -0.1 is ten points fewer.

    Returns:
        Shares and stocks; every draw keeps its total.
    """
    countries = drawn.draws.countries
    left = _left(drawn.stocks[:, :, countries.index(HOST)], at_origin, foreign, points)
    stocks = moved_home(drawn.stocks, countries, HOST, left, foreign.origins)
    shares = stocks / stocks.sum(axis=2, keepdims=True)
    return StockDraws(replace(drawn.draws, shares=shares), stocks)


def moved_home(
    stocks: FloatArray,
    countries: Sequence[str],
    host: str,
    left: FloatArray,
    origins: Sequence[str],
) -> FloatArray:
    """Return stocks after researchers left the host; the total stays.

    An origin that is not forecast apart is part of the rest of the world, where there is one. Those
    of a group of countries are spread, in proportion, over all that are neither the host nor named.

    Args:
        stocks: Shape (n_years, n_draws, n_countries).
        countries: Codes.
        host: Where they were.
        left: Shape (n_years, n_draws, n_origins). How many more left; negative for those who stay.
        origins: Where they come from: codes, or names of groups of countries.
    """
    places = {code: place for place, code in enumerate(countries)}
    named = {host, *origins}
    others = [place for code, place in places.items() if code not in named] or [
        place for code, place in places.items() if code != host
    ]
    after = stocks.copy()
    spread = np.zeros(left.shape[:2])
    for number, origin in enumerate(origins):
        is_country = re.fullmatch(COUNTRY_PATTERN, origin) is not None
        home = places.get(origin, places.get(REST_OF_WORLD) if is_country else None)
        if home is None or home == places[host]:
            spread += left[:, :, number]
        else:
            after[:, :, home] += left[:, :, number]
    parts = stocks[:, :, others]
    after[:, :, others] += spread[:, :, None] * parts / parts.sum(axis=2, keepdims=True)
    # No more can be kept abroad than an origin has.
    after = np.clip(after, 0, None)
    rest = np.delete(after, places[host], axis=2)
    after[:, :, places[host]] = stocks.sum(axis=2) - rest.sum(axis=2)
    return after


def _left(
    stocks: FloatArray, at_origin: FloatArray | float, foreign: ForeignResearchers, points: float
) -> FloatArray:
    """Return who left the host because of the change, less who stayed; shape (h, draws, origins).

    Cohorts of the five years before the origin are followed too, from the origin on. Where the
    host has fewer researchers than when a cohort arrived, the cohort has shrunk with it.
    """
    stay = foreign.staying ** (1 / STAY_YEARS)
    changed = np.clip(foreign.staying + points, *_LIMITS) ** (1 / STAY_YEARS)
    n_years, n_draws = stocks.shape
    left = np.zeros((n_years, n_draws, stay.shape[1]))
    for arrived in range(1 - STAY_YEARS, n_years):
        at_arrival = stocks[arrived - 1] if arrived > 0 else np.broadcast_to(at_origin, n_draws)
        before = max(-arrived, 0)
        for year in range(max(arrived, 0) + 1, n_years + 1):
            size = foreign.arriving * np.minimum(at_arrival, stocks[year - 1])
            exposed = min(STAY_YEARS, year - arrived) - before
            gone = stay**before * (stay**exposed - changed**exposed)
            left[year - 1] += size[:, None] * foreign.weights * gone
    return left
