"""A real Prefect server and worker on loopback, for tests that need one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from psycopg import sql

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 120
POSTGRES = "127.0.0.1:5432"
#: A test waits for what a server does at leisure.
HURRIED = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_WORKER_PREFETCH_SECONDS": "1",
    "DO_NOT_TRACK": "1",
}


#: Seconds between attempts to reach a server that is too busy.
_PAUSES = (1, 2, 4, 8, 0)

Body = Mapping[str, object] | Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Server:
    """A running server and the environment in which clients reach it."""

    url: str
    environment: Mapping[str, str]
    folder: Path

    def prefect(self, *arguments: str, cwd: Path = REPOSITORY) -> str:
        """Run a Prefect command against this server and return what it printed."""
        return self._run("-m", "prefect", *arguments, cwd=cwd)

    def talentcast(self, *arguments: str) -> str:
        """Run a talentcast command against this server and return what it printed."""
        return self._run("-c", "from talentcast.cli import main; main()", *arguments)

    def python(self, code: str) -> str:
        """Run code as a client of this server and return what it printed."""
        return self._run("-c", code)

    def refused(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run a talentcast command in a changed environment; return exit code and all it said."""
        done = subprocess.run(
            [sys.executable, "-c", "from talentcast.cli import main; main()", *arguments],
            env={**self.environment, **variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=180,
        )
        return done.returncode, done.stdout + done.stderr

    def get(self, path: str) -> Any:
        """Ask the server's API for one thing."""
        return self._answer("GET", path)

    def post(self, path: str, body: Body) -> Any:
        """Ask the server's API."""
        return self._answer("POST", path, body)

    def patch(self, path: str, body: Mapping[str, object]) -> None:
        """Change something at the server."""
        self._answer("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Remove something from the server."""
        self._answer("DELETE", path)

    def runs(self, *, deployment_id: str | None = None) -> list[dict[str, Any]]:
        """Return flow runs in the order in which they are expected to start."""
        body: dict[str, Any] = {"sort": "EXPECTED_START_TIME_ASC"}
        if deployment_id is not None:
            body["flow_runs"] = {"deployment_id": {"any_": [deployment_id]}}
        found: list[dict[str, Any]] = self.post("/flow_runs/filter", body)
        return found

    def start(self, deployment: str, **parameters: object) -> str:
        """Start a run of a deployment and return its id."""
        found = self.get(f"/deployments/name/{deployment}")["id"]
        body = {"parameters": parameters}
        run: str = self.post(f"/deployments/{found}/create_flow_run", body)["id"]
        return run

    @contextmanager
    def ending_worker(self, patience: float) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker that ends when told to, whatever Prefect's own waits for."""
        code = "from talentcast.cli import main; main()"
        command = [sys.executable, "-c", code, "worker", "--patience", str(patience)]
        with _process(command, self.environment, self.folder, "worker") as process:
            yield process

    @contextmanager
    def worker(self, pool: str = "local") -> Iterator[subprocess.Popen[bytes]]:
        """Run a process worker from a folder that is not the repository."""
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool]
        with _process(command, self.environment, self.folder, "worker") as process:
            yield process

    def _answer(self, method: str, path: str, body: Body | None = None) -> Any:
        address = f"{self.url}{path}"
        for pause in _PAUSES:
            reply = httpx.request(method, address, json=body, timeout=30, auth=self._auth)
            if reply.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(pause)  # its database is locked, and nothing was done
        reply.raise_for_status()
        return reply.json() if reply.content else None

    @property
    def _auth(self) -> tuple[str, str] | None:
        name, _, password = self.environment.get("PREFECT_API_AUTH_STRING", "").partition(":")
        return (name, password) if name else None

    def _run(self, *arguments: str, cwd: Path = REPOSITORY) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=dict(self.environment),
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def prefect_server(folder: Path, **variables: str) -> Iterator[Server]:
    """Start a server with its own database in `folder`, and stop it at the end."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,  # noqa: TID251 - a test passes its environment on
        **HURRIED,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": url,
        "TALENTCAST_HOME": str(folder / "home"),
        **variables,
    }
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with _process(command, environment, folder, "server") as process:
        _wait_until_healthy(url, process, folder / "server.log")
        yield Server(url, environment, folder)


@contextmanager
def postgresql_database() -> Iterator[str]:
    """Create a database for a Prefect server, give its address, and drop it at the end."""
    name = f"prefect_{uuid4().hex[:12]}"
    address = f"postgresql://postgres@{POSTGRES}/postgres"
    with psycopg.connect(address, connect_timeout=3, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield f"postgresql+asyncpg://postgres@{POSTGRES}/{name}"
    finally:
        with psycopg.connect(address, connect_timeout=3, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)


def wait_for(
    what: Callable[[], Any],
    *,
    seconds: float = 180.0,
    pause: float = 0.5,
    said: str | Callable[[], object] = "",
) -> Any:
    """Return the first true answer; a server too busy to answer is asked again.

    Raises:
        TimeoutError: If there is none in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if answer := what():
                return answer
        time.sleep(pause)
    raise TimeoutError(f"Not within {seconds:.0f} s: {said() if callable(said) else said or what}")


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"No server within {START_SECONDS} s: {log.read_text()}")


@contextmanager
def _process(
    command: list[str], environment: Mapping[str, str], folder: Path, name: str
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
