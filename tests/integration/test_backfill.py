"""Releases of past years: from what was known then, each on its own, and never twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from distributed import Client
from prefect_server import free_port

import talentcast
from flows.processes import shared_out
from flows.steps import past_years
from flows.steps.plan import Plan
from flows.steps.retention import Retention, plan_pruning
from talentcast.config import load_settings
from talentcast.domain.errors import ConfigurationError, PrunedError, UsageError, YearsFailedError
from talentcast.store.pointer import events, find_release, latest_release, list_releases
from talentcast.store.pruning import prune

pytestmark = pytest.mark.usefixtures("orchestrator")

YEARS = range(2012, 2015)
MAIN = "from talentcast.cli import main; main()"
TWO_PROCESSES = {"TALENTCAST_BACKFILL_PROCESSES": "2"}


def counts_file(path: Path, first_year: int, last_year: int) -> str:
    rows = [
        f"{year},{country},{size + step * (year - 2000)}"
        for year in range(first_year, last_year + 1)
        for country, size, step in (("FRA", 900, 10), ("ITA", 700, 20), ("NA", 100, 30))
    ]
    path.write_text("\n".join(["year,country,researchers", *rows]))
    return str(path)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("sources")
    return [
        counts_file(folder / "long.csv", 2000, 2019),
        counts_file(folder / "young.csv", 2010, 2019),
        counts_file(folder / "over.csv", 1995, 2005),
    ]


def run(sources: list[str], home: Path, first_year: int = YEARS[0], last_year: int = YEARS[-1]):  # type: ignore[no-untyped-def]
    from flows.backfill import backfill

    return backfill(
        first_year=first_year,
        last_year=last_year,
        sources=sources,
        models=["naive", "drift"],
        home=home,
    )


def years_of(
    sources: list[str], home: Path, first_year: int, last_year: int
) -> past_years.Backfilled:
    """Carry out the steps alone, in this process."""
    plan = Plan(sources=tuple(sources), models=("naive", "drift"))
    return past_years.backfill(range(first_year, last_year + 1), plan, load_settings(home))


@pytest.fixture(scope="module")
def home(sources: list[str], orchestrator: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    done = run(sources, home)
    assert [(year.year, year.outcome) for year in done.years] == [(y, "published") for y in YEARS]
    assert [sorted(year.left_out) for year in done.years] == [["over", "young"], ["over"], ["over"]]
    assert done.years[0].left_out["over"] == "the counts end in 2005"
    assert set(done.summary["as_of"]) == {f"{year}-12-31" for year in YEARS}
    assert set(done.summary["model"]) == {"naive", "drift"}
    return home


def test_a_past_year_uses_no_later_count_and_never_becomes_the_latest(home: Path) -> None:
    assert latest_release(home / "releases") is None
    for release in list_releases(home / "releases"):
        year = release.as_of.as_of.year
        assert (release.kind, release.vintage_kind) == ("backfill", "pseudo")
        observed = talentcast.read("observations", str(release.release_id), home=home)
        assert observed["year"].max() == year - 1
        made = talentcast.read("forecasts", str(release.release_id), home=home)
        assert set(made["origin_year"]) == {year - 1}
        assert "scores" not in release.tables


def row_hashes(home: Path) -> dict[str, Mapping[str, str]]:
    return {
        str(release.release_id): {name: e.row_hash for name, e in release.tables.items()}
        for release in list_releases(home / "releases")
    }


def test_years_that_are_published_are_not_computed_again(home: Path, sources: list[str]) -> None:
    before = events(home / "releases")
    again = years_of(sources, home, YEARS[0], YEARS[1])
    assert {year.outcome for year in again.years} == {"already published"}
    assert events(home / "releases") == before
    assert len(again.scores)


def test_a_year_that_was_pruned_is_made_again_once_under_the_next_number(
    home: Path, sources: list[str], tmp_path: Path
) -> None:
    settings = load_settings(Path(shutil.copytree(home, tmp_path / "home")))
    root, later = settings.releases, datetime.now(UTC) + timedelta(days=2)
    pruning = plan_pruning(root, Retention(older_than=timedelta(days=1)), now=later)
    prune(pruning, root, by="a.n", at=later)
    first = next(one for one in pruning.going if one.as_of.as_of.year == YEARS[0])
    with pytest.raises(PrunedError, match=f"backfill --first-year {YEARS[0]} --last-year"):
        find_release(str(first.release_id), root)
    made, found = (years_of(sources, settings.home, YEARS[0], YEARS[0]).years[0] for _ in range(2))
    assert made.outcome == "published"
    assert found.outcome == "already published"
    for year in (made, found):
        assert year.release is not None
        assert str(year.release.release_id) == f"{first.release_id}-1"
        assert year.release.tables["forecasts"].row_hash == first.tables["forecasts"].row_hash


def test_a_killed_backfill_goes_on_where_it_was_with_the_same_rows(
    home: Path, sources: list[str], tmp_path: Path
) -> None:
    from prefect.settings import get_current_settings

    api = get_current_settings().api.url
    command = [sys.executable, "-c", MAIN, "backfill", "--from", str(YEARS[0])]
    command += ["--to", str(YEARS[-1]), "--home", str(tmp_path), "--model", "naive", "--model"]
    command += ["drift", *(part for source in sources for part in ("--source", source))]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PREFECT_API_URL": str(api), **TWO_PROCESSES},  # noqa: TID251
            stdout=log,
            stderr=log,
        )
    deadline = time.monotonic() + 180
    while not list_releases(tmp_path / "releases") and time.monotonic() < deadline:
        assert process.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.05)
    children = [int(pid) for pid in _children(process.pid)]
    process.send_signal(signal.SIGKILL)
    process.wait()
    _wait_until_gone(children)
    survived = {release.as_of.as_of.year for release in list_releases(tmp_path / "releases")}
    assert 1 <= len(survived) < len(YEARS)

    done = run(sources, tmp_path)
    outcomes = {year.year: year.outcome for year in done.years}
    assert {y for y, outcome in outcomes.items() if outcome == "already published"} == survived
    assert len(events(tmp_path / "releases")) == len(YEARS)
    assert row_hashes(tmp_path) == row_hashes(home)


@contextmanager
def dask(kind: str, *arguments: str, cwd: Path) -> Iterator[None]:
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *arguments]
    with subprocess.Popen(command, cwd=cwd, stderr=subprocess.DEVNULL) as started:
        yield
        started.terminate()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """Start a scheduler and two workers of one thread each, and give the address."""
    address = f"tcp://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        stack.enter_context(dask("scheduler", "--host", address, cwd=tmp_path))
        for _ in range(2):
            stack.enter_context(dask("worker", address, "--nthreads", "1", cwd=tmp_path))
        with Client(address, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
        yield address


def test_two_workers_of_a_cluster_make_the_rows_of_one_machine(
    home: Path,
    sources: list[str],
    cluster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flows.backfill import backfill

    monkeypatch.setenv("TALENTCAST_DASK_SCHEDULER", cluster)
    monkeypatch.chdir(tmp_path)  # the workers are elsewhere
    on_cluster = backfill.with_options(task_runner=shared_out())
    done = on_cluster(
        first_year=YEARS[0],
        last_year=YEARS[-1],
        sources=sources,
        models=["naive", "drift"],
        home=Path("here"),
    )
    assert {year.outcome for year in done.years} == {"published"}
    assert row_hashes(tmp_path / "here") == row_hashes(home)
    with Client(cluster, timeout=60) as client:
        worked = client.run(lambda: "flows.steps.past_years" in sys.modules)
    assert list(worked.values()) == [True, True]


def test_a_cluster_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TALENTCAST_DASK_SCHEDULER", "tcp://127.0.0.1:8786")
    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'talentcast\[dask\]'"):
        shared_out()


def test_a_year_that_fails_stops_no_other(tmp_path: Path) -> None:
    counts = Path(counts_file(tmp_path / "lab.csv", 2000, 2012))
    counts.write_text(counts.read_text().replace("2012,FRA,1020", "2012,FRA,-7"))
    with pytest.raises(YearsFailedError, match=r"1 years failed \(2013\).*NEG_COUNT") as caught:
        run([str(counts)], tmp_path, 2012, 2013)
    assert caught.value.exit_code == 3
    assert [r.as_of.as_of.year for r in list_releases(tmp_path / "releases")] == [2012]


def test_years_without_history_or_not_over_are_skipped_with_the_reason(
    sources: list[str], tmp_path: Path
) -> None:
    early = years_of(sources[:1], tmp_path, 1999, 2001).years
    assert {year.outcome for year in early} == {"skipped"}
    assert "nothing was counted before 1999" in early[0].problem
    assert "SHORT_PANEL" in early[2].problem
    (late,) = years_of(sources[:1], tmp_path, 2099, 2099).years
    assert (late.outcome, late.problem) == ("skipped", "the year is not over")
    assert list_releases(tmp_path / "releases") == []


def test_career_records_and_years_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not career records"):
        run(["synthetic_careers"], tmp_path)
    with pytest.raises(UsageError, match="Swap them"):
        run([], tmp_path, 2012, 2010)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 30
    while left := [pid for pid in pids if _is_running(pid)]:
        assert time.monotonic() < deadline, f"processes {left} outlived the run"
        time.sleep(0.1)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
