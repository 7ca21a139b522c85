"""A source that changes closed years is stopped until somebody approves it by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import talentcast
from talentcast.domain.errors import ChecksFailedError, UsageError
from talentcast.store.pointer import list_releases

pytestmark = pytest.mark.usefixtures("orchestrator")

COUNTS = pd.DataFrame(
    [
        (year, country, base + step * (year - 2000))
        for year in range(2000, 2020)
        for country, (base, step) in {"FRA": (900, 10), "ITA": (700, 20)}.items()
    ],
    columns=["year", "country", "researchers"],
)
FIRST_DAY, SECOND_DAY = 1_600_000_000, 1_620_000_000


def write(folder: Path, factor: float, written: int) -> str:
    path = folder / "lab.csv"
    is_closed = COUNTS["year"] < 2019
    changed = (COUNTS["researchers"] * factor).round().astype(int)
    COUNTS.assign(researchers=COUNTS["researchers"].mask(is_closed, changed)).to_csv(
        path, index=False
    )
    os.utime(path, (written, written))
    return str(path)


def run(home: Path, source: str, **options: object):  # type: ignore[no-untyped-def]
    from flows.refresh import refresh

    return refresh(sources=[source], models=["naive"], home=home, **options).release


def test_f018_a_revision_waits_for_an_approval_that_is_published_with_both_states(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    first = run(home, write(tmp_path, 1, FIRST_DAY))
    assert "revisions" not in first.tables
    revised = write(tmp_path, 1.3, SECOND_DAY)

    with pytest.raises(ChecksFailedError, match="REVISION"):
        run(home, revised)
    with pytest.raises(UsageError, match="give approved_by and reason"):
        run(home, revised, approve_revisions=["lab"], approved_by="Ada Example")
    with pytest.raises(UsageError, match="It holds: lab"):
        run(home, revised, approve_revisions=["labs"], approved_by="Ada Example", reason="typo")
    assert list_releases(home / "releases") == [first]

    second = run(
        home, revised, approve_revisions=["lab"], approved_by="Ada Example", reason="recount"
    )
    assert (second.approved_by, second.reason) == ("Ada Example", "recount")
    row = talentcast.releases(home=home).set_index("release_id").loc[str(second.release_id)]
    assert (row["approved_by"], row["reason"]) == ("Ada Example", "recount")

    checks = talentcast.read("quality_checks", home=home, check="REVISION")
    assert checks["outcome"].tolist() == ["warn"]
    rows = talentcast.read("revisions", home=home)
    assert len(rows) == 40
    cell = rows[(rows["country"] == "ITA") & (rows["year"] == 2010)].iloc[0]
    assert cell["previous_researchers"] == 900
    assert cell["researchers"] == 1170
    assert cell["ratio"] == 1.3
    assert rows.loc[rows["year"] == 2019, "ratio"].eq(1).all()

    kept = [json.loads(p.read_text()) for p in (home / "snapshots").rglob("provenance.json")]
    assert sorted(one["vintage"] for one in kept) == ["2020-09-13", "2021-05-03"]
    assert run(home, revised) == second  # what was approved once is what is served now


def test_f018_the_command_line_refuses_an_approval_by_nobody(tmp_path: Path) -> None:
    source = write(tmp_path, 1, FIRST_DAY)
    talentcast_command = Path(sys.executable).with_name("talentcast")
    done = subprocess.run(
        [
            talentcast_command,
            "refresh",
            "--source",
            source,
            "--approve-revision",
            "lab",
            "--reason",
            "recount",
            "--home",
            tmp_path / "home",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "(--approved-by, --reason)" in done.stderr
