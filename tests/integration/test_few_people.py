"""Of few people a release holds counts and shares; flows and cohorts would tell who they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from one_person_apart import KEY, people, settings_of, write

from flows.steps import returns
from flows.steps.admit import restricted_store
from flows.steps.pipeline import Refreshed, refresh
from flows.steps.plan import Plan
from talentcast.domain.types import REVISION_TOPIC
from talentcast.store.reader import read_frame
from talentcast.store.release import Release

SCENARIO = "chn_return_hazard_x1_5"


@pytest.fixture(scope="module", autouse=True)
def _few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALENTCAST_PSEUDONYM_KEY", KEY)
        # Without the test in time of the return model, which takes longest.
        patch.setattr(returns, "_TEST_YEARS", 90)
        patch.setattr(returns, "_HISTORY_YEARS", 3)
        patch.delenv("TALENTCAST_MIN_PEOPLE_FOR_RETURNS")
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fellows")
    write(people(1_200, 3), folder)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def first(folder: Path, home: Path) -> Release:
    return _refreshed(folder, home).release


def _refreshed(folder: Path, home: Path) -> Refreshed:
    plan = Plan.asked(sources=[str(folder)], models=["drift"], scenarios=[SCENARIO])
    return refresh(plan, settings_of(home))


def test_returns_of_few_people_are_withheld_with_a_reason(first: Release, home: Path) -> None:
    forecasts = read_frame("forecasts", first, home / "releases")
    assert "researcher_share" in set(forecasts["target"])
    assert "return_flow" not in set(forecasts["target"])
    assert set(forecasts["scenario"]) == {"baseline"}
    assert "return_cohorts" not in first.tables
    cards = read_frame("model_cards", first, home / "releases")
    assert set(cards["topic"]) == {REVISION_TOPIC}
    checks = read_frame("quality_checks", first, home / "releases").set_index("check")
    assert checks.loc["RETURNS_WITHHELD", "observed"] == "Fewer than 3,000 people"
    assert "FEW_PEOPLE" not in checks.index


def test_their_counts_are_published_and_their_ledgers_kept(first: Release, home: Path) -> None:
    assert not read_frame("observations", first, home / "releases").empty
    store = restricted_store(settings_of(home))
    (ledger,) = {path.name.removesuffix("_counts") for path in store.root.glob("ledgers/*_counts")}
    assert not store.read_ledger(f"{ledger}_counts", [first.release_id]).empty
    assert store.read_ledger(f"{ledger}_cohorts", [first.release_id]).empty
    assert list(store.root.glob("admissions/**/*.parquet"))


def test_the_same_few_people_publish_nothing_new(first: Release, folder: Path, home: Path) -> None:
    assert not _refreshed(folder, home).is_new


def test_who_accepts_the_risk_publishes_returns_with_a_warning(
    first: Release, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALENTCAST_MIN_PEOPLE_FOR_RETURNS", "100")
    after = _refreshed(folder, home)
    assert after.is_new
    forecasts = read_frame("forecasts", after.release, home / "releases")
    assert "return_flow" in set(forecasts["target"])
    checks = read_frame("quality_checks", after.release, home / "releases")
    assert "FEW_PEOPLE" in set(checks["check"])
