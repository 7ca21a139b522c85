"""Forecasts under another stay rate of foreign researchers: an accounting of stocks and flows.

Nothing is learned here. Researchers arrive in the host at the rate at which they were counted to
arrive, and leave it within five years at the rate that the published stay rates imply. Under the
scenario the five-year stay rate of each origin is some points lower or higher from the year after
the origin on. Who leaves is counted where they come from; those whose origin is not forecast apart
are spread over all other countries in proportion. Nobody is lost: all shares still sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from features.stay_rates import HOST, STAY_YEARS, StayRates
from models.shares.stock import StockDraws

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
        rates: Published stay rates. Each is drawn as a share of its sample, and all of a draw are
            shifted together by as much as published rates differ from each other.
        arrivals: Shape (n_years,). Counted arrival rates; each draw takes one of the years.
        n_draws: Number of draws.
        rng: Source of all of them.
    """
    n = np.array([one.n for one in rates.by_origin], dtype=np.float64)
    stayed = np.array([one.rate for one in rates.by_origin]) * n
    drawn = rng.beta(stayed + 0.5, n - stayed + 0.5, size=(n_draws, len(n)))
    shift = rng.normal(0, rates.spread, size=(n_draws, 1))
    return ForeignResearchers(
        arriving=rng.choice(arrivals, size=n_draws),
        staying=np.clip(expit(logit(drawn) + shift), *_LIMITS),
        weights=n / n.sum(),
        origins=tuple(one.origin for one in rates.by_origin),
    )


def with_stay_rate(
    drawn: StockDraws, last_stock: float, foreign: ForeignResearchers, points: float
) -> StockDraws:
    """Return forecasts under stay rates that are some points lower or higher.

    Args:
        drawn: Forecasts in which nothing is changed; horizons 1, 2, and so on.
        last_stock: Researchers of the host at the origin.
        foreign: What is assumed, a row a draw.
        points: Change of the five-year stay rates, as a share: -0.1 is ten points fewer.

    Returns:
        Shares and stocks; every draw keeps its total.
    """
    countries = drawn.draws.countries
    host = countries.index(HOST)
    left = _left(drawn.stocks[:, :, host], last_stock, foreign, points)
    stocks = drawn.stocks.copy()
    stocks[:, :, host] -= left.sum(axis=2)
    elsewhere = np.zeros(left.shape[:2])
    for place, origin in enumerate(foreign.origins):
        if origin in countries and origin != HOST:
            stocks[:, :, countries.index(origin)] += left[:, :, place]
        else:
            elsewhere += left[:, :, place]
    others = np.delete(np.arange(len(countries)), host)
    parts = drawn.stocks[:, :, others]
    stocks[:, :, others] += elsewhere[:, :, None] * parts / parts.sum(axis=2, keepdims=True)
    # Of an origin with very few people more may be kept abroad than it has.
    stocks = np.clip(stocks, 0, None)
    shares = stocks / stocks.sum(axis=2, keepdims=True)
    return StockDraws(replace(drawn.draws, shares=shares), stocks)


def _left(
    stocks: FloatArray, last_stock: float, foreign: ForeignResearchers, points: float
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
        at_arrival = stocks[arrived - 1] if arrived > 0 else np.full(n_draws, last_stock)
        before = max(-arrived, 0)
        for year in range(max(arrived, 0) + 1, n_years + 1):
            size = foreign.arriving * np.minimum(at_arrival, stocks[year - 1])
            exposed = min(STAY_YEARS, year - arrived) - before
            gone = stay**before * (stay**exposed - changed**exposed)
            left[year - 1] += size[:, None] * foreign.weights * gone
    return left
