"""Forecast one population under other stay rates of foreign researchers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.panel import Panel
from features.series import rows_of
from features.stay_rates import HOST, STAY_YEARS, StayRates, arrival_rates, stay_rates
from features.vintages import KnownCounts
from flows.steps.plan import Plan, Stream
from models.shares.stock import StockDraws
from models.stay_rates import assumed_researchers, with_stay_rate
from publication.stay_rates import stay_rate_rows
from sources.bundled import published_figures
from sources.reference_panel import reference_counts
from talentcast.domain.tables import STAY_RATE_SCENARIOS
from talentcast.domain.types import VintageKind
from talentcast.populations.catalogue import known_populations
from talentcast.store.release import Kind

#: Changes of the stay rate that are forecast, percentage points.
STEPS: Final = range(-20, 21, 5)


@dataclass(frozen=True, eq=False)
class Assumed:
    """What a forecast under other stay rates rests on.

    Attributes:
        arrivals: Shape (n_years,). Arrivals a year over researchers in the host.
        are_counted: They are the population's own.
    """

    rates: StayRates
    arrivals: NDArray[np.float64] = field(repr=False)
    are_counted: bool


def assumed_of(known: KnownCounts, panel: Panel, kind: Kind) -> Assumed | None:
    """Return what is assumed of a population; None where the host is not forecast apart.

    Nothing is assumed of the past, where today's rates were not known. Further counting rules of a
    population are left out: the first one stands for all.
    """
    population = known_populations().get(panel.key.population)
    is_past = kind == "backfill" or known.kinds[panel.key] is VintageKind.PSEUDO
    is_further = population is not None and population.is_further_rule
    if is_past or is_further or HOST not in panel.countries:
        return None
    own = arrival_rates(rows_of(known.counts, panel.key), panel.origin)
    arrivals = own if len(own) else arrival_rates(reference_counts(), panel.origin)
    if not len(arrivals):
        return None
    return Assumed(stay_rates(published_figures()), arrivals, are_counted=len(own) > 0)


def forecast_stay_rates(
    drawn: Sequence[StockDraws], panel: Panel, assumed: Assumed | None, plan: Plan
) -> pd.DataFrame:
    """Return the `stay_rate_scenarios` rows of one population; none where nothing is assumed.

    Args:
        drawn: Of the quoted model; the last of them are the forecasts.
        panel: What they are made from.
        assumed: From `assumed_of`.
        plan: With the seed. Populations of one last year draw the same assumptions.
    """
    ahead = drawn[-1] if assumed is None else _first_years(drawn[-1])
    if assumed is None or not ahead.draws.horizons:
        return pd.DataFrame(columns=list(STAY_RATE_SCENARIOS.unpublished_columns))
    rng = plan.random(panel.origin, Stream.STAY_RATES)
    n_draws = ahead.stocks.shape[1]
    foreign = assumed_researchers(assumed.rates, assumed.arrivals, n_draws=n_draws, rng=rng)
    at_origin = _at_origin(drawn[-1], panel)
    by_points = {
        points: with_stay_rate(ahead, at_origin, foreign, points / 100) for points in STEPS
    }
    return stay_rate_rows(
        by_points, panel.key, model=plan.default_model, are_arrivals_counted=assumed.are_counted
    )


def _at_origin(drawn: StockDraws, panel: Panel) -> NDArray[np.float64] | float:
    """Return researchers of the host in the year before the forecasts: counted, or the nowcast."""
    if 0 in drawn.draws.horizons:
        (now,) = drawn.at([0]).stocks
        return np.asarray(now[:, drawn.draws.countries.index(HOST)])
    return float(panel.carried_forward()[HOST].iloc[-1])


def _first_years(drawn: StockDraws) -> StockDraws:
    """Return the horizons 1, 2 and so on that the stay rates are about, without a gap."""
    known = drawn.draws.horizons
    return drawn.at(list(takewhile(known.__contains__, range(1, STAY_YEARS + 1))))
