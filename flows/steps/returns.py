"""Everything about returns that one release publishes, made from career records in one call."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.career_records import CareerParts, Mapper
from features.country_groups import host_groups
from models.returns.evaluation.backtest import DEFAULT_MODEL, BacktestPlan, returns_backtest
from models.returns.evaluation.report import SCORE_COLUMNS
from models.returns.flows.calibration import FlowCalibration, calibrate
from models.returns.flows.forecast import forecast_return_flows
from models.returns.flows.history import FlowHistory, past_flows
from models.returns.flows.risk_set import TEMPLATE_YEARS, ExpectedReturns, RiskSet
from models.returns.flows.scores import flow_scores
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.return_model import ReturnModel, TrainingTables, fit_return_model
from models.scenarios import UNCHANGED, Scenario
from privacy.disclosure import pooled_origins
from publication.model_cards import model_card
from publication.return_cohorts import COHORT_HORIZONS, publishable_origins, return_cohorts
from publication.return_flows import flow_rows
from publication.scores import flow_score_rows
from talentcast.domain.errors import InputRejectedError, UsageError
from talentcast.domain.types import REST_OF_WORLD, Origin, SeriesKey, Vintage

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
        returns: Who is abroad, and how likely each returns: for scenario effects on shares.
            Restricted.
    """

    forecasts: pd.DataFrame
    return_cohorts: pd.DataFrame
    model_cards: pd.DataFrame
    scores: pd.DataFrame
    flow_scores: pd.DataFrame
    ledger: pd.DataFrame
    landmarks: pd.DataFrame
    probability: pd.DataFrame
    returns: ExpectedReturns


def return_release(
    records: CareerParts,
    origin: Origin,
    key: SeriesKey,
    *,
    vintage: Vintage,
    seed: int,
    scenarios: Sequence[Scenario] = (),
    ledger: pd.DataFrame | None = None,
    apart: Collection[str] | None = None,
    mapper: Mapper = map,
) -> ReturnRelease:
    """Fit, test in time, forecast and protect.

    Args:
        records: Careers; pseudonymised and without the forgotten where the people are real.
            A fit samples people where there are more than it needs; all of them are predicted.
        origin: Last year that counts as complete; later records are not used.
        key: Who is counted by whom.
        vintage: Day on which the records stood so.
        seed: Of trees, samples and resamples.
        scenarios: Forecast beside the baseline.
        ledger: True counts behind the cohorts of the last release.
        apart: Origins that may be shown by themselves; None for all that are large enough.
        mapper: Works on the parts of the records, and fits several models at once.

    Raises:
        InputRejectedError: `NO_RETURNS`, where nothing can be learned.
    """
    history = history_until(origin, records, seed=seed, mapper=mapper)
    model = fit_return_model(TrainingTables.of(history, origin), seed=seed)
    label = "synthetic careers" if history.is_synthetic else "careers"
    logger.info("%s up to %d: %s", label, origin.year, model.selection.reason)
    scores = of_origins(tested_in_time(history, origin, seed, mapper), apart)
    returns = ExpectedReturns.of(model, RiskSet.at(history.everybody, origin))
    past = recent_flows(history, origin, seed=seed, mapper=mapper)
    calibration = calibrate(past.cells, origin.year)
    landmarks = returns.risk_set.landmarks
    landmarks = landmarks.assign(host_group=host_groups(landmarks["host_country"]))
    probability = returns.within(COHORT_HORIZONS)
    cohorts = return_cohorts(
        landmarks,
        probability,
        population=key.population,
        origins=publishable_origins(scores, DEFAULT_MODEL),
        tau=calibration.tau,
        rng=np.random.default_rng(seed),
        ledger=ledger,
    )
    return ReturnRelease(
        forecasts=flow_forecasts(returns, calibration, scenarios, key, seed=seed, apart=apart),
        return_cohorts=cohorts.rows,
        model_cards=card_of(model, history, key, scores),
        scores=scores,
        flow_scores=flow_score_rows(score_flows(past, seed), key, vintage=vintage),
        ledger=cohorts.ledger,
        landmarks=landmarks,
        probability=probability,
        returns=returns,
    )


