"""Combinations: the average of several models' quantiles, country by country."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from features.composition import close_logs
from features.panel import Panel
from models.evaluation.quantiles import quantiles
from models.evaluation.scores import weighted_interval_score
from models.shares.protocol import Draws, Forecaster
from talentcast.domain.types import REST_OF_WORLD, Origin

FloatArray = NDArray[np.float64]

#: Past origins that decide on weights, and how far they look ahead.
WEIGHING_ORIGINS: Final = 4
WEIGHING_HORIZONS: Final = (1, 2)
#: Fewest years that a member is asked to learn from when it is weighed.
MIN_TRAINING_YEARS: Final = 8


class Combination:
    """Averages log shares of the same rank over members, and closes (Genest 1992).

    Members are weighed equally, or by the inverse square of their WIS at the latest origins whose
    outcome the panel already holds.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[Callable[[Origin], Forecaster]],
        *,
        weigh_by: Literal["equal", "past_scores"] = "equal",
    ) -> None:
        self.name = name
        self._members = tuple(members)
        self._weigh_by = weigh_by

    def fit(self, panel: Panel) -> Self:
        """Weigh the members, and fit each to the whole panel."""
        self.weights = np.full(len(self._members), 1 / len(self._members))
        if self._weigh_by == "past_scores":
            self.weights = self._weights_from_past(panel)
        self._fitted = [member(panel.origin).fit(panel) for member in self._members]
        return self

    def sample(self, horizons: Sequence[int], n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures; ranks within a world are those of the first member."""
        drawn = [member.sample(horizons, n_draws, rng) for member in self._fitted]
        logs = [np.log(draws.shares) for draws in drawn]
        ordered = [np.sort(values, axis=1) for values in logs]
        average = np.tensordot(self.weights, np.array(ordered), 1)
        ranks = logs[0].argsort(axis=1).argsort(axis=1)
        shares = close_logs(np.take_along_axis(average, ranks, axis=1))
        return Draws(drawn[0].countries, drawn[0].origin, tuple(horizons), shares)

    def _weights_from_past(self, panel: Panel) -> FloatArray:
        first_year = int(panel.counts.index[0])
        latest = panel.origin.year - max(WEIGHING_HORIZONS)
        years = [
            year
            for year in range(latest, latest - WEIGHING_ORIGINS, -1)
            if year - first_year + 1 >= MIN_TRAINING_YEARS
        ]
        if not years:
            return self.weights
        losses = np.array(
            [
                np.mean([_past_loss(member, panel, Origin(year)) for year in years])
                for member in self._members
            ]
        )
        inverse = 1 / losses**2
        return np.asarray(inverse / inverse.sum())


def _past_loss(member: Callable[[Origin], Forecaster], panel: Panel, origin: Origin) -> float:
    """Return mean WIS of log share over countries, at an origin whose outcome is known."""
    rng = np.random.default_rng(origin.year)
    draws = member(origin).fit(panel.until(origin)).sample(WEIGHING_HORIZONS, 200, rng)
    target_years = [origin.year + horizon for horizon in WEIGHING_HORIZONS]
    truth = np.log(panel.shares().loc[target_years].to_numpy(dtype=np.float64))
    predicted = np.log(np.moveaxis(quantiles(draws.shares, axis=1), 1, 0))
    own = [place for place, name in enumerate(draws.countries) if name != REST_OF_WORLD]
    return float(np.nanmean(weighted_interval_score(predicted, truth)[:, own]))
