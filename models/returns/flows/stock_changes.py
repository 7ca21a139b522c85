"""What changed returns do to the number of researchers in each country."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from models.returns.flows.risk_set import TEMPLATE_YEARS, ExpectedReturns, Floats
from models.returns.model.incidence import incidence_of_return
from models.scenarios import Scenario


def stock_changes(
    returns: ExpectedReturns, stocks: pd.Series, scenario: Scenario, *, n_years: int = 5
) -> pd.DataFrame:
    """Return by how much a scenario changes the stock of each country.

    Every further return moves one person from the host's stock to the origin's.

    Args:
        returns: Who is abroad at the forecast origin, and how likely each returns.
        stocks: Researchers present by country at the forecast origin, in persons.
        scenario: What changes.
        n_years: Longest horizon, up to 5.

    Returns:
        Index: horizon in years; columns: countries; values: relative change of the stock, for
        `models.scenarios.changed_draws`.
    """
    countries = pd.Index(stocks.index)
    change = np.zeros((n_years, len(stocks)))
    for lag, people, returning, arriving in _further(returns, scenario, n_years):
        for column, amount in (
            ("origin_country", returning),
            ("host_country", arriving[:, None] - returning),
        ):
            target = countries.get_indexer(people[column])
            known = target >= 0
            weight = 1.0 / TEMPLATE_YEARS if lag else 1.0
            for step in range(n_years - lag):
                np.add.at(change[step + lag], target[known], weight * amount[known, step])
    relative = change / stocks.to_numpy(dtype=float)[None, :]
    return pd.DataFrame(relative, index=range(1, n_years + 1), columns=countries)


def _further(
    returns: ExpectedReturns, scenario: Scenario, n_years: int
) -> Iterator[tuple[int, pd.DataFrame, Floats, Floats]]:
    """Yield, for those who join in so many years, what the scenario adds to the baseline.

    Yields:
        Years until they join, 0 for people abroad already; who they are; further returns by then,
        by year; further people.
    """
    now, newcomers = returns.risk_set.landmarks, returns.risk_set.newcomers
    after = incidence_of_return(returns.under(scenario).hazards)
    yield 0, now, after - incidence_of_return(returns.hazards), np.zeros(len(now))
    if newcomers.empty:
        return
    before = incidence_of_return(returns.newcomers)
    origin, everybody = returns.risk_set.origin, np.ones(len(newcomers), dtype=bool)
    for lag in range(1, n_years):
        hazards, factor = returns.newcomers_joining(origin.year + lag, scenario, everybody)
        after = incidence_of_return(hazards) * factor[:, None]
        yield lag, newcomers, after - before, factor - 1.0
