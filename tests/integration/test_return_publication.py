"""Flows, scenarios and published cohorts, on careers that do not exist."""

import numpy as np
import pandas as pd
import pytest

from features.country_groups import host_groups
from models.returns.flows.calibration import FlowCalibration
from models.returns.flows.forecast import OriginFlow, forecast_return_flows
from models.returns.flows.risk_set import ExpectedReturns, RiskSet
from models.returns.flows.stock_changes import stock_changes
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.incidence import cumulative_incidence
from models.returns.model.return_model import ReturnModel, TrainingTables, fit_return_model
from models.scenarios import UNCHANGED, Scenario, changed_draws, changed_hazards, parse_scenario
from models.shares.protocol import Draws
from models.shares.stock import StockDraws
from models.simulation.careers import simulate_careers
from privacy.disclosure import pooled_origins
from publication.model_cards import model_card
from publication.return_cohorts import COHORT_HORIZONS, publishable_origins, return_cohorts
from publication.return_flows import flow_rows
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.tables import FORECASTS, MODEL_CARDS, RETURN_COHORTS
from talentcast.domain.types import CountingRule, Origin, SeriesKey

CUT = Origin(2020)
KEY = SeriesKey("demo", CountingRule.MODAL_COUNTRY, "simulator")
FLAT = FlowCalibration({}, 1.0, {}, 0.05, 0.2, 1e-6, 1e6)
HEADLINE = """
name: us_stay_rate_chn_minus_10
title: US stay rate of Chinese-origin researchers 10 points lower
changes:
  - {change: stay_rate, origin: CHN, host: USA, points: -10}
"""
MORE_RETURNS = """
name: chn_return_hazard_x1_5
title: More returns to China
changes:
  - {change: return_hazard, origin: CHN, factor: 1.5}
"""


@pytest.fixture(scope="module")
def fitted() -> tuple[ReturnModel, pd.DataFrame]:
    records = simulate_careers(2_500, np.random.default_rng(3)).records.known_by(CUT)
    history = LandmarkHistory.of(records)
    model = fit_return_model(TrainingTables.of(history, CUT), seed=0)
    return model, history.landmarks


def flows(
    fitted: tuple[ReturnModel, pd.DataFrame], scenario: Scenario = UNCHANGED
) -> dict[tuple[str, int], OriginFlow]:
    model, landmarks = fitted
    returns = ExpectedReturns.of(model, RiskSet.at(landmarks, CUT))
    groups = pooled_origins(returns.risk_set.landmarks["origin_country"])
    found = forecast_return_flows(
        returns, groups, FLAT, np.random.default_rng(0), scenario=scenario
    )
    return {(flow.origin_country, flow.horizon_years): flow for flow in found}


