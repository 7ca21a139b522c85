"""Flows of returning researchers: sums of individual probabilities that have learned from the past.

A cell is one origin country in one year. For past years the model is refitted on what was known
then and its sum of probabilities is set beside the returns observed a year later. That history
says how far such sums are off, for each origin and lately; how strong the shocks are that all
people of a cell share; and how much to trust the sum against the plain recent rate of the cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.career_records import CareerRecords
from features.landmarks import landmark_table
from features.person_period import Exit, with_outcomes
from models.coherence import (
    flow_samples,
    logit_shift,
    reconciled_total,
    shifted,
    shock_spread,
)
from models.returns.model.blend import fit_blend
from models.returns.model.incidence import cumulative_incidence
from models.returns.model.members import Training
from models.returns.model.return_model import MIN_RETURNS
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Origin

#: How many past years speak for the present bias of an origin.
RECENT_YEARS: Final = 3
#: An origin's ratio is shrunk to that of all as if this many returns more were expected.
_PRIOR_RETURNS: Final = 10.0
#: People at the overall rate who steady the rates of small cells.
_PRIOR_PEOPLE: Final = 10.0
#: Years of history before the spread of shocks can be told.
_MIN_HISTORY_YEARS: Final = 3
_TRAINING_ROWS: Final = 5_000
_FOREST_COST: Final = 120_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReturnFlow:
    """Returns to one origin country in the year after the landmark.

    Attributes:
        probability: One per researcher abroad, after reconciliation; their sum is the mean.
        delta: Shift of the log-odds that reconciled them.
        samples: Shape (n_draws,), in persons.
    """

    origin_country: str
    landmark_year: int
    micro: float
    macro: float
    probability: Floats
    delta: float
    samples: NDArray[np.int64]

    @property
    def expected(self) -> float:
        """Mean of the flow, in persons."""
        return float(self.probability.sum())


@dataclass(frozen=True, slots=True)
class FlowCalibration:
    """What the history of cells says about the next ones.

    Attributes:
        ratio: Recent observed over expected returns by origin, shrunk to that of all.
        overall_ratio: Of all origins together; stands in for origins without a history.
        rate: Recent yearly return rate by origin.
        tau: Spread of the shared shock on the logit scale.
        micro_variance: Of the log of the corrected sum as a forecast.
        macro_variance: Of the log of the plain rate as a forecast, chance aside.
    """

    ratio: dict[str, float]
    overall_ratio: float
    rate: dict[str, float]
    overall_rate: float
    tau: float
    micro_variance: float
    macro_variance: float

    def totals(self, origin_country: str, probability: Floats) -> tuple[float, float, float]:
        """Return the corrected sum, the plain rate's forecast and what both agree on."""
        n_people = len(probability)
        micro = float(probability.sum()) * self.ratio.get(origin_country, self.overall_ratio)
        macro = self.rate.get(origin_country, self.overall_rate) * n_people
        agreed = reconciled_total(
            micro,
            macro,
            micro_variance=self.micro_variance,
            macro_variance=self.macro_variance + 1 / max(macro, 0.5),
        )
        return micro, macro, float(np.clip(agreed, 1e-6 * n_people, (1 - 1e-6) * n_people))

    def at_recent_rate(
        self, origin_country: str, n_people: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw the flow of the next year as if the origin's recent rate went on, in persons."""
        rate = self.rate.get(origin_country, self.overall_rate)
        return flow_samples(np.full(n_people, rate), float(np.sqrt(self.macro_variance)), rng)


@dataclass(frozen=True, eq=False)
class PastFlow:
    """A flow forecast from its past, and what was counted a year later.

    Attributes:
        at_recent_rate: Samples of the baseline: the origin's recent yearly rate goes on.
        observed: Persons who were seen to return.
    """

    flow: ReturnFlow
    at_recent_rate: NDArray[np.int64]
    observed: int


def past_cells(
    records: CareerRecords, landmark_years: Sequence[int], *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Refit at each past year and predict the returns of the next one.

    Years before the model has enough returns to learn from are left out.

    Returns:
        People: `researcher_id`, `origin_country`, `landmark_year`, `probability`, `is_return`
        (observed at origin in the next year); and cells: `origin_country`, `landmark_year`,
        `at_risk`, `observed`, `expected`.
    """
    last_year = int(records.careers["year"].max())
    if max(landmark_years) >= last_year:
        raise UsageError(f"Returns after {max(landmark_years)} are not seen by {last_year}.")
    parts = []
    for year in landmark_years:
        known = records.known_by(Origin(year))
        table = with_outcomes(landmark_table(known), known.careers)
        train = table[table["landmark_year"] < year].reset_index(drop=True)
        if (train["exit"] == Exit.RETURN).sum() < MIN_RETURNS:
            continue
        now = table.loc[table["landmark_year"] == year]
        seen = records.known_by(Origin(year + 1))
        now = with_outcomes(now.reset_index(drop=True), seen.careers)
        training = Training.of(train, np.random.default_rng(seed), max_rows=_TRAINING_ROWS)
        blend = fit_blend(training, seed=seed, forest_cost=_FOREST_COST)
        chances = cumulative_incidence(blend.hazards(now))[:, 0, 0]
        is_return = (now["exit"] == Exit.RETURN) & (now["followed_years"] == 1)
        columns = ["researcher_id", "origin_country", "landmark_year"]
        parts.append(now[columns].assign(probability=chances, is_return=is_return))
    if not parts:
        raise UsageError("No past year has enough returns to learn flows from.")
    people = pd.concat(parts, ignore_index=True)
    cells = people.groupby(["origin_country", "landmark_year"], as_index=False).agg(
        at_risk=("probability", "size"),
        observed=("is_return", "sum"),
        expected=("probability", "sum"),
    )
    return people, cells


def calibrate(cells: pd.DataFrame, landmark_year: int) -> FlowCalibration:
    """Learn from the cells before a year how to correct the sums of that year."""
    past = cells[cells["landmark_year"] < landmark_year]
    ratio, overall_ratio, rate, overall_rate = _recent(past, landmark_year)
    tau_micro, tau_macro = _past_errors(past)
    return FlowCalibration(
        ratio={str(name): float(value) for name, value in ratio.items()},
        overall_ratio=overall_ratio,
        rate={str(name): float(value) for name, value in rate.items()},
        overall_rate=overall_rate,
        tau=tau_micro,
        micro_variance=tau_micro**2,
        macro_variance=tau_macro**2,
    )


def forecast_flow(
    origin_country: str,
    landmark_year: int,
    probability: Floats,
    calibration: FlowCalibration,
    rng: np.random.Generator,
    *,
    n_draws: int = 2000,
) -> ReturnFlow:
    """Return the flow of the next year: individuals and total agree by one shift.

    Args:
        origin_country: Country returned to.
        landmark_year: Year in which the people are observed abroad.
        probability: Of return within one year, one per person, as the model gives it.
        calibration: From `calibrate`.
        rng: Source of the samples.
        n_draws: Number of samples.
    """
    micro, macro, agreed = calibration.totals(origin_country, probability)
    delta = logit_shift(probability, agreed)
    reconciled = shifted(probability, delta)
    samples = flow_samples(reconciled, calibration.tau, rng, n_draws=n_draws)
    return ReturnFlow(origin_country, landmark_year, micro, macro, reconciled, delta, samples)


def past_flows(
    people: pd.DataFrame,
    cells: pd.DataFrame,
    rng: np.random.Generator,
    *,
    min_at_risk: int = 40,
    skip_years: int = _MIN_HISTORY_YEARS + 1,
) -> Iterator[PastFlow]:
    """Forecast each past cell from the cells before it, and set what happened beside it.

    Args:
        people: From `past_cells`.
        cells: From `past_cells`.
        rng: Source of the samples.
        min_at_risk: Smaller cells are left out.
        skip_years: First years of the history, which serve to calibrate the others.
    """
    large = cells[cells["at_risk"] >= min_at_risk]
    for year in sorted(cells["landmark_year"].unique())[skip_years:]:
        calibration = calibrate(large, int(year))
        for cell in large[large["landmark_year"] == year].itertuples():
            is_member = (people["landmark_year"] == year) & (
                people["origin_country"] == cell.origin_country
            )
            chances = people.loc[is_member, "probability"].to_numpy(dtype=float)
            name = str(cell.origin_country)
            yield PastFlow(
                flow=forecast_flow(name, int(year), chances, calibration, rng),
                at_recent_rate=calibration.at_recent_rate(name, len(chances), rng),
                observed=int(str(cell.observed)),
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
    observed, micro, macro = [], [], []
    for year in sorted(past["landmark_year"].unique())[1:]:
        ratio, overall_ratio, rate, overall_rate = _recent(past, int(year))
        now = past[past["landmark_year"] == year].set_index("origin_country")
        ratio = ratio.reindex(now.index).fillna(overall_ratio)
        rate = rate.reindex(now.index).fillna(overall_rate)
        observed.append(now["observed"].to_numpy(dtype=float))
        micro.append((now["expected"] * ratio).to_numpy(dtype=float))
        macro.append((now["at_risk"] * rate).to_numpy(dtype=float))
    if not observed:
        return shock_spread(np.empty(0), np.empty(0)), shock_spread(np.empty(0), np.empty(0))
    seen = np.concatenate(observed)
    return shock_spread(seen, np.concatenate(micro)), shock_spread(seen, np.concatenate(macro))
