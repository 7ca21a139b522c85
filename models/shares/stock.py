"""The total stock of researchers, which turns shares into persons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel
from models.shares.protocol import Draws, FittedForecaster
from models.shares.sampling import stratified_normals

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StockSettings:
    """How the total is carried on.

    Attributes:
        damping: Factor by which growth shrinks each year; 1 keeps it for ever.
        growth_decay: Weight of a yearly growth against that of the year after it.
        spread_years: Latest growths whose changes tell how volatile growth is.
        spread_floor: Smallest yearly standard deviation of log total that is believed.
    """

    damping: float = 0.9
    growth_decay: float = 0.6
    spread_years: int = 10
    spread_floor: float = 0.004


def sample_totals(
    panel: Panel,
    horizons: Sequence[int],
    *,
    n_draws: int,
    rng: np.random.Generator,
    settings: StockSettings | None = None,
) -> FloatArray:
    """Draw total stocks from a damped trend of the log total (Gardner and McKenzie 1985).

    Growth is an exponentially weighted mean of past growths; errors of growth are integrated, so
    that variance after h years is the sum of squares of 1 to h.

    Returns:
        Shape (n_horizons, n_draws), in persons.
    """
    settings = settings or StockSettings()
    log_totals = np.log(panel.totals().dropna().to_numpy(dtype=np.float64))
    years = panel.totals().dropna().index.to_numpy(dtype=np.int64)
    growth = np.diff(log_totals) / np.diff(years)
    weights = settings.growth_decay ** np.arange(len(growth))[::-1]
    current = float(weights @ growth / weights.sum())
    changes = np.diff(growth[-settings.spread_years :])
    spread = float(np.sqrt(np.mean(changes**2))) if len(changes) else abs(current)
    spread = max(spread, settings.spread_floor)
    normals = stratified_normals(n_draws, 1, rng)[:, 0]
    # Totals may end before the shares do, when the last year is missing.
    ahead = np.asarray(horizons) + panel.origin.year - int(years[-1])
    damped = np.array([(settings.damping ** np.arange(1, h + 1)).sum() for h in ahead])
    widths = np.array([np.sqrt((np.arange(1, h + 1) ** 2).sum()) for h in ahead])
    logs = log_totals[-1] + (current * damped)[:, None] + (spread * widths)[:, None] * normals
    return np.asarray(np.exp(logs))


@dataclass(frozen=True, eq=False)
class StockDraws:
    """Joint draws of shares, and of the stocks that they are shares of.

    Attributes:
        stocks: Shape (n_horizons, n_draws, n_countries), in persons.
    """

    draws: Draws
    stocks: FloatArray

    def at(self, horizons: Sequence[int]) -> StockDraws:
        """Return some of the horizons, in the order that is asked for."""
        places = [self.draws.horizons.index(horizon) for horizon in horizons]
        shares = self.draws.shares[places]
        draws = replace(self.draws, horizons=tuple(horizons), shares=shares)
        return StockDraws(draws, self.stocks[places])


def sample_stocks(
    fitted: FittedForecaster, panel: Panel, *, n_draws: int, rng: np.random.Generator
) -> StockDraws:
    """Draw shares, then totals for the same futures.

    Args:
        fitted: To the panel.
        panel: Its totals are carried on.
        n_draws: Number of joint draws.
        rng: Source of both.
    """
    draws = fitted.sample(n_draws, rng)
    totals = sample_totals(panel, draws.horizons, n_draws=n_draws, rng=rng)
    return StockDraws(draws, draws.shares * totals[:, :, None])
