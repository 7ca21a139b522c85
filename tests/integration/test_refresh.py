"""From a file of counts to a release, and what happens when something is wrong with the file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import talentcast
from talentcast.domain.errors import ChecksFailedError, InputRejectedError, UsageError
from talentcast.store.pointer import list_releases
from talentcast.store.verification import verify

pytestmark = pytest.mark.usefixtures("orchestrator")

YEARS = range(2000, 2020)
GROWTH = {"FRA": (900, 10), "ITA": (700, 20), "NA": (100, 30), "LU": (3, 0)}


def counts_table(**changes: int) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (year, country, base + step * (year - 2000))
            for year in YEARS
            for country, (base, step) in GROWTH.items()
        ],
        columns=["year", "country", "researchers"],
    )


def write(table: pd.DataFrame, path: Path) -> str:
    table.to_csv(path, index=False)
    return str(path)


def run(home: Path, *sources: str, **options: object):  # type: ignore[no-untyped-def]
    from flows.refresh import refresh

    return refresh(sources=list(sources), models=["naive", "drift"], home=home, **options)


def test_a_counts_file_becomes_a_release_that_reads_back(tmp_path: Path) -> None:
    refreshed = run(tmp_path / "home", write(counts_table(), tmp_path / "lab.csv"))
    assert refreshed.is_new
    assert verify(refreshed.release, tmp_path / "home" / "releases") == []

    observed = talentcast.read("observations", home=tmp_path / "home", year=2019)
    assert sorted(observed["country"]) == ["FRA", "ITA", "NAM", "ROW"]  # Luxembourg is too small
    assert observed["share"].sum() == pytest.approx(1, abs=1e-9)

    shares = talentcast.read(
        "forecasts", home=tmp_path / "home", target="researcher_share", model="naive"
    )
    samples = shares[shares["output_type"] == "sample"]
    sums = samples.groupby(["horizon_years", "output_type_id"])["value"].sum()
    assert len(sums) == 10 * 200
    np.testing.assert_allclose(sums, 1, atol=1e-9)
    assert talentcast.read("scores", home=tmp_path / "home")["model"].nunique() == 2
    assert (tmp_path / "home" / "reports" / f"{refreshed.release.release_id}.html").exists()


def test_a_second_run_publishes_nothing_and_a_forced_one_supersedes(tmp_path: Path) -> None:
    counts = write(counts_table(), tmp_path / "lab.csv")
    home = tmp_path / "home"
    first = run(home, counts).release
    second = run(home, counts)
    assert (second.release, second.is_new) == (first, False)

    forced = run(home, counts, force=True, reason="a test").release
    assert forced.supersedes == first.release_id
    assert forced.release_id != first.release_id
    assert {n: e.row_hash for n, e in forced.tables.items()} == {
        n: e.row_hash for n, e in first.tables.items()
    }
    assert run(home, counts, force=True).release.release_id.text.endswith("-2")


def test_a_file_that_fails_its_checks_leaves_the_last_release_served(tmp_path: Path) -> None:
    home = tmp_path / "home"
    good = run(home, write(counts_table(), tmp_path / "lab.csv")).release
    bad = counts_table()
    bad.loc[5, "researchers"] = -5
    with pytest.raises(ChecksFailedError, match="NEG_COUNT") as caught:
        run(home, write(bad, tmp_path / "lab.csv"))
    report = Path(str(caught.value).split("Read ")[1].split(" for the")[0])
    assert "row 7" in report.read_text()
    assert [release.release_id for release in list_releases(home / "releases")] == [good.release_id]


def test_an_unreadable_file_is_quarantined_with_its_reason(tmp_path: Path) -> None:
    home = tmp_path / "home"
    broken = tmp_path / "lab.csv"
    broken.write_text("year,country,researchers\n2019,FRA\n")
    with pytest.raises(InputRejectedError, match="RAGGED"):
        run(home, str(broken))
    (reason,) = (home / "snapshots" / "quarantine").glob("*/reason.json")
    assert "RAGGED" in json.loads(reason.read_text())["reason"]
    assert (reason.parent / "content").read_bytes() == broken.read_bytes()
    assert list_releases(home / "releases") == []


def test_an_earlier_as_of_date_uses_no_later_year_and_says_it_is_pseudo(tmp_path: Path) -> None:
    counts = write(counts_table(), tmp_path / "lab.csv")
    release = run(tmp_path / "home", counts, as_of=date(2015, 7, 1)).release
    assert release.vintage_kind == "pseudo"
    assert talentcast.read("observations", home=tmp_path / "home")["year"].max() == 2014


def test_an_earlier_release_is_scored_once_its_years_have_been_counted(tmp_path: Path) -> None:
    from flows.score import score

    home = tmp_path / "home"
    whole = counts_table()
    early = run(home, write(whole[whole["year"] < 2017], tmp_path / "lab.csv")).release
    assert score(home=home).empty
    run(home, write(whole, tmp_path / "lab.csv"))
    record = score(home=home)
    assert record["made_by"].unique().tolist() == [str(early.release_id)]
    assert sorted(record["horizon_years"].unique()) == [1, 2, 3]

    scores = talentcast.read("scores", home=home, target="researcher_share", metric="wis")
    by_origin = scores.groupby("origin_year")["is_pseudo_vintage"].agg(["any", "all"])
    assert not by_origin.loc[2016, "any"]
    assert by_origin.loc[2015, "all"]


def test_an_unknown_population_is_named_with_those_there_are(tmp_path: Path) -> None:
    counts = write(counts_table(), tmp_path / "lab.csv")
    with pytest.raises(UsageError, match="They hold: lab"):
        run(tmp_path / "home", counts, populations=["neurips_authorships"])


def test_the_run_shows_its_headline_and_links_its_report_only_to_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.client.orchestration import get_client

    def artifacts(name: str) -> tuple[str, dict[str, dict[str, str]]]:
        done = run(tmp_path / name, write(counts_table(), tmp_path / "artifacts.csv"))
        with get_client(sync_client=True) as client:
            newest = {"sort": "CREATED_DESC", "limit": 2}
            found = client._client.post("/artifacts/filter", json=newest).json()
        return str(done.release.release_id), {artifact["key"]: artifact for artifact in found}

    release_id, shown = artifacts("home")
    assert shown["headline-shares"]["type"] == "table"
    assert f"home/reports/{release_id}.html`" in shown["quality-report"]["data"]
    assert "](" not in shown["quality-report"]["data"]
    monkeypatch.setenv("TALENTCAST_REPORTS_URL", "https://reports.example.org/")
    release_id, shown = artifacts("linked")
    link = f"[Read it](https://reports.example.org/{release_id}.html)"
    assert link in shown["quality-report"]["data"]
