"""Everything about returns that one release publishes, made from career records in one call."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.career_records import CareerRecords
from features.country_groups import host_groups
from features.landmarks import landmark_table
from models.returns.evaluation.backtest import (
    DEFAULT_MODEL,
    BacktestPlan,
    ReturnsBacktest,
    returns_backtest,
)
from models.returns.flows.forecast import RiskSet, flow_rows, forecast_return_flows
from models.returns.flows.history import calibrate, past_cells, past_flows
from models.returns.flows.scores import flow_score_rows
from models.returns.model.return_model import ReturnModel, TrainingTables, fit_return_model
from models.scenarios import Scenario
from publication.model_cards import model_card
from publication.return_cohorts import (
    PublishedCohorts,
    publishable_origins,
    return_cohorts,
)
from talentcast.domain.errors import InputRejectedError, UsageError
from talentcast.domain.types import BASELINE, Origin, Vintage

logger = logging.getLogger(__name__)

#: Past one-year forecasts that say how far sums of probabilities are off.
_HISTORY_YEARS: Final = 6
#: The test in time ends so many years before the origin: the longest horizon, and some landmarks.
_TEST_YEARS: Final = 7
_N_BOOTSTRAP: Final = 100


@dataclass(frozen=True, eq=False)
class ReturnRelease:
    """Tables without `release_id` for the publisher, and what only the restricted store may see.

    Attributes:
        forecasts: Rows of target `return_flow`, baseline and scenarios.
        return_cohorts: Behind disclosure control.
        model_cards: One row per fact.
        scores: From `returns_backtest`; empty where the careers are too short for one.
        flow_scores: Rows of `scores`: past one-year flows against what was counted.
        ledger: True counts behind the cohorts. Restricted.
        landmarks: Landmarks of the last year, with `host_group`. Restricted.
        probability: One column per horizon, in the order of `landmarks`. Restricted.
        model: For scenario effects on shares, and to be saved.
        abroad: Likewise.
    """

    forecasts: pd.DataFrame
    return_cohorts: pd.DataFrame
    model_cards: pd.DataFrame
    scores: pd.DataFrame
    flow_scores: pd.DataFrame
    ledger: pd.DataFrame
    landmarks: pd.DataFrame
    probability: pd.DataFrame
    model: ReturnModel
    abroad: RiskSet


def return_release(
    records: CareerRecords,
    origin: Origin,
    *,
    population: str,
    source: str,
    vintage: Vintage,
    seed: int,
    scenarios: tuple[Scenario, ...] = (),
    ledger: pd.DataFrame | None = None,
) -> ReturnRelease:
    """Fit, test in time, forecast and protect.

    Args:
        records: Careers; pseudonymised and without the forgotten where the people are real.
        origin: Last year that counts as complete; later records are not used.
        population: Who is counted.
        source: Who counted.
        vintage: Day on which the records stood so.
        seed: Of trees, samples and resamples.
        scenarios: Forecast beside the baseline.
        ledger: True counts behind the cohorts of the last release.

    Raises:
        InputRejectedError: `NO_RETURNS`, where nothing can be learned.
    """
    known = records.known_by(origin)
    rng = np.random.default_rng(seed)
    label = "synthetic careers" if records.is_synthetic else "careers"
    model = fit_return_model(TrainingTables.of(known, origin), seed=seed)
    logger.info("%s up to %d: %s", label, origin.year, model.selection.reason)
    scores = _tested(known, origin, seed)
    landmarks = landmark_table(known)
    abroad = RiskSet.at(landmarks, origin.year)
    if abroad.landmarks.empty:
        raise UsageError(f"Nobody is observed abroad in {origin.year}. Choose an earlier year.")
    history = range(origin.year - _HISTORY_YEARS, origin.year)
    people, cells = past_cells(known, history, seed=seed)
    calibration = calibrate(cells, origin.year)
    flow_scores = flow_score_rows(
        past_flows(people, cells, np.random.default_rng(seed)),
        model=DEFAULT_MODEL,
        population=population,
        source=source,
        vintage=pd.Timestamp(vintage.as_of),
        rng=np.random.default_rng(seed),
    )
    forecasts = [
        flow_rows(
            # Every scenario draws the same luck, so that differences are the change's alone.
            forecast_return_flows(
                model, abroad, calibration, np.random.default_rng(seed), scenario=scenario
            ),
            origin_year=origin.year,
            population=population,
            source=source,
            model=DEFAULT_MODEL,
            rng=np.random.default_rng(seed),
            scenario=BASELINE if scenario is None else scenario.name,
        )
        for scenario in (None, *scenarios)
    ]
    cohorts: PublishedCohorts = return_cohorts(
        model,
        abroad.landmarks,
        population=population,
        origins=publishable_origins(scores, DEFAULT_MODEL),
        tau=calibration.tau,
        rng=rng,
        ledger=ledger,
    )
    card = model_card(
        model,
        name=DEFAULT_MODEL,
        population=population,
        is_synthetic=records.is_synthetic,
        scores=scores,
    )
    incidence = model.incidence(abroad.landmarks)[:, :, 0]
    return ReturnRelease(
        forecasts=pd.concat(forecasts, ignore_index=True),
        return_cohorts=cohorts.rows,
        model_cards=card,
        scores=scores,
        flow_scores=flow_scores,
        ledger=cohorts.ledger,
        landmarks=abroad.landmarks.assign(host_group=host_groups(abroad.landmarks["host_country"])),
        probability=pd.DataFrame({h: incidence[:, h - 1] for h in (1, 3, 5)}),
        model=model,
        abroad=abroad,
    )


def _tested(known: CareerRecords, origin: Origin, seed: int) -> pd.DataFrame:
    """Scores of a test in time; none where the careers are too short to leave years for it."""
    plan = BacktestPlan(
        Origin(origin.year - _TEST_YEARS),
        models=(DEFAULT_MODEL,),
        n_bootstrap=_N_BOOTSTRAP,
        seed=seed,
    )
    try:
        found: ReturnsBacktest = returns_backtest(known, plan)
    except (InputRejectedError, UsageError) as error:
        logger.warning("no test in time: %s", error)
        return pd.DataFrame(
            columns=["model", "horizon_years", "group", "metric", "value", "lower_95", "upper_95"]
        )
    for warning in found.warnings:
        logger.warning("%s", warning)
    return found.scores
