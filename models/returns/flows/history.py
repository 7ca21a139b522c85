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

from features.career_records import Mapper
from features.person_period import Exit
from models.coherence import flow_samples, shifted
from models.returns.flows.calibration import calibrate
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.blend import fit_blend
from models.returns.model.incidence import incidence_of_return
from models.returns.model.members import Training
from models.returns.model.return_model import MIN_RETURNS
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Origin

#: Years of history before the spread of shocks can be told.
_MIN_HISTORY_YEARS: Final = 3
_TRAINING_ROWS: Final = 5_000
_FOREST_COST: Final = 120_000


@dataclass(frozen=True, eq=False)
class FlowHistory:
    """Forecasts of the past, each from what was known then, and what was seen a year later.

    Attributes:
        people: `researcher_id`, `origin_country`, `landmark_year`, `probability`, `is_return`
            (observed at origin in the next year).
        cells: `origin_country`, `landmark_year`, `at_risk`, `observed`, `expected`.
    """

    people: pd.DataFrame
    cells: pd.DataFrame

    @classmethod
    def of(
        cls,
        history: LandmarkHistory,
        landmark_years: Sequence[int],
        *,
        seed: int,
        mapper: Mapper = map,
    ) -> FlowHistory:
        """Refit at each past year and predict the returns of the next one.

        Years before the model has enough returns to learn from are left out. The mapper works on
        the years.

        Raises:
            UsageError: If the records end too early, or no year has enough returns.
        """
        if max(landmark_years) >= history.last_year:
            raise UsageError(
                f"Returns after {max(landmark_years)} are not seen by {history.last_year}."
            )
        past = (_Past.of(history, year, seed) for year in landmark_years)
        parts = [part for part in history.fitted_by(mapper)(_predicted, past) if part is not None]
        if not parts:
            raise UsageError("No past year has enough returns to learn flows from.")
        people = pd.concat(parts, ignore_index=True)
        cells = people.groupby(["origin_country", "landmark_year"], as_index=False).agg(
            at_risk=("probability", "size"),
            observed=("is_return", "sum"),
            expected=("probability", "sum"),
        )
        return cls(people, cells)


@dataclass(frozen=True, eq=False)
class PastFlow:
    """Returns to one origin country, forecast from their past and counted a year later.

    Attributes:
        expected: Mean of the forecast, in persons.
        samples: Of the forecast, in persons.
        expected_at_recent_rate: Of the baseline: the origin's recent yearly rate goes on.
        at_recent_rate: Samples of the baseline.
        observed: Persons who were seen to return.
    """

    origin_country: str
    landmark_year: int
    expected: float
    samples: NDArray[np.int64]
    expected_at_recent_rate: float
    at_recent_rate: NDArray[np.int64]
    observed: int


def past_flows(
    history: FlowHistory,
    rng: np.random.Generator,
    *,
    min_at_risk: int = 40,
    skip_years: int = _MIN_HISTORY_YEARS + 1,
) -> Iterator[PastFlow]:
    """Forecast each past cell from the cells before it, and set what happened beside it.

    Args:
        history: Cells, and the probabilities that they are sums of.
        rng: Source of the samples.
        min_at_risk: Smaller cells are left out.
        skip_years: First years of the history, which serve to calibrate the others.
    """
    people, cells = history.people, history.cells
    large = cells[cells["at_risk"] >= min_at_risk]
    for year in sorted(cells["landmark_year"].unique())[skip_years:]:
        calibration = calibrate(large, int(year))
        for cell in large[large["landmark_year"] == year].itertuples():
            is_member = (people["landmark_year"] == year) & (
                people["origin_country"] == cell.origin_country
            )
            chances = people.loc[is_member, "probability"].to_numpy(dtype=float)
            name = str(cell.origin_country)
            reconciled = shifted(chances, calibration.shift(name, chances))
            yield PastFlow(
                name,
                int(year),
                expected=float(reconciled.sum()),
                samples=flow_samples(reconciled, calibration.tau, rng),
                expected_at_recent_rate=calibration.rate_of(name) * len(chances),
                at_recent_rate=calibration.at_recent_rate(name, len(chances), rng),
                observed=int(str(cell.observed)),
            )


@dataclass(frozen=True, eq=False)
class _Past:
    """What was known in a year, and who was abroad then."""

    known: pd.DataFrame
    abroad: pd.DataFrame
    seed: int

    @classmethod
    def of(cls, history: LandmarkHistory, year: int, seed: int) -> _Past:
        abroad = history.everybody[history.everybody["landmark_year"] == year]
        return cls(history.before(Origin(year)), abroad.reset_index(drop=True), seed)


def _predicted(past: _Past) -> pd.DataFrame | None:
    """Return the people of one year with what was predicted for them and what came."""
    known, seed = past.known, past.seed
    if (known["exit"] == Exit.RETURN).sum() < MIN_RETURNS:
        return None
    training = Training.of(known, np.random.default_rng(seed), max_rows=_TRAINING_ROWS)
    blend = fit_blend(training, seed=seed, forest_cost=_FOREST_COST)
    chances = incidence_of_return(blend.hazards(past.abroad))[:, 0]
    columns = ["researcher_id", "origin_country", "landmark_year", "is_return"]
    return past.abroad[columns].assign(probability=chances)
