"""Kill scheduled runs, and see how soon they are found dead and the next one publishes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from prefect_server import Server, wait_for

from talentcast.store.pointer import list_releases

#: Within this a dead run has to be marked.
ALLOWED_SECONDS = 60.0
INTERVAL_SECONDS = 15
Victim = Literal["run", "run and worker"]


@dataclass(frozen=True)
class Round:
    """What came of one kill.

    Attributes:
        detected_seconds: From the kill until the server called the run crashed; None if never.
        published_seconds: From the kill until a later run had published; None if never.
    """

    victim: Victim
    detected_seconds: float | None
    published_seconds: float | None

    @property
    def is_passed(self) -> bool:
        """Whether the dead run was found in time and the work was done after it."""
        in_time = self.detected_seconds is not None and self.detected_seconds <= ALLOWED_SECONDS
        return in_time and self.published_seconds is not None


class Rounds:
    """A worker on the deployed refresh job, scheduled every few seconds on a small file."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._counts = server.folder / "soak.csv"
        self._home = server.folder / "home"
        self._changes = 0
        self._deployment = server.get("/deployments/name/refresh/refresh")["id"]
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Rounds:
        """Schedule the job and start a worker."""
        self._change_counts()
        self._server.patch(
            f"/deployments/{self._deployment}",
            {
                "parameters": {"sources": [str(self._counts)]},
                "schedules": [{"schedule": {"interval": INTERVAL_SECONDS}, "active": True}],
            },
        )
        self._start_worker()
        wait_for(self._is_published, said="first release")
        return self

    def __exit__(self, *_: object) -> None:
        """Stop scheduling and the worker; asked politely it would wait for the run at work."""
        self._server.patch(f"/deployments/{self._deployment}", {"schedules": []})
        self._stop_worker(signal.SIGKILL)

    def play(self, victim: Victim, *, after_seconds: float = 0.0) -> Round:
        """Change the counts, kill the run that works on them, and watch."""
        self._change_counts()
        changed = time.time()
        run = wait_for(lambda: self._working(changed), pause=0.05, said="a run at work")
        time.sleep(after_seconds)
        if victim == "run and worker":
            self._stop_worker(signal.SIGKILL)
        _kill_tree(_pid(run))
        killed = time.monotonic()
        if self._worker is None:
            self._start_worker()
        if self._state(run["id"]) == "COMPLETED":  # it was quicker than its killer
            return self.play(victim, after_seconds=after_seconds / 2)
        detected = _seconds(lambda: self._is_crashed(run["id"]), killed, ALLOWED_SECONDS + 30)
        published = _seconds(self._is_published, killed, 180)
        return Round(victim, detected, published)

    def _change_counts(self) -> None:
        self._changes += 1
        rows = [
            f"{year},{country},{size + step * (year - 2000) + self._changes}"
            for year in range(2000, 2020)
            for country, size, step in (("FRA", 900, 10), ("ITA", 700, 20), ("NA", 100, 30))
        ]
        self._counts.write_text("\n".join(["year,country,researchers", *rows]))

    def _is_published(self) -> bool:
        """Return whether a release holds the counts as they are now."""
        wanted = sha256(self._counts.read_bytes()).hexdigest()
        newest = list_releases(self._home / "releases")[:1]
        return any(entry["sha256"] == wanted for release in newest for entry in release.inputs)

    def _working(self, since: float) -> dict[str, Any] | None:
        """Return a run that began after the counts changed and has sent a heartbeat.

        Of a run that dies in the instant before, with its worker, the server learns nothing.
        """
        for run in self._server.runs(deployment_id=self._deployment):
            if run["state_type"] != "RUNNING" or not run["infrastructure_pid"]:
                continue
            started = datetime.fromisoformat(run["start_time"]).timestamp()
            if started >= since and _is_alive(_pid(run)) and self._has_heartbeat(run["id"]):
                return run
        return None

    def _has_heartbeat(self, run_id: str) -> bool:
        wanted = {
            "event": {"name": ["prefect.flow-run.heartbeat"]},
            "resource": {"id": [f"prefect.flow-run.{run_id}"]},
        }
        return bool(self._server.post("/events/filter", {"filter": wanted})["events"])

    def _is_crashed(self, run_id: str) -> bool:
        return self._state(run_id) == "CRASHED"

    def _state(self, run_id: str) -> str:
        state: str = self._server.get(f"/flow_runs/{run_id}")["state_type"]
        return state

    def _start_worker(self) -> None:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "local"]
        with (self._server.folder / "worker.log").open("ab") as log:
            self._worker = subprocess.Popen(
                command,
                env=dict(self._server.environment),
                cwd=self._server.folder,
                stdout=log,
                stderr=log,
            )

    def _stop_worker(self, how: signal.Signals) -> None:
        if self._worker is not None:
            self._worker.send_signal(how)
            self._worker.wait(timeout=60)
        self._worker = None


def failures(rounds: Sequence[Round]) -> list[str]:
    """Return a line per round that did not pass."""
    return [f"round {n}: {each}" for n, each in enumerate(rounds, start=1) if not each.is_passed]


def _seconds(happened: Any, since: float, patience: float) -> float | None:
    with suppress(TimeoutError):
        wait_for(happened, seconds=patience, pause=0.25)
        return round(time.monotonic() - since, 1)
    return None


def _pid(run: dict[str, Any]) -> int:
    return int(str(run["infrastructure_pid"]).rpartition(":")[2])


def _kill_tree(pid: int) -> None:
    """Kill a process and what it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    started = [int(child) for child in children.read_text().split()] if children.exists() else []
    for each in (pid, *started):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