def history_until(
    origin: Origin, records: CareerParts, *, seed: int, mapper: Mapper
) -> LandmarkHistory:
    """Describe landmarks to learn from, and of everybody those of the years asked about."""
    since = origin.year - max(_HISTORY_YEARS, TEMPLATE_YEARS)
    return LandmarkHistory.of(records, until=origin, since=since, seed=seed, mapper=mapper)


def recent_flows(
    history: LandmarkHistory, origin: Origin, *, seed: int, mapper: Mapper = map
) -> FlowHistory:
    """Return the past one-year forecasts from which a release learns how far its sums are off."""
    years = range(origin.year - _HISTORY_YEARS, origin.year)
    return FlowHistory.of(history, years, seed=seed, mapper=mapper)


def card_of(
    model: ReturnModel, history: LandmarkHistory, key: SeriesKey, scores: pd.DataFrame
) -> pd.DataFrame:
    """Return what a reader must know of the model and of the people it was learned from."""
    return model_card(
        model,
        population=key.population,
        is_synthetic=history.is_synthetic,
        scores=scores,
        sample=sampled(history),
    )


def sampled(history: LandmarkHistory) -> str | None:
    """Return what a reader must know of the people learned from, unless they are all."""
    if history.halvings == 0:
        return None
    landmarks = round(len(history.landmarks), -3)
    return (
        f"Fitted and tested on about {landmarks:,} landmarks of one person in "
        f"{2**history.halvings}, drawn by a hash; counts, cohorts and flows are about everybody."
    )


def tested_in_time(
    history: LandmarkHistory, origin: Origin, seed: int, mapper: Mapper = map
) -> pd.DataFrame:
    """Return scores of a test in time; none where the careers leave no years for it."""
    plan = BacktestPlan(
        Origin(origin.year - _TEST_YEARS),
        models=(DEFAULT_MODEL,),
        n_bootstrap=_N_BOOTSTRAP,
        seed=seed,
    )
    try:
        found = returns_backtest(history, plan, mapper=mapper)
    except (InputRejectedError, UsageError) as error:
        logger.warning("no test in time: %s", error)
        return pd.DataFrame(columns=list(SCORE_COLUMNS))
    for warning in found.warnings:
        logger.warning("%s", warning)
    return found.scores


def of_origins(scores: pd.DataFrame, apart: Collection[str] | None) -> pd.DataFrame:
    """Return the scores of everybody and of the origins that may be shown by themselves."""
    if apart is None:
        return scores
    return scores[scores["group"].isin({"all", "pooled", *apart})].reset_index(drop=True)


def flow_forecasts(
    returns: ExpectedReturns,
    calibration: FlowCalibration,
    scenarios: Sequence[Scenario],
    key: SeriesKey,
    *,
    seed: int,
    apart: Collection[str] | None = None,
) -> pd.DataFrame:
    """Forecast flows in the baseline and under each scenario; small origins are pooled."""
    origins = returns.risk_set.landmarks["origin_country"]
    if apart is not None:
        origins = origins.where(origins.isin(apart), REST_OF_WORLD)
    groups = pooled_origins(origins)
    parts = []
    for scenario in (UNCHANGED, *scenarios):
        # Every scenario draws the same luck, so that differences are the change's alone.
        rng = np.random.default_rng(seed)
        flows = forecast_return_flows(returns, groups, calibration, rng, scenario=scenario)
        parts.append(
            flow_rows(
                flows,
                key,
                returns.risk_set.origin,
                model=DEFAULT_MODEL,
                scenario=scenario.name,
                rng=np.random.default_rng(seed),
            )
        )
    return pd.concat(parts, ignore_index=True)


def score_flows(past: FlowHistory, seed: int) -> pd.DataFrame:
    """Score one-year flows of past years, each forecast from its own past."""
    flows = past_flows(past, np.random.default_rng(seed))
    return flow_scores(flows, DEFAULT_MODEL, np.random.default_rng(seed))
