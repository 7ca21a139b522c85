"""Combinations: the average of several models' quantiles, country by country."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from features.composition import close_logs
from features.panel import Panel
from models.shares.protocol import Draws, Forecaster


class Combination:
    """Averages log shares of the same rank over members, equally, and closes (Genest 1992)."""

    def __init__(self, name: str, members: Sequence[Forecaster]) -> None:
        self.name = name
        self._members = tuple(members)

    def fit(self, panel: Panel) -> Self:
        """Fit each member to the whole panel."""
        self._fitted = [member.fit(panel) for member in self._members]
        return self

    def sample(self, horizons: Sequence[int], n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures; ranks within a joint draw are those of the first member."""
        drawn = [member.sample(horizons, n_draws, rng) for member in self._fitted]
        logs = [np.log(draws.shares) for draws in drawn]
        ordered = [np.sort(values, axis=1) for values in logs]
        average = np.tensordot(np.full(len(logs), 1 / len(logs)), np.array(ordered), 1)
        ranks = logs[0].argsort(axis=1).argsort(axis=1)
        shares = close_logs(np.take_along_axis(average, ranks, axis=1))
        return Draws(drawn[0].countries, drawn[0].origin, tuple(horizons), shares)
