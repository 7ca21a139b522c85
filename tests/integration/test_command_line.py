"""Exit codes, errors of one line, and tables as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from console import Console
from small_release import publish_small

ROWS = [
    (year, country, 100 + 5 * (year - 2000) + size)
    for year in range(2000, 2020)
    for country, size in (("FRA", 300), ("ITA", 200), ("ESP", 100), ("NA", 50))
]


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "lab.csv"
    pd.DataFrame(ROWS, columns=["year", "country", "researchers"]).to_csv(path, index=False)
    return path


def test_a_good_file_passes_its_check(talentcast: Console, counts: Path) -> None:
    code, out, _ = talentcast("check", counts)
    assert code == 0
    assert "NEG_COUNT" not in out or "pass" in out


def test_a_bad_file_exits_3_and_names_the_line(talentcast: Console, counts: Path) -> None:
    counts.write_text(counts.read_text().replace("2019,FRA,495", "2019,FRA,-5"))
    code, out, err = talentcast("check", counts)
    assert code == 3
    assert "NEG_COUNT" in out
    assert "row 78" in out
    assert err.count("\n") == 1


def test_the_report_is_also_a_json_list(talentcast: Console, counts: Path) -> None:
    code, out, _ = talentcast("check", counts, "--json")
    assert code == 0
    assert {row["outcome"] for row in json.loads(out)} <= {"pass", "warn"}


def test_a_missing_file_is_a_usage_error_that_says_what_there_is(talentcast: Console) -> None:
    code, _, err = talentcast("check", "nowhere")
    assert code == 2
    assert "bundled" in err


def test_a_release_that_is_not_there_exits_5(talentcast: Console, tmp_path: Path) -> None:
    code, _, err = talentcast("releases", "show", "latest", "--home", tmp_path)
    assert code == 5
    assert "talentcast refresh" in err
    code, _, err = talentcast("releases", "show", "../../evil", "--home", tmp_path)
    assert code == 2
    assert "no release id" in err


def test_no_release_yet_is_said_kindly(talentcast: Console, tmp_path: Path) -> None:
    assert talentcast("releases", "list", "--home", tmp_path)[:2] == (
        0,
        "No release yet. Make one: talentcast refresh\n",
    )
    assert talentcast("releases", "list", "--home", tmp_path, "--json")[1] == "[]\n"


def test_an_unusable_setting_exits_6_and_names_the_variable(
    talentcast: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TALENTCAST_MAX_INPUT_BYTES", "-1")
    code, _, err = talentcast("releases", "list", "--home", tmp_path)
    assert code == 6
    assert "TALENTCAST_MAX_INPUT_BYTES" in err


def test_a_doctor_on_a_good_machine_has_nothing_to_fix(talentcast: Console, tmp_path: Path) -> None:
    code, out, _ = talentcast("doctor", "--home", tmp_path)
    assert code == 0
    assert "All ok." in out


def test_a_doctor_says_which_disk_has_too_little_room(talentcast: Console, tmp_path: Path) -> None:
    from talentcast.cli.doctor import room_for

    found = json.loads(talentcast("doctor", "--home", tmp_path, "--json")[1])
    (line,) = (row["seen"] for row in found if row["what"] == "free space")
    assert "500 MB needed" in line
    missing = tmp_path / "not" / "there"
    full = room_for([tmp_path, missing], needed_bytes=10**18)
    assert not full.is_ok
    assert str(tmp_path) in full.seen
    assert room_for([missing], needed_bytes=1).is_ok


def test_a_doctor_names_a_server_that_does_not_answer(
    talentcast: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    code, out, err = talentcast("doctor", "--home", tmp_path)
    assert code == 6
    assert "unset PREFECT_API_URL" in out
    assert "prefect server" in err


def test_a_restricted_store_under_the_releases_is_to_be_fixed(
    talentcast: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TALENTCAST_RESTRICTED_DIR", str(tmp_path / "releases" / "people"))
    code, _, err = talentcast("doctor", "--home", tmp_path)
    assert code == 6
    assert "restricted store" in err


def test_fetched_bytes_are_kept_with_their_provenance(talentcast: Console, tmp_path: Path) -> None:
    code, out, _ = talentcast("sources", "fetch", "bundled", "--home", tmp_path, "--json")
    assert code == 0
    kept = json.loads(out)
    assert all(Path(row["path"]).exists() for row in kept)
    provenance = json.loads((Path(kept[0]["path"]).parent / "provenance.json").read_text())
    assert {"sha256", "source", "url", "licence", "vintage", "retrieved_at"} <= set(provenance)


def test_sources_are_listed_with_their_licence(talentcast: Console) -> None:
    listed = json.loads(talentcast("sources", "list", "--json")[1])
    assert {row["name"] for row in listed} >= {"bundled", "scholarly_migration"}
    assert all(row["licence"] for row in listed)


def test_a_backtest_writes_both_tables_and_prints_its_means(
    talentcast: Console, counts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores"
    code, printed, _ = talentcast(
        "backtest",
        "--counts",
        counts,
        "--origins",
        "2014:2016",
        "--horizons",
        "1:2",
        "--model",
        "naive",
        "--model",
        "drift",
        "--out",
        out,
        "--json",
    )
    assert code == 0
    assert {row["model"] for row in json.loads(printed)} == {"naive", "drift"}
    quantiles = pd.read_parquet(out / "quantiles.parquet")
    assert list(quantiles.columns) == [
        "model",
        "origin_year",
        "horizon_years",
        "target_year",
        "country",
        "quantile_level",
        "value",
    ]
    assert quantiles["quantile_level"].nunique() == 23
    scores = pd.read_parquet(out / "scores.parquet")
    assert list(scores.columns) == [
        "model",
        "origin_year",
        "horizon_years",
        "target",
        "country_group",
        "metric",
        "value",
    ]


@pytest.mark.parametrize("text", ["2017:2008", "then", "", "1:99999999999"])
def test_an_empty_or_senseless_range_of_origins_is_a_usage_error(
    talentcast: Console, counts: Path, tmp_path: Path, text: str
) -> None:
    code, _, err = talentcast("backtest", "--counts", counts, "--origins", text, "--out", tmp_path)
    assert code == 2
    assert "--origins" in err


def test_an_unknown_model_is_named_with_those_there_are(
    talentcast: Console, counts: Path, tmp_path: Path
) -> None:
    code, _, err = talentcast(
        "backtest", "--counts", counts, "--origins", "2014", "--model", "crystal", "--out", tmp_path
    )
    assert code == 2
    assert "sarimax110" in err


def test_a_claim_stands_beside_what_others_and_we_counted(
    talentcast: Console, tmp_path: Path
) -> None:
    publish_small(tmp_path / "releases")
    asked = ("claim", "--share", "0.42", "--n", "867", "--than", "0.59", "--than-n", "675")
    code, out, _ = talentcast(*asked, "--country", "united states", "--home", tmp_path)
    assert code == 0
    assert "42.0 % of 867: 38.8 to 45.3 % (95 %, Wilson)" in out
    assert "-21.9 to -12.0 points (95 %, Newcombe): more than chance" in out
    assert "Counted in the latest release" in out
    code, out, _ = talentcast(*asked, "--json")
    (row,) = json.loads(out)
    assert (row["lower"], row["may_be_chance"]) == (38.8, False)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (("--share", "42", "--n", "867"), "--share"),
        (("--share", ".4", "--n", "0"), "--n"),
        (("--share", ".4", "--n", "9", "--than", ".5"), "--than-n"),
        (("--share", ".4", "--n", "9", "--country", "Atlantis"), "--country"),
    ],
)
def test_a_claim_that_makes_no_sense_names_its_option(
    talentcast: Console, options: tuple[str, ...], option: str
) -> None:
    code, _, err = talentcast("claim", *options)
    assert (code, err.count("\n"), option in err) == (2, 1, True)