def test_the_flow_of_the_first_year_is_the_sum_of_individual_probabilities(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    model, landmarks = fitted
    chinese = landmarks.query("landmark_year == 2020 and origin_country == 'CHN'")
    assert model.blend is not None and model.selection.choice == "blend"
    chances = cumulative_incidence(model.blend.hazards(chinese))[:, 0, 0]
    assert flows(fitted)["CHN", 1].expected == pytest.approx(chances.sum(), abs=1e-3)


def test_flow_rows_keep_their_contract_and_hold_whole_persons(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    rows = flow_rows(
        list(flows(fitted).values()),
        KEY,
        CUT,
        model="return_model",
        scenario="baseline",
        rng=np.random.default_rng(0),
    )
    assert set(rows) == set(FORECASTS.column_names) - {"release_id"}
    assert (rows["value"] % 1 == 0).all() and (rows["value"] >= 0).all()
    quantiles = rows[rows["output_type"] == "quantile"]
    steps = quantiles.groupby(["country", "horizon_years"])["value"].diff().dropna()
    assert (steps >= 0).all()


def test_more_returns_to_china_are_half_as_many_again_and_touch_nobody_else(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    before, after = flows(fitted), flows(fitted, parse_scenario(MORE_RETURNS))
    assert after["CHN", 1].expected == pytest.approx(1.5 * before["CHN", 1].expected, rel=0.01)
    assert after["IND", 3].expected == pytest.approx(before["IND", 3].expected)


def test_a_lower_stay_rate_is_lower_by_exactly_its_points(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    model, landmarks = fitted
    now = landmarks[landmarks["landmark_year"] == CUT.year].reset_index(drop=True)
    meant = ((now["origin_country"] == "CHN") & (now["host_country"] == "USA")).to_numpy()
    before = model.hazards(now)
    after = changed_hazards(parse_scenario(HEADLINE), now, before)
    stay = [1 - cumulative_incidence(part)[meant, -1, 0].mean() for part in (before, after)]
    assert stay[1] == pytest.approx(stay[0] - 0.10, abs=1e-6)
    assert np.allclose(after[~meant], before[~meant])


def test_a_change_holds_in_its_years_only(fitted: tuple[ReturnModel, pd.DataFrame]) -> None:
    model, landmarks = fitted
    text = MORE_RETURNS.replace("factor: 1.5", "factor: 1.5, first_year: 2022, last_year: 2023")
    now = landmarks[landmarks["landmark_year"] == CUT.year].reset_index(drop=True)
    before = model.hazards(now)
    after = changed_hazards(parse_scenario(text), now, before)
    ratio = (after / before)[(now["origin_country"] == "CHN").to_numpy(), :, 0]
    assert np.allclose(ratio, [1, 1.5, 1.5, 1, 1])


def test_whoever_returns_leaves_one_stock_and_joins_another(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    model, landmarks = fitted
    returns = ExpectedReturns.of(model, RiskSet.at(landmarks, CUT))
    stocks = pd.Series(
        1000.0, index=sorted({*landmarks["origin_country"], *landmarks["host_country"]})
    )
    change = stock_changes(returns, stocks, parse_scenario(HEADLINE)) * 1000
    assert np.abs(change.sum(axis=1)).max() < 1e-6
    assert (change["CHN"] > 0).all() and change["CHN"].is_monotonic_increasing
    assert np.allclose(change["USA"], -change["CHN"])


def test_shares_under_a_scenario_sum_to_one_in_every_draw() -> None:
    shares = np.random.default_rng(0).dirichlet([4, 3, 2], (2, 50))
    draws = Draws(("CHN", "USA", "ROW"), CUT, (1, 2), shares)
    change = pd.DataFrame({"CHN": [0.1, 0.2], "USA": [-0.05, -0.1]}, index=[1, 2])
    found = changed_draws(StockDraws(draws, 1000 * shares), change).draws.shares
    assert np.abs(found.sum(axis=2) - 1).max() < 1e-12
    assert (found[..., 0] > shares[..., 0]).all()


@pytest.mark.parametrize(
    "text",
    [
        "name: x",
        "name: baseline\ntitle: t\nchanges: [{change: inflow, factor: 2}]",
        "name: ../../x\ntitle: t\nchanges: [{change: inflow, factor: 2}]",
        "name: x\ntitle: t\nchanges: [{change: magic, factor: 2}]",
        "name: x\ntitle: t\nchanges: [{change: inflow, factor: many}]",
        "name: x\ntitle: t\nchanges: [{change: inflow, factor: 2, person: anne}]",
        "name: x\ntitle: t\nchanges: [{change: stay_rate, points: -500}]",
        "!!python/object/apply:os.system ['true']",
    ],
)
def test_a_scenario_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(InputRejectedError, match="SCENARIO"):
        parse_scenario(text)


def cohorts(fitted: tuple[ReturnModel, pd.DataFrame], ledger: pd.DataFrame | None = None):
    return published(*fitted, ledger)


def published(model: ReturnModel, landmarks: pd.DataFrame, ledger: pd.DataFrame | None):
    now = landmarks[landmarks["landmark_year"] == CUT.year].reset_index(drop=True)
    now = now.assign(host_group=host_groups(now["host_country"]))
    incidence = model.incidence(now)[:, :, 0]
    probability = pd.DataFrame({years: incidence[:, years - 1] for years in COHORT_HORIZONS})
    return return_cohorts(
        now,
        probability,
        population="demo",
        origins={"CHN", "IND"},
        tau=0.3,
        rng=np.random.default_rng(0),
        ledger=ledger,
    )


def test_published_cohorts_keep_their_contract_and_show_no_small_cell(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    found = cohorts(fitted)
    assert set(found.rows) == set(RETURN_COHORTS.column_names) - {"release_id"}
    small = found.ledger.query("0 < people < 10")
    assert len(small) and small["is_withheld"].all()
    shown = found.rows[~found.rows["is_suppressed"]]
    assert (shown["researchers_at_risk"] >= 10).all()
    assert (shown["researchers_at_risk"] % 5 == 0).all()
    assert set(shown["origin_country"]) <= {"CHN", "IND", "ROW"}
    hidden = found.rows[found.rows["is_suppressed"]]
    assert hidden[["expected_returns", "return_probability", "lower_95"]].isna().all(axis=None)


def test_the_expected_number_tells_no_more_than_rate_and_rounded_count(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    shown = cohorts(fitted).rows.query("~is_suppressed")
    made = shown["return_probability"] * shown["researchers_at_risk"].astype(float)
    assert np.allclose(shown["expected_returns"], made, atol=1e-3)


def test_f098_one_more_person_changes_nothing_in_the_next_release(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    """Somebody who knows all others subtracts two releases to see whether a person joined."""
    model, landmarks = fitted
    now = landmarks[landmarks["landmark_year"] == CUT.year].reset_index(drop=True)
    first = cohorts(fitted)
    group = (now["origin_country"] == "CHN") & (now["host_country"] == "USA")
    for extra in (1, 2, 3):
        more = pd.concat([now, now[group].head(extra)], ignore_index=True)
        second = published(model, more, first.ledger)
        columns = ["researchers_at_risk", "is_suppressed"]
        pd.testing.assert_frame_equal(first.rows[columns], second.rows[columns])


def test_an_origin_with_poor_calibration_is_pooled() -> None:
    scores = pd.DataFrame(
        {
            "model": "m",
            "horizon_years": 3,
            "group": ["CHN", "USA", "pooled", "all"],
            "metric": "observed_over_expected",
            "value": [1.0, 0.5, 1.0, 1.0],
            "lower_95": [0.7, 0.4, 0.9, 0.9],
            "upper_95": [1.3, 0.7, 1.1, 1.1],
        }
    )
    assert publishable_origins(scores, "m") == {"CHN"}


def test_the_model_card_says_what_it_is_not_for_and_that_people_are_synthetic(
    fitted: tuple[ReturnModel, pd.DataFrame],
) -> None:
    card = model_card(
        fitted[0], name="m", population="demo", is_synthetic=True, scores=pd.DataFrame()
    )
    assert set(card) == set(MODEL_CARDS.column_names) - {"release_id"}
    texts = card.set_index("topic")["text"]
    assert "visa" in texts["not_for"] and "SYNTHETIC" in texts["synthetic"]
