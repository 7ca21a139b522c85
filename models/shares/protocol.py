"""What every forecaster takes and gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel
from talentcast.domain.types import Origin


@dataclass(frozen=True, eq=False)
class Draws:
    """Joint samples of a composition: one draw is one possible future.

    Attributes:
        countries: Parts, in the order of the last axis.
        horizons: Years ahead, in the order of the first axis.
        shares: Shape (n_horizons, n_draws, n_countries). Every row sums to 1; draw number i is the
            same future at every horizon.
    """

    countries: tuple[str, ...]
    origin: Origin
    horizons: tuple[int, ...]
    shares: NDArray[np.float64]


class FittedForecaster(Protocol):
    """A model that has learned from one panel, for stated horizons."""

    @property
    def fallbacks(self) -> Mapping[str, str] | None:
        """Why a country is forecast by drift instead; None for a model that always fits."""
        ...

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures. The same generator state gives the same draws."""
        ...


class Forecaster(Protocol):
    """A model of shares. Ships beside baselines that it must beat."""

    name: str

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Learn from every year of the panel; the last one is the forecast origin.

        The model itself does not change: what was learned is in the result.
        """
        ...
