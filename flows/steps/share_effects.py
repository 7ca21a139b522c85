"""What a scenario about people does to the shares of countries."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from features.panel import Panel
from flows.steps.returns import ReturnRelease
from models.returns.flows.stock_changes import stock_changes
from models.scenarios import Scenario


def share_changes(
    returns: ReturnRelease, panel: Panel, scenario: Scenario, *, horizons: Sequence[int]
) -> pd.DataFrame:
    """Return the relative change of each country's stock under a scenario.

    Args:
        returns: Who is abroad at the panel's origin, and how likely each returns.
        panel: Counts of the same people by country.
        scenario: What changes.
        horizons: Years ahead. People are followed for five years; from then on the change stays.

    Returns:
        Index: horizons; columns: countries, for `models.scenarios.changed_draws`.
    """
    stocks = panel.carried_forward().iloc[-1]
    change = stock_changes(returns.returns, stocks, scenario)
    return change.reindex(list(horizons)).ffill()
