"""A real Prefect server and worker on loopback, for tests that need one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """A running server and the environment in which clients reach it."""

    url: str
    environment: Mapping[str, str]
    folder: Path

    def prefect(self, *arguments: str, cwd: Path = REPOSITORY) -> str:
        """Run a Prefect command against this server and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            env=dict(self.environment), cwd=cwd, capture_output=True, text=True, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def post(self, path: str, body: Mapping[str, object]) -> list[dict[str, object]]:
        """Ask the server's API."""
        reply = httpx.post(f"{self.url}{path}", json=dict(body), timeout=30)
        reply.raise_for_status()
        found: list[dict[str, object]] = reply.json()
        return found

    @contextmanager
    def worker(self, pool: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a process worker from a folder that is not the repository."""
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool]
        with _process(command, self.environment, self.folder, "worker") as process:
            yield process


@contextmanager
def prefect_server(folder: Path, **variables: str) -> Iterator[Server]:
    """Start a server with its own database in `folder`, and stop it at the end."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,  # noqa: TID251 - a test passes its environment on
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
        "DO_NOT_TRACK": "1",
        **variables,
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1",
               "--port", str(port)]  # fmt: skip
    with _process(command, environment, folder, "server") as process:
        _wait_until_healthy(url, process, folder / "server.log")
        yield Server(url, environment, folder)


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
    with (folder / f"{name}.log").open("wb") as log:
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
