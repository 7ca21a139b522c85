"""What the orchestrator may do wrong, and that releases do not depend on it."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from prefect_server import prefect_server, wait_for
from small_release import publish_small

from talentcast.store.pointer import events, list_releases
from talentcast.store.verification import verify

#: A question to the server, the pause before the next one, and a loaded machine.
SLACK_SECONDS = 25.0
MAIN = "from talentcast.cli import main; main()"
COUNTS = "year,country,researchers\n" + "\n".join(
    f"{year},{country},{base + 10 * (year - 2000) * step}"
    for year in range(2000, 2020)
    for country, base, step in (("FRA", 900, 1), ("ITA", 700, 2), ("NA", 100, 1))
)


@pytest.fixture
def counts(tmp_path: Path) -> str:
    path = tmp_path / "lab.csv"
    path.write_text(COUNTS)
    return str(path)


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments],
        env={**os.environ, "TALENTCAST_HOME": str(folder / "home"), **variables},  # noqa: TID251
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_sound(root: Path) -> bool:
    ids = [event.release_id for event in events(root)]
    return len(ids) == len(set(ids)) and not any(verify(r, root) for r in list_releases(root))


def test_f073_no_task_answers_from_a_cache_and_no_result_is_kept() -> None:
    from prefect import Flow, Task
    from prefect.cache_policies import NO_CACHE

    import flows

    found = [
        (name, value)
        for module in pkgutil.iter_modules(flows.__path__)
        for name, value in vars(importlib.import_module(f"flows.{module.name}")).items()
    ]
    tasks = {name: value for name, value in found if isinstance(value, Task)}
    assert len(tasks) > 10
    assert [name for name, task in tasks.items() if task.cache_policy is not NO_CACHE] == []
    kept = [n for n, value in found if isinstance(value, Task | Flow) and value.persist_result]
    assert kept == []


def test_f075_a_server_that_starts_too_slowly_is_one_line_that_names_the_fix(
    tmp_path: Path, counts: str
) -> None:
    years = ("--from", "2015", "--to", "2015", "--source", counts, "--model", "naive")
    hasty = {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "1", "PREFECT_API_URL": ""}
    process = start(tmp_path, "backfill", *years, **hasty)
    _, said = process.communicate(timeout=180)
    assert process.returncode == 6, said
    assert "PREFECT_API_URL" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_f069_backfills_and_a_refresh_at_the_same_time_publish_each_release_once(
    tmp_path: Path, counts: str, orchestrator: None
) -> None:
    from prefect.settings import get_current_settings

    api = {"PREFECT_API_URL": str(get_current_settings().api.url)}
    years = ("--from", "2015", "--to", "2016", "--source", counts, "--model", "naive")
    both = [start(tmp_path, "backfill", *years, **api) for _ in range(2)]
    refresh = start(tmp_path, "refresh", "--source", counts, "--as-of", "2016-12-31", **api)
    for process in (*both, refresh):
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    root = tmp_path / "home" / "releases"
    kinds = sorted((r.as_of.as_of.year, r.kind) for r in list_releases(root))
    assert kinds == [(2015, "backfill"), (2016, "backfill"), (2016, "manual")]
    assert is_sound(root)


def test_f074_a_locked_database_or_a_lost_server_never_breaks_a_release(
    tmp_path: Path, counts: str
) -> None:
    root = tmp_path / "home" / "releases"
    hasty = {"PREFECT_CLIENT_MAX_RETRIES": "1"}
    with prefect_server(tmp_path) as server:
        first = start(tmp_path, "refresh", "--source", counts, **server.environment)
        wait_for((tmp_path / "home" / "snapshots").exists, pause=0.02, said="a run at work")
        with sqlite3.connect(tmp_path / "prefect" / "prefect.db", timeout=30) as database:
            database.execute("BEGIN IMMEDIATE")
            time.sleep(8)
            database.rollback()
        _, said = first.communicate(timeout=180)
        assert first.returncode == 0, said
        assert len(events(root)) == 1

        Path(counts).write_text(COUNTS.replace("900", "901"))
        snapshots = len(list((tmp_path / "home" / "snapshots").rglob("content")))
        second = start(tmp_path, "refresh", "--source", counts, **{**server.environment, **hasty})
        wait_for(
            lambda: len(list((tmp_path / "home" / "snapshots").rglob("content"))) > snapshots,
            pause=0.02,
            said="a second run at work",
        )
    try:
        _, said = second.communicate(timeout=20)
        assert second.returncode == 0 or "does not answer" in said.splitlines()[-1], said
    except subprocess.TimeoutExpired:  # it goes on trying to reach the server
        second.kill()
        second.communicate()
    assert is_sound(root)
    third = start(tmp_path, "refresh", "--source", counts, PREFECT_API_URL="")
    _, said = third.communicate(timeout=300)
    assert third.returncode == 0, said
    assert len(events(root)) == 2
    assert is_sound(root)


def test_f074_runs_and_a_worker_whose_server_is_gone_end_in_the_time_they_are_given(
    tmp_path: Path, counts: str
) -> None:
    patience = 5.0
    variables = {"TALENTCAST_SERVER_PATIENCE_SECONDS": str(patience)}
    root = tmp_path / "home" / "releases"
    published = publish_small(root)
    with ExitStack() as stack:
        with prefect_server(tmp_path, **variables) as server:
            server.talentcast("deploy")
            worker = stack.enter_context(server.ending_worker(patience))
            run = server.start("refresh/refresh", sources=[counts], home=str(tmp_path / "home"))
            environment = {**server.environment, "TALENTCAST_HOME": str(tmp_path / "by_hand")}
            by_hand = start(tmp_path, "refresh", "--source", counts, **environment)
            pid = wait_for(lambda: server.get(f"/flow_runs/{run}")["infrastructure_pid"])
            for home in ("home", "by_hand"):
                wait_for((tmp_path / home / "snapshots").exists, pause=0.02, said="a run at work")
            assert all("talentcast" in each["tags"] for each in server.runs())
        gone = time.monotonic()
        _, said = by_hand.communicate(timeout=120)
        wait_for(lambda: not is_at_work(int(pid.rpartition(":")[2])), seconds=60, pause=0.1)
        assert time.monotonic() - gone < patience + SLACK_SECONDS
        assert by_hand.returncode == 6
        assert f"{server.url} does not answer (for 5 s)" in said.splitlines()[-1]
        log = tmp_path / "worker.log"  # the worker passes on what its runs say, a little later
        wait_for(lambda: "does not answer (for 5 s)" in log.read_text(), seconds=30)
        worker.terminate()
        assert worker.wait(timeout=patience + SLACK_SECONDS) == 0
    assert is_sound(root)
    assert published.release_id in {release.release_id for release in list_releases(root)}


def is_at_work(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
