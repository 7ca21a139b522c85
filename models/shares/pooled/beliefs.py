"""Ways to expect a small panel to go on, and the errors each of them made in the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.shares.pooled.common import CommonParameters, PooledSettings, learn_parameters
from models.shares.pooled.direct import FIRST_ORIGIN
from models.shares.pooled.distribution import volatility_features
from models.shares.pooled.every_year import forecasts_of_every_year, noise_of_every_year
from models.shares.pooled.history import History
from models.shares.pooled.noise_scale import learn_noise_prior
from models.shares.pooled.trend import TrendSettings

FloatArray = NDArray[np.float64]

#: Nothing changes: a level that is smoothed as far as small panels advise.
LEVEL: Final = TrendSettings(
    level_rates=(0.15, 0.3, 0.5, 0.75, 1.0),
    growth_rates=(0.0,),
    dampings=(0.0,),
    target_weights=(0.0,),
)
#: The panel's own trend goes on, undamped or towards its own mean growth.
OWN_TREND: Final = TrendSettings(
    level_rates=(0.3, 0.6, 1.0),
    growth_rates=(0.05, 0.15, 0.4),
    dampings=(0.7, 1.0),
    target_weights=(1.0,),
)


@dataclass(frozen=True, eq=False)
class Belief:
    """A way to go on: a family of trends, and what other panels have taught about it."""

    name: str
    settings: PooledSettings
    common: CommonParameters


def learn_beliefs(
    cuts: History, reference: History, settings: PooledSettings, *, n_horizons: int
) -> tuple[Belief, ...]:
    """Return what the large panel believes, and what small panels teach about the other three."""
    noise = learn_noise_prior(cuts)
    own = {"level": LEVEL, "own trend": OWN_TREND}
    taught = {name: PooledSettings(trend=trend, direct=None) for name, trend in own.items()}
    beliefs = [
        Belief(name, how, learn_parameters(cuts, how, n_horizons=n_horizons, noise=noise))
        for name, how in (taught | {"small panels": settings}).items()
    ]
    of_large = learn_parameters(reference, settings, n_horizons=n_horizons)
    return (*beliefs, Belief("large panel", settings, of_large))


@dataclass(frozen=True, eq=False)
class Expected:
    """What every belief expects from every year, and how wrong it was.

    Attributes:
        mean: Shape (n_beliefs, n_horizons, n_parts), log shares from the last year.
        errors: Shape (n_beliefs, n_horizons, n_years, n_parts); NaN where there is none.
        features: Shape (n_years, n_parts, n_features), as they stand in each year.
    """

    mean: FloatArray
    errors: FloatArray
    features: FloatArray


def expect(
    history: History, beliefs: Sequence[Belief], *, n_horizons: int, first: int = FIRST_ORIGIN
) -> Expected:
    """Forecast from every year, and set what came beside it.

    Args:
        history: Of one panel, or of several side by side.
        beliefs: Ways to go on.
        n_horizons: Years ahead.
        first: Position of the first year that is forecast from.
    """
    noise = {id(b.common.noise): b.common.noise for b in beliefs}
    scales = {name: noise_of_every_year(history, prior) for name, prior in noise.items()}
    means = np.stack(
        [
            forecasts_of_every_year(
                belief.common,
                history,
                scales[id(belief.common.noise)],
                belief.settings,
                n_horizons=n_horizons,
            )
            for belief in beliefs
        ]
    )
    errors = np.full(means.shape, np.nan)
    for horizon in range(1, min(n_horizons, history.n_years - 1) + 1):
        seen = history.is_seen[horizon:] & history.is_seen[:-horizon]
        actual = np.where(seen, history.log_shares[horizon:], np.nan)
        errors[:, horizon - 1, :-horizon] = actual - means[:, horizon - 1, :-horizon]
    errors[:, :, :first] = np.nan
    return Expected(means[:, :, -1], errors, volatility_features(history))
