"""Records in any number of files are checked, described and tested on as those in one file are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from console import Console
from pandas.testing import assert_frame_equal

import talentcast.cli.returns as command
from features.career_records import RECORD_TABLES, CareerRecords
from models.returns.landmark_history import LandmarkHistory
from models.simulation.careers import simulate_careers
from privacy.pseudonyms import PseudonymKey
from talentcast.domain.errors import UsageError

KEY = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def people() -> CareerRecords:
    return simulate_careers(400, np.random.default_rng(3)).records


@pytest.fixture(scope="module")
def folders(people: CareerRecords, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the same records as one file for each table, and as several."""
    place = tmp_path_factory.mktemp("people")
    one, many = place / "one", place / "many"
    one.mkdir()
    for name in RECORD_TABLES:
        table = getattr(people, name)
        table.to_parquet(one / f"{name}.parquet", index=False)
        (many / name).mkdir(parents=True)
        for number in range(3):
            table.iloc[number::3].to_csv(many / name / f"part-{number}.csv", index=False)
    return one, many


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TALENTCAST_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TALENTCAST_PSEUDONYM_KEY", raising=False)
    return tmp_path / "home"


@pytest.mark.parametrize("key", [None, KEY])
def test_a_cohort_is_the_same_whatever_files_it_is_in(
    key: str | None,
    people: CareerRecords,
    folders: tuple[Path, Path],
    talentcast: Console,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    if key is not None:
        monkeypatch.setenv("TALENTCAST_PSEUDONYM_KEY", key)
    roster = tmp_path / "lab.txt"
    roster.write_text("\n".join(people.careers["researcher_id"].unique()[:200]))
    said = []
    for folder in folders:
        code, out, _ = talentcast("cohort", "--roster", roster, "--affiliations", folder, "--json")
        assert code == 0
        said.append(json.loads(out))
    assert said[0] == said[1]
    assert any(row["researchers"] for row in said[0])
    # Without a key nothing stays; with one, what a release finds again.
    assert home.exists() == (key is not None)


def test_a_model_is_tested_on_the_same_landmarks(
    folders: tuple[Path, Path], talentcast: Console, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[pd.DataFrame] = []

    def looked_at(history: LandmarkHistory, _: object, **__: object) -> None:
        seen.append(history.landmarks)
        raise UsageError("That is enough.")

    monkeypatch.setattr(command, "returns_backtest", looked_at)
    for folder in folders:
        asked = ["--affiliations", folder, "--cut-year", 2016, "--out", home]
        assert talentcast("returns", "backtest", *asked)[0] == 2
    one, many = seen
    assert many["researcher_id"].str.fullmatch("[0-9a-f]{64}").all()
    columns = [name for name in one if name != "researcher_id"]
    one, many = (table.sort_values(columns, ignore_index=True)[columns] for table in (one, many))
    assert_frame_equal(one, many, check_dtype=False)
    assert not home.exists()


def test_many_files_are_checked_as_a_release_would(
    folders: tuple[Path, Path], talentcast: Console, home: Path, tmp_path: Path
) -> None:
    for folder in folders:
        code, out, err = talentcast("check", folder)
        assert (code, err) == (0, "")
        assert "0 failed" in out
    bad = tmp_path / "bad"
    bad.mkdir()
    for path in (folders[1] / "careers").iterdir():
        rows = pd.read_csv(path, keep_default_na=False)
        rows.loc[rows.index[:40], "country"] = "Atlantis"
        rows.to_csv(bad / f"careers-{path.name}", index=False)
    code, out, err = talentcast("check", bad)
    assert code == 3
    assert "TOO_MANY_UNKNOWN_COUNTRIES" in out
    assert "Checks of records" in err
    assert not home.exists()


def test_records_of_public_files_are_described_by_ids_of_the_roster(
    talentcast: Console, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from orcid_file import drawn_records, write_orcid_file

    monkeypatch.setenv("TALENTCAST_PSEUDONYM_KEY", KEY)
    path = write_orcid_file(tmp_path / "in" / "summaries.tar.gz", drawn_records(300))
    assert talentcast("records", "orcid", path, "--name", "orcid", "--home", home)[0] == 0
    folder = home / "restricted" / "records" / "orcid"
    rows = pd.read_parquet(folder / "affiliations")
    named = {name.hex() for name in rows["researcher_pseudonym"]}
    ids = [f"https://orcid.org/{Path(name).stem}" for name, _ in drawn_records(300)]
    known = [name for name in ids if PseudonymKey(KEY.encode()).pseudonym(name) in named]
    assert len(known) == len(named) > 150
    roster = tmp_path / "lab.txt"
    roster.write_text("\n".join(known[:150]))
    code, out, _ = talentcast("cohort", "--roster", roster, "--affiliations", folder, "--json")
    assert code == 0
    counted = [row for row in json.loads(out) if row["cohort"] == "lab" and row["researchers"]]
    assert max(row["researchers"] for row in counted) > 50
