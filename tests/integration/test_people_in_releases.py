"""A folder of affiliation records drives the whole run, and nobody in it can be found outside."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import talentcast
from models.simulation.careers import simulate_careers
from restricted.store import RestrictedStore
from talentcast.domain.errors import ConfigurationError

pytestmark = pytest.mark.usefixtures("orchestrator")

KEY = "0123456789abcdef" * 4
ID_LIKE = re.compile(rb"(?:synthetic-[0-9]+|[0-9a-f]{64})")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write careers as a user would have them; the people do not exist."""
    records = simulate_careers(3_000, np.random.default_rng(8)).records
    folder = tmp_path_factory.mktemp("fellows")
    records.careers.to_parquet(folder / "careers.parquet")
    records.coauthor_countries.to_parquet(folder / "coauthor_countries.parquet")
    return folder


@pytest.fixture(scope="module")
def home(folder: Path, orchestrator: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish one scenario release from the folder, with a key and individual rows allowed."""
    from flows.refresh import refresh

    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALENTCAST_PSEUDONYM_KEY", KEY)
        patch.setenv("TALENTCAST_ALLOW_INDIVIDUAL", "1")
        refresh(
            sources=[str(folder)], models=["drift"], scenarios=["chn_return_hazard_x1_5"], home=home
        )
    return home


def test_real_records_are_refused_without_a_key(folder: Path, tmp_path: Path) -> None:
    from flows.refresh import refresh

    with pytest.raises(ConfigurationError, match="TALENTCAST_PSEUDONYM_KEY"):
        refresh(sources=[str(folder)], models=["drift"], home=tmp_path)


def test_counts_flows_and_cohorts_come_from_one_folder(home: Path) -> None:
    release = str(talentcast.releases(home=home)["release_id"].iloc[0])
    assert talentcast.releases(home=home)["kind"].tolist() == ["scenario"]
    forecasts = talentcast.read("forecasts", release, home=home)
    assert set(forecasts["target"]) == {"researcher_share", "researcher_stock", "return_flow"}
    assert set(forecasts["scenario"]) == {"baseline", "chn_return_hazard_x1_5"}
    samples = forecasts[
        (forecasts["target"] == "researcher_share") & (forecasts["output_type"] == "sample")
    ]
    sums = samples.groupby(["scenario", "horizon_years", "output_type_id"])["value"].sum()
    np.testing.assert_allclose(sums, 1, atol=1e-9)
    assert len(talentcast.read("return_cohorts", release, home=home))
    assert len(talentcast.read("model_cards", release, home=home))


def test_f097_published_counts_of_people_are_rounded_and_no_cell_is_small(home: Path) -> None:
    release = str(talentcast.releases(home=home)["release_id"].iloc[0])
    people = talentcast.read("observations", release, home=home)["researchers"]
    assert (people % 5 == 0).all()
    assert people.min() >= 10


def test_f096_nobody_can_be_found_outside_the_restricted_store(folder: Path, home: Path) -> None:
    ids = set(pq.read_table(folder / "careers.parquet")["researcher_id"].unique().to_pylist())
    restricted = home / "restricted"
    pseudonyms = {
        name
        for path in restricted.rglob("careers.parquet")
        for name in pq.read_table(path)["researcher_id"].unique().to_pylist()
    }
    assert len(pseudonyms) == len(ids)
    wanted = {name.encode() for name in ids | pseudonyms}
    searched = [p for p in home.rglob("*") if p.is_file() and not p.is_relative_to(restricted)]
    assert len(searched) > 10
    for path in searched:
        content = path.read_bytes() if path.suffix != ".parquet" else _cells(path)
        assert not wanted & set(ID_LIKE.findall(content)), path


def test_f088_the_orchestrator_holds_nobody(home: Path, folder: Path) -> None:
    import sqlite3

    from prefect.settings import get_current_settings

    url = get_current_settings().server.database.connection_url
    assert url is not None
    database = Path(url.get_secret_value().split("///", 1)[1])
    ids = set(pq.read_table(folder / "careers.parquet")["researcher_id"].unique().to_pylist())
    with sqlite3.connect(database) as connection:
        dump = "\n".join(connection.iterdump()).encode()
    found = {name.decode() for name in ID_LIKE.findall(dump)}
    assert b"refresh" in dump
    assert not found & ids


def test_a_forgotten_person_is_gone_and_the_next_release_is_another(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    from flows.refresh import refresh

    store = RestrictedStore(home / "restricted", releases=home / "releases")
    path = next((home / "restricted").rglob("careers.parquet"))
    somebody = pq.read_table(path)["researcher_id"][0].as_py()
    assert store.forget(somebody, forgotten_at=datetime.now(UTC)) > 0
    assert somebody not in pq.read_table(path)["researcher_id"].to_pylist()
    monkeypatch.setenv("TALENTCAST_PSEUDONYM_KEY", KEY)
    again = refresh(
        sources=[str(folder)], models=["drift"], scenarios=["chn_return_hazard_x1_5"], home=home
    )
    assert again.is_new
    assert somebody not in pq.read_table(path)["researcher_id"].to_pylist()


def _cells(path: Path) -> bytes:
    table = pq.read_table(path)
    texts = (
        str(value)
        for name in table.column_names
        for value in set(map(str, table[name].to_pylist()))
    )
    return "\n".join(texts).encode()


def test_a_release_of_few_people_warns_of_readers_who_know_the_others(home: Path) -> None:
    release = str(talentcast.releases(home=home)["release_id"].iloc[0])
    checks = talentcast.read("quality_checks", release, home=home).set_index("check")
    assert checks.loc["FEW_PEOPLE", "outcome"] == "warn"
    assert "Fewer than 3,000" in checks.loc["FEW_PEOPLE", "observed"]
