"""How far sums of individual probabilities are off, as the history of such sums shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.coherence import flow_samples, logit_shift, reconciled_total, shock_spread

#: How many past years speak for the present bias of an origin.
RECENT_YEARS: Final = 3
#: An origin's ratio is shrunk to that of all as if this many returns more were expected.
_PRIOR_RETURNS: Final = 10.0
#: People at the overall rate who stabilise the rates of small cells.
_PRIOR_PEOPLE: Final = 10.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FlowCalibration:
    """What the history of cells says about the next ones.

    Attributes:
        ratio: Recent observed over expected returns by origin, shrunk to that of all.
        overall_ratio: Of all origins together; stands in for origins without a history.
        rate: Recent yearly return rate by origin.
        tau: Spread of the shared shock on the logit scale.
        individual_variance: Of the log of the corrected sum as a forecast.
        aggregate_variance: Of the log of the plain rate as a forecast, chance aside.
    """

    ratio: dict[str, float]
    overall_ratio: float
    rate: dict[str, float]
    overall_rate: float
    tau: float
    individual_variance: float
    aggregate_variance: float

    def rate_of(self, origin_country: str) -> float:
        """Return the recent yearly return rate, or that of all where the origin has no history."""
        return self.rate.get(origin_country, self.overall_rate)

    def shift(self, origin_country: str, probability: Floats) -> float:
        """Return the shift of log-odds under which individuals and their total agree.

        Args:
            origin_country: Country returned to.
            probability: Of return within one year, one per person, as the model gives it.
        """
        n_people = len(probability)
        individual = float(probability.sum()) * self.ratio.get(origin_country, self.overall_ratio)
        aggregate = self.rate_of(origin_country) * n_people
        agreed = reconciled_total(
            individual,
            aggregate,
            individual_variance=self.individual_variance,
            aggregate_variance=self.aggregate_variance + 1 / max(aggregate, 0.5),
        )
        return logit_shift(
            probability, float(np.clip(agreed, 1e-6 * n_people, (1 - 1e-6) * n_people))
        )

    def at_recent_rate(
        self, origin_country: str, n_people: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw the flow of the next year as if the origin's recent rate went on, in persons."""
        rates = np.full(n_people, self.rate_of(origin_country))
        return flow_samples(rates, float(np.sqrt(self.aggregate_variance)), rng)


def calibrate(cells: pd.DataFrame, landmark_year: int) -> FlowCalibration:
    """Learn from the cells before a year how to correct the sums of that year."""
    past = cells[cells["landmark_year"] < landmark_year]
    ratio, overall_ratio, rate, overall_rate = _recent(past, landmark_year)
    tau_individual, tau_aggregate = _past_errors(past)
    return FlowCalibration(
        ratio={str(name): float(value) for name, value in ratio.items()},
        overall_ratio=overall_ratio,
        rate={str(name): float(value) for name, value in rate.items()},
        overall_rate=overall_rate,
        tau=tau_individual,
        individual_variance=tau_individual**2,
        aggregate_variance=tau_aggregate**2,
    )


def _recent(cells: pd.DataFrame, landmark_year: int) -> tuple[pd.Series, float, pd.Series, float]:
    """Observed over expected and yearly rate by origin and of all, over the years just before."""
    year = cells["landmark_year"]
    recent = cells[(year < landmark_year) & (year >= landmark_year - RECENT_YEARS)]
    sums = recent.groupby("origin_country")[["at_risk", "observed", "expected"]].sum()
    total = sums.sum()
    overall_ratio = float((total["observed"] + 1) / (total["expected"] + 1))
    overall_rate = float((total["observed"] + 0.5) / (total["at_risk"] + _PRIOR_PEOPLE))
    ratio = (sums["observed"] + _PRIOR_RETURNS * overall_ratio) / (
        sums["expected"] + _PRIOR_RETURNS
    )
    rate = (sums["observed"] + _PRIOR_PEOPLE * overall_rate) / (sums["at_risk"] + _PRIOR_PEOPLE)
    return ratio, overall_ratio, rate, overall_rate


def _past_errors(past: pd.DataFrame) -> tuple[float, float]:
    """Spread of the corrected sum and of the plain rate, each forecast from the years before."""
    observed, individual, aggregate = [], [], []
    for year in sorted(past["landmark_year"].unique())[1:]:
        ratio, overall_ratio, rate, overall_rate = _recent(past, int(year))
        now = past[past["landmark_year"] == year].set_index("origin_country")
        ratio = ratio.reindex(now.index).fillna(overall_ratio)
        rate = rate.reindex(now.index).fillna(overall_rate)
        observed.append(now["observed"].to_numpy(dtype=float))
        individual.append((now["expected"] * ratio).to_numpy(dtype=float))
        aggregate.append((now["at_risk"] * rate).to_numpy(dtype=float))
    if not observed:
        return shock_spread(np.empty(0), np.empty(0)), shock_spread(np.empty(0), np.empty(0))
    seen = np.concatenate(observed)
    return shock_spread(seen, np.concatenate(individual)), shock_spread(
        seen, np.concatenate(aggregate)
    )
