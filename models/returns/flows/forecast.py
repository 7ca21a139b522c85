"""Return flows of the coming years, from people abroad now and those who will join them.

The flow of the first year is corrected by the history of such forecasts. No history exists for
later years: they take the model's own correction for drift, and their shocks add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.person_period import Exit
from models.coherence import flow_quantiles, flow_samples, logit_shift, shifted
from models.returns.flows.history import FlowCalibration
from models.returns.model.incidence import Hazards, cumulative_incidence
from models.returns.model.return_model import ReturnModel
from models.scenarios import Scenario, changed_hazards, inflow_factor
from talentcast.domain.types import BASELINE, PUBLISHED_SAMPLES, QUANTILE_LEVELS, OutputType, Target
from talentcast.privacy.disclosure import DEFAULT, Protection, pooled_origins

#: New emigrants of this many years stand for those to come.
TEMPLATE_YEARS = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RiskSet:
    """Who is abroad at the forecast origin, and who went lately.

    Attributes:
        landmarks: Landmarks of the last year.
        newcomers: Landmarks of the first year abroad, of the last `TEMPLATE_YEARS` years.
    """

    landmarks: pd.DataFrame
    newcomers: pd.DataFrame

    @classmethod
    def at(cls, landmarks: pd.DataFrame, year: int) -> RiskSet:
        """Choose from all landmarks up to a year."""
        is_new = (landmarks["spell_years_observed"] == 1) & landmarks["landmark_year"].between(
            year - TEMPLATE_YEARS + 1, year
        )
        return cls(
            landmarks[landmarks["landmark_year"] == year].reset_index(drop=True),
            landmarks[is_new].reset_index(drop=True),
        )


@dataclass(frozen=True, eq=False)
class OriginFlow:
    """Returns to one origin country in one coming year; `samples` and `expected` in persons."""

    origin_country: str
    horizon_years: int
    expected: float
    samples: NDArray[np.int64]


def forecast_return_flows(
    model: ReturnModel,
    abroad: RiskSet,
    calibration: FlowCalibration,
    rng: np.random.Generator,
    *,
    horizons: Sequence[int] = (1, 2, 3, 4, 5),
    scenario: Scenario | None = None,
    protection: Protection = DEFAULT,
) -> list[OriginFlow]:
    """Return one flow per origin and horizon; origins with too few people are pooled as `ROW`.

    Args:
        model: Fitted on what is known by the forecast origin.
        abroad: Who is abroad then.
        calibration: From the history of one-year forecasts.
        rng: Source of the samples.
        horizons: In years.
        scenario: Changed assumptions; none for the baseline.
        protection: Smallest number of people abroad that an origin is shown for.
    """
    base = model.hazards(abroad.landmarks)
    uncorrected = _without_drift(model, abroad.landmarks)
    later = model.hazards(abroad.newcomers)
    if scenario is not None:
        base = changed_hazards(scenario, abroad.landmarks, base)
        uncorrected = changed_hazards(scenario, abroad.landmarks, uncorrected)
    yearly = _yearly_returns(base)
    first = cumulative_incidence(uncorrected)[:, 0, 0]
    found = []
    for name, rows in pooled_origins(abroad.landmarks["origin_country"], protection).items():
        is_new = _of_origins(abroad.newcomers, abroad.landmarks["origin_country"].iloc[rows])
        delta = _first_year_shift(model, name, abroad.landmarks, rows, calibration)
        for horizon in horizons:
            chances = yearly[rows, horizon - 1]
            if horizon == 1:
                chances = shifted(first[rows], delta)
            joined = _newcomers(abroad.newcomers[is_new], later[is_new], horizon, scenario)
            samples = flow_samples(
                chances, calibration.tau * np.sqrt(horizon), rng, newcomers=joined
            )
            found.append(OriginFlow(name, horizon, float(chances.sum()) + joined, samples))
    return found


def flow_rows(
    flows: Sequence[OriginFlow],
    *,
    origin_year: int,
    population: str,
    source: str,
    model: str,
    rng: np.random.Generator,
    scenario: str = BASELINE,
    with_samples: bool = True,
) -> pd.DataFrame:
    """Return `forecasts` rows of target `return_flow`, without `release_id`; whole persons.

    Args:
        flows: From `forecast_return_flows`.
        origin_year: Last year whose records were used.
        population: Who is counted.
        source: Who counted.
        model: Name of the model.
        rng: Smooths the quantiles of small counts.
        scenario: Name of the scenario.
        with_samples: Add joint samples; of the default model only.
    """
    parts = []
    for flow in flows:
        quantiles = np.round(flow_quantiles(flow.samples, QUANTILE_LEVELS, rng))
        values: list[tuple[str, float, float]] = [
            (OutputType.QUANTILE.value, level, value)
            for level, value in zip(QUANTILE_LEVELS, quantiles, strict=True)
        ]
        median = float(np.median(flow.samples))
        values.append((OutputType.MEDIAN.value, np.nan, float(np.round(median))))
        values.append((OutputType.MEAN.value, np.nan, float(np.round(flow.expected))))
        if with_samples:
            values += [
                (OutputType.SAMPLE.value, float(number), float(value))
                for number, value in enumerate(flow.samples[:PUBLISHED_SAMPLES])
            ]
        rows = pd.DataFrame(values, columns=["output_type", "output_type_id", "value"])
        parts.append(rows.assign(country=flow.origin_country, horizon_years=flow.horizon_years))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(
        target=Target.RETURN_FLOW.value,
        population=population,
        counting_rule="modal_country",
        source=source,
        scenario=scenario,
        model=model,
        origin_year=origin_year,
        target_year=origin_year + table["horizon_years"],
    )


def stock_changes(
    model: ReturnModel, abroad: RiskSet, stocks: pd.Series, scenario: Scenario, *, n_years: int = 5
) -> pd.DataFrame:
    """Return by how much a scenario changes the stock of each country.

    Every further return moves one person from the host's stock to the origin's.

    Args:
        model: Fitted model.
        abroad: Who is abroad at the forecast origin.
        stocks: Researchers present by country at the forecast origin, in persons.
        scenario: What changes.
        n_years: Longest horizon, up to 5.

    Returns:
        Index: horizon in years; columns: countries; values: relative change of the stock, for
        `models.scenarios.changed_shares`.
    """
    change = np.zeros((n_years, len(stocks)))
    countries = pd.Index(stocks.index)
    groups = [(abroad.landmarks, 0)] + [(abroad.newcomers, lag) for lag in range(1, n_years)]
    for people, lag in groups:
        if people.empty:
            continue
        before = model.hazards(people)
        # Newcomers are dated to the year in which they will join.
        joining = people.assign(landmark_year=int(abroad.landmarks["landmark_year"].max()) + lag)
        after = changed_hazards(scenario, joining, before)
        year = int(joining["landmark_year"].iloc[0])
        weight = 1.0 / TEMPLATE_YEARS if lag else 1.0
        factor = inflow_factor(scenario, joining, year) if lag else np.ones(len(people))
        more = (
            _cumulative(after)[:, : n_years - lag] * factor[:, None]
            - _cumulative(before)[:, : n_years - lag]
        )
        arriving = (factor - 1.0)[:, None] * np.ones((1, n_years - lag))
        for column, amount in (("origin_country", more), ("host_country", arriving - more)):
            target = countries.get_indexer(people[column])
            known = target >= 0
            for step in range(n_years - lag):
                np.add.at(change[step + lag], target[known], weight * amount[known, step])
    relative = change / stocks.to_numpy(dtype=float)[None, :]
    return pd.DataFrame(relative, index=range(1, n_years + 1), columns=countries)


def _cumulative(hazards: Hazards) -> Floats:
    return np.asarray(cumulative_incidence(hazards)[:, :, int(Exit.RETURN) - 1])


def _yearly_returns(hazards: Hazards) -> Floats:
    """Probability of returning in each year, given nothing but the landmark."""
    return np.asarray(np.diff(_cumulative(hazards), axis=1, prepend=0.0))


def _without_drift(model: ReturnModel, landmarks: pd.DataFrame) -> Hazards:
    if model.blend is not None and model.selection.choice == "blend":
        return model.blend.hazards(landmarks)
    return model.base_rate.hazards(landmarks)


def _first_year_shift(
    model: ReturnModel,
    origin_country: str,
    landmarks: pd.DataFrame,
    rows: NDArray[np.int64],
    calibration: FlowCalibration,
) -> float:
    """Shift found in the baseline; a scenario keeps it, so that its own effect remains."""
    chances = cumulative_incidence(_without_drift(model, landmarks.iloc[rows]))[:, 0, 0]
    return logit_shift(chances, calibration.totals(origin_country, chances)[2])


def _newcomers(
    newcomers: pd.DataFrame, hazards: Hazards, horizon: int, scenario: Scenario | None
) -> float:
    """Expected returns, in one coming year, of people who will only leave until then."""
    if newcomers.empty:
        return 0.0
    total, last = 0.0, int(newcomers["landmark_year"].max())
    for lag in range(1, horizon):
        people = newcomers.assign(landmark_year=last + lag)
        changed, factor = hazards, np.ones(len(people))
        if scenario is not None:
            changed = changed_hazards(scenario, people, hazards)
            factor = inflow_factor(scenario, people, last + lag)
        total += float(factor @ _yearly_returns(changed)[:, horizon - lag - 1]) / TEMPLATE_YEARS
    return total


def _of_origins(newcomers: pd.DataFrame, origins: pd.Series) -> NDArray[np.bool_]:
    return np.asarray(newcomers["origin_country"].isin(set(origins)).to_numpy())
