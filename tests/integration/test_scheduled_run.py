"""The pinned packages really run a schedule: some versions start, look healthy, and never do."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect_server import REPOSITORY, Server, prefect_server, wait_for

from talentcast.store.pointer import events, find_release, list_releases
from talentcast.store.verification import verify

COUNTS = "year,country,researchers\n" + "\n".join(
    f"{year},{country},{base + 10 * (year - 2000) * step}"
    for year in range(2000, 2020)
    for country, base, step in (("FRA", 900, 1), ("ITA", 700, 2), ("NA", 100, 1))
)


ENDS = ("COMPLETED", "FAILED", "CRASHED")
YEARS = range(2006, 2015)


def finished_scheduled_run(server: Server) -> dict[str, Any] | None:
    runs = [run for run in server.runs() if run["auto_scheduled"] and run["state_type"] in ENDS]
    return next(iter(runs), None)


def backfill(server: Server, counts: Path, home: Path) -> subprocess.Popen[str]:
    """Start to publish past years on the same home."""
    command = [sys.executable, "-c", "from talentcast.cli import main; main()", "backfill"]
    command += ["--from", str(YEARS[0]), "--to", str(YEARS[-1]), "--model", "naive"]
    command += ["--source", str(counts), "--home", str(home)]
    return subprocess.Popen(
        command, env=dict(server.environment), stderr=subprocess.PIPE, text=True, cwd=home.parent
    )


def scheduled_during(server: Server) -> list[dict[str, Any]]:
    """Return the ended scheduled runs that worked while a run of another flow did."""
    (other,) = (run for run in server.runs() if not run["auto_scheduled"])
    return [
        run
        for run in server.runs()
        if run["auto_scheduled"]
        and run["state_type"] in ENDS
        and other["start_time"] < run["end_time"]
        and run["start_time"] < other["end_time"]
    ]


@pytest.mark.server
def test_a_scheduled_run_publishes_a_release_and_a_backfill_at_its_side_never_the_latest(
    tmp_path: Path,
) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text(COUNTS)
    home = tmp_path / "home"
    parameters = {
        "sources": [str(counts)],
        "models": ["naive"],
        "home": str(home),
    }
    with prefect_server(tmp_path) as server:
        server.prefect("work-pool", "create", "local", "--type", "process")
        server.prefect(
            "--no-prompt",
            "deploy",
            "flows/refresh.py:refresh",
            "--name",
            "scheduled",
            "--pool",
            "local",
            "--interval",
            "5",
            # One after the other: the backfill takes longer than two of them.
            "--concurrency-limit",
            "1",
            "--collision-strategy",
            "CANCEL_NEW",
            "--params",
            json.dumps(parameters),
        )
        with server.worker():
            past = backfill(server, counts, home)
            run = wait_for(lambda: finished_scheduled_run(server), said="a run that has ended")
            assert run["state_type"] == "COMPLETED", (tmp_path / "worker.log").read_text()
            release = find_release("latest", home / "releases")
            _, said = past.communicate(timeout=300)
            assert past.returncode == 0, said
            beside = wait_for(
                lambda: scheduled_during(server),
                seconds=60,
                said=lambda: [
                    (run["name"], run["state_name"], run["start_time"], run["end_time"])
                    for run in server.runs()
                    if run["start_time"]
                ],
            )
            assert {run["state_type"] for run in beside} == {"COMPLETED"}
    assert release.kind == "scheduled"
    assert release.populations == ("counts",)
    assert find_release("latest", home / "releases") == release
    found = list_releases(home / "releases")
    kinds = Counter(one.kind for one in found)
    assert kinds == {"scheduled": 1, "backfill": len(YEARS)}
    assert len(events(home / "releases")) == len(found)
    assert [problem for one in found for problem in verify(one, home / "releases")] == []


def definitions() -> list[dict[str, Any]]:
    from flows.deployment import DEFINITIONS

    found: list[dict[str, Any]] = yaml.safe_load(DEFINITIONS.read_text())["deployments"]
    return found


def test_every_deployment_loads_and_its_form_says_what_each_field_means(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from prefect.flows import load_flow_from_entrypoint

    monkeypatch.chdir(REPOSITORY)
    for each in definitions():
        flow = load_flow_from_entrypoint(each["entrypoint"], use_placeholder_flow=False)
        fields = flow.parameters.properties
        assert set(each.get("parameters", {})) <= set(fields)
        assert [name for name, field in fields.items() if not field.get("description")] == []


def test_the_automations_expect_every_end_that_a_flow_can_have() -> None:
    from flows.deployment import DEFINITIONS

    named = re.findall(
        r'Completed\(\s*name="([^"]+)"',
        "".join(path.read_text() for path in (REPOSITORY / "flows").glob("*.py")),
    )
    assert set(named) == {"Skipped", "Nothing changed"}
    for each in yaml.safe_load(DEFINITIONS.read_text())["definitions"]["automations"]:
        assert {f"prefect.flow-run.{name}" for name in named} <= set(each["trigger"]["expect"])


def test_f072_every_schedule_is_in_utc() -> None:
    schedules = [schedule for each in definitions() for schedule in each.get("schedules", [])]
    assert len(schedules) >= 3
    assert {schedule["timezone"] for schedule in schedules} == {"UTC"}


def test_the_pinned_packages_find_a_next_date_for_every_schedule() -> None:
    from prefect.server.schemas.schedules import CronSchedule

    for each in definitions():
        for schedule in each.get("schedules", []):
            cron = CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
            (due,) = asyncio.run(cron.get_dates(1))
            assert due > datetime.now(UTC)
