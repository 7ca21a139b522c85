"""A whole release about returns, from careers that do not exist."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows.steps.returns import ReturnRelease, return_release
from models.returns.evaluation.backtest import DEFAULT_MODEL
from models.returns.flows.scores import RECENT_RATE
from models.scenarios import parse_scenario
from models.simulation.careers import simulate_careers
from restricted.store import likelihood_rows
from sources.bundled import __file__ as bundled
from talentcast.domain.tables import FORECASTS, MODEL_CARDS, RETURN_COHORTS, SCORES, Table
from talentcast.domain.types import CountingRule, Origin, ReleaseId, SeriesKey, Vintage
from talentcast.store.schema import to_arrow

KEY = SeriesKey("synthetic", CountingRule.MODAL_COUNTRY, "simulator")
RELEASE = "r20250101-0123456789ab"


@pytest.fixture(scope="module")
def release() -> ReturnRelease:
    folder = Path(bundled).parent / "data" / "scenarios"
    scenarios = tuple(parse_scenario(path.read_text()) for path in sorted(folder.glob("*.yaml")))
    assert len(scenarios) == 2
    records = simulate_careers(3_000, np.random.default_rng(8)).records
    return return_release(
        records, Origin(2022), KEY, seed=0, vintage=Vintage(date(2024, 1, 31)), scenarios=scenarios
    )


@pytest.mark.parametrize(
    "name, contract",
    [
        ("forecasts", FORECASTS),
        ("return_cohorts", RETURN_COHORTS),
        ("model_cards", MODEL_CARDS),
        ("flow_scores", SCORES),
    ],
)
def test_every_table_fits_its_contract(release: ReturnRelease, name: str, contract: Table) -> None:
    rows: pd.DataFrame = getattr(release, name)
    assert to_arrow(rows.assign(release_id=RELEASE), contract).num_rows == len(rows) > 0


def test_no_published_table_holds_an_individual(release: ReturnRelease) -> None:
    ids = set(release.landmarks["researcher_id"])
    for name in ("forecasts", "return_cohorts", "model_cards", "scores", "flow_scores"):
        rows: pd.DataFrame = getattr(release, name)
        text = rows.select_dtypes(include=["object", "str"]).astype(str)
        for column in text:
            assert not ids & set(text[column])
            assert not text[column].str.contains("synthetic-").any()


def test_both_bundled_scenarios_bring_more_people_to_china(release: ReturnRelease) -> None:
    means = release.forecasts.query("output_type == 'mean' and country == 'CHN'")
    total = means.groupby("scenario")["value"].sum()
    assert len(total) == 3
    assert (total.drop("baseline") > total["baseline"]).all()


def test_individual_rows_are_coarse_and_of_the_restricted_kind(release: ReturnRelease) -> None:
    rows = likelihood_rows(release.landmarks, release.probability, ReleaseId(RELEASE))
    assert len(rows) == 3 * len(release.landmarks)
    twentieths = rows["probability"] * 20
    assert np.allclose(twentieths, twentieths.round())


def test_the_card_says_that_the_people_are_synthetic(release: ReturnRelease) -> None:
    assert "synthetic" in set(release.model_cards["topic"])


def test_past_flows_are_scored_beside_the_recent_rate(release: ReturnRelease) -> None:
    scores = release.flow_scores.pivot_table(
        index=["model", "origin_year"], columns="metric", values="value"
    )
    assert set(scores.index.get_level_values("model")) == {DEFAULT_MODEL, RECENT_RATE}
    assert (scores["wis"] > 0).all()
    assert scores[["coverage_50", "coverage_80", "coverage_95"]].le(1).all(axis=None)
    assert (scores["coverage_95"] >= scores["coverage_50"]).all()
