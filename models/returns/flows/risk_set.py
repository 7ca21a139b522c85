"""Who may return: people abroad at the forecast origin, and those who will join them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.returns.model.incidence import Hazards, incidence_of_return, returns_by_year
from models.returns.model.members import STEPS
from models.returns.model.return_model import ReturnModel
from models.scenarios import Scenario, changed_hazards, inflow_factor
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Origin

#: New emigrants of this many years stand for those to come.
TEMPLATE_YEARS: Final = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RiskSet:
    """Who is abroad at the forecast origin, and who went lately.

    Attributes:
        origin: The last year with records.
        landmarks: Landmarks of that year.
        newcomers: Landmarks of the first year abroad, of the last `TEMPLATE_YEARS` years.
    """

    origin: Origin
    landmarks: pd.DataFrame
    newcomers: pd.DataFrame

    @classmethod
    def at(cls, landmarks: pd.DataFrame, origin: Origin) -> RiskSet:
        """Choose from all landmarks up to a year.

        Raises:
            UsageError: If nobody is abroad in that year.
        """
        year = landmarks["landmark_year"]
        is_new = (landmarks["spell_years_observed"] == 1) & year.between(
            origin.year - TEMPLATE_YEARS + 1, origin.year
        )
        now = landmarks[year == origin.year].reset_index(drop=True)
        if now.empty:
            raise UsageError(f"Nobody is observed abroad in {origin.year}. Choose an earlier year.")
        return cls(
            origin,
            now,
            landmarks[is_new].reset_index(drop=True),
        )


@dataclass(frozen=True, eq=False)
class ExpectedReturns:
    """A risk set with the hazards that a model gives it: asked for once, changed by scenarios.

    Attributes:
        hazards: Of people abroad.
        before_drift: Those of moves, without the model's correction for drift: the first year's
            flow is corrected by the history of such forecasts.
        newcomers: Of newcomers, as of their first year abroad.
    """

    risk_set: RiskSet
    hazards: Hazards
    before_drift: Hazards
    newcomers: Hazards

    @classmethod
    def of(cls, model: ReturnModel, risk_set: RiskSet) -> ExpectedReturns:
        """Ask a fitted model."""
        before_drift = model.hazards_before_drift(risk_set.landmarks)
        return cls(
            risk_set,
            model.as_seen(model.drift.shift(before_drift)),
            before_drift,
            model.hazards(risk_set.newcomers),
        )

    def within(self, horizons: Sequence[int]) -> pd.DataFrame:
        """Return the probability of having returned within so many years, one column for each."""
        incidence = incidence_of_return(self.hazards)
        return pd.DataFrame({years: incidence[:, years - 1] for years in horizons})

    def under(self, scenario: Scenario) -> ExpectedReturns:
        """Change the hazards of people abroad; those of newcomers depend on when they join."""
        landmarks = self.risk_set.landmarks
        return replace(
            self,
            hazards=changed_hazards(scenario, landmarks, self.hazards),
            before_drift=changed_hazards(scenario, landmarks, self.before_drift),
        )

    def newcomers_joining(
        self, year: int, scenario: Scenario, chosen: NDArray[np.bool_]
    ) -> tuple[Hazards, Floats]:
        """Return hazards, under a scenario, of those who join in a year, and their number.

        The number is relative to those who joined of late.

        Args:
            year: When they join.
            scenario: What is changed.
            chosen: Which newcomers to look at.
        """
        people = self.risk_set.newcomers[chosen].assign(landmark_year=year)
        hazards = changed_hazards(scenario, people, self.newcomers[chosen])
        return hazards, inflow_factor(scenario, people, year)

    def returns_of_newcomers(self, rows: NDArray[np.int64], scenario: Scenario) -> list[float]:
        """Return expected returns, 1, 2, ... years ahead, of people who will only leave until then.

        Args:
            rows: People abroad, whose origins are meant.
            scenario: What is changed.
        """
        newcomers = self.risk_set.newcomers
        origins = set(self.risk_set.landmarks["origin_country"].iloc[rows])
        chosen = newcomers["origin_country"].isin(origins).to_numpy()
        expected = [0.0] * STEPS
        if not chosen.any():
            return expected
        last = int(newcomers["landmark_year"][chosen].max())
        for lag in range(1, STEPS):
            hazards, factor = self.newcomers_joining(last + lag, scenario, chosen)
            yearly = returns_by_year(hazards)
            for horizon in range(lag + 1, STEPS + 1):
                joined = float(factor @ yearly[:, horizon - lag - 1])
                expected[horizon - 1] += joined / TEMPLATE_YEARS
        return expected
