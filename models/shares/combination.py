"""Combinations: the average of several models' quantiles, country by country."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.composition import close_logs
from features.panel import Panel
from models.shares.protocol import Draws, FittedForecaster, Forecaster


class Combination:
    """Averages log shares of the same rank over members, equally, and closes (Genest 1992)."""

    def __init__(self, name: str, members: Sequence[Forecaster]) -> None:
        self.name = name
        self._members = tuple(members)

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Fit each member to the whole panel."""
        return _FittedCombination(tuple(member.fit(panel, horizons) for member in self._members))


@dataclass(frozen=True, eq=False)
class _FittedCombination:
    members: tuple[FittedForecaster, ...]

    @property
    def fallbacks(self) -> Mapping[str, str] | None:
        """Series that a member could not fit."""
        known = [member.fallbacks for member in self.members if member.fallbacks is not None]
        return {name: why for one in known for name, why in one.items()} if known else None

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures; ranks within a draw are those of the first member."""
        drawn = [member.sample(n_draws, rng) for member in self.members]
        logs = [np.log(draws.shares) for draws in drawn]
        ordered = [np.sort(values, axis=1) for values in logs]
        average = np.tensordot(np.full(len(logs), 1 / len(logs)), np.array(ordered), 1)
        ranks = logs[0].argsort(axis=1).argsort(axis=1)
        return replace(drawn[0], shares=close_logs(np.take_along_axis(average, ranks, axis=1)))
