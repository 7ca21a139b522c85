"""The pinned packages really run a schedule: some versions start, look healthy, and never do."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from prefect_server import REPOSITORY, Server, prefect_server

from talentcast.store.pointer import find_release

RUN_SECONDS = 180

COUNTS = "year,country,researchers\n" + "\n".join(
    f"{year},{country},{base + 10 * (year - 2000) * step}"
    for year in range(2000, 2020)
    for country, base, step in (("FRA", 900, 1), ("ITA", 700, 2), ("NA", 100, 1))
)


def completed_scheduled_run(server: Server) -> dict[str, object] | None:
    runs = server.post(
        "/flow_runs/filter",
        {"flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}},
    )
    return next((run for run in runs if run["auto_scheduled"]), None)


@pytest.mark.server
def test_a_scheduled_run_publishes_a_release(tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text(COUNTS)
    home = tmp_path / "home"
    parameters = {
        "sources": [str(counts)], "models": ["naive"], "kind": "scheduled", "home": str(home),
    }  # fmt: skip
    with prefect_server(tmp_path) as server:
        server.prefect("work-pool", "create", "local", "--type", "process")
        server.prefect(
            "--no-prompt", "deploy", "flows/refresh.py:refresh", "--name", "scheduled",
            "--pool", "local", "--interval", "15", "--params", json.dumps(parameters),
        )  # fmt: skip
        with server.worker("local"):
            deadline = time.monotonic() + RUN_SECONDS
            run = None
            while run is None and time.monotonic() < deadline:
                time.sleep(2)
                run = completed_scheduled_run(server)
        assert run is not None, (tmp_path / "worker.log").read_text()
        assert run["state_type"] == "COMPLETED", (tmp_path / "worker.log").read_text()
    release = find_release("latest", home / "releases")
    assert release.kind == "scheduled"
    assert release.populations == ("counts",)


def test_every_deployment_loads_without_a_placeholder(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml
    from prefect.flows import load_flow_from_entrypoint

    monkeypatch.chdir(REPOSITORY)
    deployments = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())["deployments"]
    assert deployments
    for deployment in deployments:
        flow = load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)
        known = set(flow.parameters.properties)
        assert set(deployment.get("parameters", {})) <= known
        assert all(schedule["timezone"] == "UTC" for schedule in deployment["schedules"])
