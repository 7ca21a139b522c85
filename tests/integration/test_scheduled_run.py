"""The pinned packages really run a schedule: some versions start, look healthy, and never do."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect_server import REPOSITORY, Server, prefect_server, wait_for

from talentcast.store.pointer import find_release

COUNTS = "year,country,researchers\n" + "\n".join(
    f"{year},{country},{base + 10 * (year - 2000) * step}"
    for year in range(2000, 2020)
    for country, base, step in (("FRA", 900, 1), ("ITA", 700, 2), ("NA", 100, 1))
)


def finished_scheduled_run(server: Server) -> dict[str, Any] | None:
    ends = ("COMPLETED", "FAILED", "CRASHED")
    runs = [run for run in server.runs() if run["auto_scheduled"] and run["state_type"] in ends]
    return next(iter(runs), None)


@pytest.mark.server
def test_a_scheduled_run_publishes_a_release(tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text(COUNTS)
    home = tmp_path / "home"
    parameters = {
        "sources": [str(counts)],
        "models": ["naive"],
        "kind": "scheduled",
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
            "15",
            "--params",
            json.dumps(parameters),
        )
        with server.worker():
            run = wait_for(lambda: finished_scheduled_run(server), said="a run that has ended")
        assert run["state_type"] == "COMPLETED", (tmp_path / "worker.log").read_text()
    release = find_release("latest", home / "releases")
    assert release.kind == "scheduled"
    assert release.populations == ("counts",)


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
