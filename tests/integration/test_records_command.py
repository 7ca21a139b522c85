"""The command that makes records, as an operator meets it: said, refused, killed, gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from console import Console
from openalex_snapshot import author, drawn_works, work, write_snapshot
from orcid_file import drawn_records, write_orcid_file
from pandas.testing import assert_frame_equal

import sources.openalex.snapshot_works as reading

KEY = "0123456789abcdef" * 4


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TALENTCAST_PSEUDONYM_KEY", KEY)
    return tmp_path / "home"


def test_what_was_made_and_what_comes_next_is_said(
    talentcast: Console, home: Path, tmp_path: Path
) -> None:
    write_snapshot(tmp_path / "in", [drawn_works(40, n_people=30)])
    asked = ("records", "openalex", tmp_path / "in", "--name", "ai", "--home", home)
    code, out, err = talentcast(*asked, "--corpus", "all", "--json")
    assert (code, err) == (0, "")
    assert {"what": "works", "number": 40} in json.loads(out)
    code, out, _ = talentcast(*asked, "--corpus", "all")
    folder = home / "restricted" / "records" / "ai"
    assert f"Nothing changed; written before: {folder}" in out
    assert f"talentcast refresh --source {folder}" in out
    code, out, _ = talentcast(*asked, "--first-year", "2001", "--type", "article")
    assert code == 0
    assert pd.read_parquet(folder / "affiliations")["year"].min() >= 2001


def test_parquet_gives_the_same_rows_as_json_lines(
    talentcast: Console, home: Path, tmp_path: Path
) -> None:
    works = [*drawn_works(300, n_people=90), work(1, [author(1, "US")]), work(2, None)]
    said, records = [], home / "restricted" / "records"
    for name in ("lines", "parquet"):
        parts = [works[:200], works[200:]]
        folder = write_snapshot(tmp_path / name, parts, parquet=name == "parquet")
        asked = ["records", "openalex", tmp_path / name, "--home", home, "--json", "--name"]
        said.append(talentcast(*asked, name))
    assert said[0] == said[1]
    for table in ("affiliations", "coauthor_countries"):
        lines, parquet = (pd.read_parquet(records / name / table) for name in ("lines", "parquet"))
        assert_frame_equal(lines, parquet)
    (folder / "manifest.json").write_text(
        (folder / "manifest.json").read_text().replace("content_length", "about")
    )
    part = next(folder.rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-30])
    assert "TRUNCATED" in talentcast(*asked, "cut")[2]
    pd.DataFrame({"id": ["https://openalex.org/W1"]}).to_parquet(part)
    assert "SCHEMA" in talentcast(*asked, "other")[2]


def test_records_of_orcid_are_made_too(talentcast: Console, home: Path, tmp_path: Path) -> None:
    path = write_orcid_file(tmp_path / "in" / "summaries.tar.gz", drawn_records(50))
    code, out, _ = talentcast("records", "orcid", path, "--name", "orcid", "--home", home)
    assert code == 0
    assert "Written:" in out
    assert (home / "restricted" / "records" / "orcid" / "affiliations").is_dir()


@pytest.mark.parametrize(
    "options, code, said",
    [
        (["--name", "../ai"], 2, "no name for a population"),
        (["--name", "ai", "--subfield", "AI"], 2, "four digits"),
        (["--name", "ai", "--first-year", "2020", "--last-year", "2010"], 2, "--first-year"),
        (["--name", "ai", "--subfield", "9999"], 3, "EMPTY"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    options: list[str], code: int, said: str, talentcast: Console, home: Path, tmp_path: Path
) -> None:
    write_snapshot(tmp_path / "in", [drawn_works(5)])
    found, _, err = talentcast("records", "openalex", tmp_path / "in", *options, "--home", home)
    assert found == code
    assert said in err
    assert err.count("\n") == 1


def test_without_a_key_nothing_is_read(
    talentcast: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TALENTCAST_PSEUDONYM_KEY", raising=False)
    write_snapshot(tmp_path / "in", [drawn_works(5)])
    asked = ("records", "openalex", tmp_path / "in", "--name", "ai", "--home", tmp_path / "home")
    code, _, err = talentcast(*asked)
    assert code == 6
    assert "TALENTCAST_PSEUDONYM_KEY" in err
    assert not (tmp_path / "home").exists()


def test_a_command_that_was_killed_is_gone_on_with(
    talentcast: Console, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = list(drawn_works(900, n_people=300))
    root = write_snapshot(tmp_path / "in", [works] * 6)
    asked = ["records", "openalex", root, "--name", "ai", "--home", home]
    script = "from talentcast.cli import main; main()"
    command = [sys.executable, "-c", script, *map(str, asked)]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    marks = home / "restricted" / "scans"
    while run.poll() is None and len(list(marks.glob("*/*.json"))) < 2:
        time.sleep(0.005)
    run.kill()
    assert run.wait() == -signal.SIGKILL
    n_whole = len(list(marks.glob("*/*.json")))
    read: list[str] = []
    lines_of = reading.lines_of

    def counted(part: Any) -> Iterator[list[bytes]]:
        read.append(part.name)
        return lines_of(part)

    monkeypatch.setattr(reading, "lines_of", counted)
    code, _, _ = talentcast(*asked)
    assert code == 0
    assert len(read) == len(set(read)) == 6 - n_whole
    assert not list(marks.glob("*"))
