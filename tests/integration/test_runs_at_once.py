"""Runs with different inputs that meet on one home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.simulation.careers import simulate_careers
from restricted.store import RestrictedStore
from talentcast.domain.errors import StoreError
from talentcast.store.pointer import events, latest_release, list_releases
from talentcast.store.verification import verify

#: A whole run, without the test in time of its return model, which takes longest.
REFRESH = """
import sys
from pathlib import Path
from flows.steps import pipeline, returns
from flows.steps.plan import Plan
from talentcast.config import load_settings
returns._TEST_YEARS, returns._HISTORY_YEARS = 90, 3
plan = Plan(sources=(sys.argv[1],), models=("naive",), n_samples=20, scored_horizons=())
print(pipeline.refresh(plan, load_settings(Path(sys.argv[2]))).release.release_id)
"""
KEY = "0123456789abcdef" * 4


def folder_of(careers: pd.DataFrame, path: Path) -> Path:
    path.mkdir(parents=True)
    careers.to_parquet(path / "careers.parquet")
    return path


def start(source: Path, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", REFRESH, str(source), str(home)],
        env={**os.environ, "TALENTCAST_PSEUDONYM_KEY": KEY},  # noqa: TID251
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_f098_two_runs_at_once_do_not_show_who_is_in_one_and_not_in_the_other(
    tmp_path: Path,
) -> None:
    careers = simulate_careers(800, np.random.default_rng(8)).records.careers
    somebody = careers["researcher_id"].iloc[0]
    sources = [
        folder_of(careers, tmp_path / "all" / "fellows"),
        folder_of(careers[careers["researcher_id"] != somebody], tmp_path / "but_one" / "fellows"),
    ]
    home = tmp_path / "home"
    both = [start(source, home) for source in sources]
    named = set()
    for process in both:
        answer, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        named.add(answer.strip())
    releases = list_releases(home / "releases")
    # The second run found that one person changes nothing.
    assert named == {str(release.release_id) for release in releases}
    assert len(releases) == len(events(home / "releases")) == 1
    assert latest_release(home / "releases") == releases[0]
    assert verify(releases[0], home / "releases") == []


def test_a_run_that_waits_for_its_turn_too_long_says_so(tmp_path: Path) -> None:
    store = RestrictedStore(tmp_path / "restricted", releases=tmp_path / "releases")
    with store.turn():
        late = RestrictedStore(store.root, releases=tmp_path / "releases").turn(
            patience_seconds=0.1
        )
        with pytest.raises(StoreError, match=r"for 0 s.*run again"), late:
            pass
    with store.turn():
        pass
