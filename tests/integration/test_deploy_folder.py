"""What the folder `deploy` names is there: files, variables, ports, commands and options."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect.settings import get_current_settings
from small_release import publish_small

from talentcast.config import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SIGN_IN: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.sign-in.yaml").read_text())
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
#: Of the image of PostgreSQL, and of numerical libraries.
FOREIGN = {"POSTGRES_USER", "POSTGRES_PASSWORD", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
BIN = Path(sys.executable).parent


def compose_commands() -> Iterator[tuple[str, list[str]]]:
    for name, service in COMPOSE["services"].items():
        if "command" in service:
            yield name, [str(word) for word in service["command"]]


def unit_commands() -> Iterator[tuple[str, list[str]]]:
    for unit in UNITS:
        for line in re.findall(r"^ExecStart(?:Pre)?=(.+)$", unit.read_text(), re.MULTILINE):
            first, *others = shlex.split(line)
            yield unit.stem, [Path(first).name, *others]


def variables() -> Iterator[str]:
    for service in (*COMPOSE["services"].values(), *SIGN_IN["services"].values()):
        yield from service.get("environment", {})
    for file in (DEPLOY / "systemd").glob("*.env"):
        yield from re.findall(r"^#?(\w+)=", file.read_text(), re.MULTILINE)
    yield from re.findall(r"name: ([A-Z_]+)", (DEPLOY / "kubernetes" / "worker.yaml").read_text())


def prefect_variables() -> set[str]:
    return set(get_current_settings().to_environment_variables(exclude_unset=False)) | {
        "PREFECT_API_URL",
        "PREFECT_API_AUTH_STRING",
        "PREFECT_SERVER_API_AUTH_STRING",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    }


def test_every_variable_is_one_that_somebody_reads() -> None:
    own = {f"TALENTCAST_{name.upper()}" for name in Settings.model_fields}
    assert set(variables()) - own - FOREIGN - prefect_variables() == set()


def test_every_file_that_is_named_is_there() -> None:
    texts = [path.read_text() for path in DEPLOY.rglob("*") if path.is_file()]
    named = {name for text in texts for name in re.findall(r"\bdeploy/[\w./-]+\w", text)}
    made_by_hand = {"deploy/.env", "deploy/sign-in.toml"}
    assert [name for name in sorted(named - made_by_hand) if not (ROOT / name).exists()] == []
    copied = re.findall(r"^COPY (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_no_file_with_secrets_goes_into_the_image() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {"**/.env", "*.env", "deploy/sign-in.toml", ".git", "var"} <= set(left_out)


def test_a_sign_in_changes_the_dashboard_alone_and_mounts_the_file_that_it_names() -> None:
    assert set(SIGN_IN) == {"services"}
    assert set(SIGN_IN["services"]) == {"dashboard"}
    added = SIGN_IN["services"]["dashboard"]
    assert set(added) == {"environment", "volumes"}
    (mount,) = added["volumes"]
    assert mount == f"./sign-in.toml:{added['environment']['TALENTCAST_DASHBOARD_SIGN_IN']}:ro"


def test_the_worker_alone_has_what_is_about_individuals() -> None:
    services = COMPOSE["services"]
    restricted = services["worker"]["environment"]["TALENTCAST_RESTRICTED_DIR"]
    holders = {
        name
        for name, one in services.items()
        for mount in one.get("volumes", [])
        if restricted.startswith(mount.split(":")[1])
    }
    assert holders == {"worker"}


def test_every_variable_of_the_containers_is_in_the_example() -> None:
    texts = [file.read_text() for file in DEPLOY.glob("compose*.yaml")]
    asked = {name for text in texts for name in re.findall(r"\$\{(\w+)", text)}
    example = set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    assert asked == example


def test_parts_wait_for_parts_that_are_there_and_can_say_that_they_are_ready() -> None:
    services = COMPOSE["services"]
    for service in services.values():
        for other, wish in service.get("depends_on", {}).items():
            assert "healthcheck" in services[other] or wish["condition"] != "service_healthy"
    named = {mount.split(":")[0] for one in services.values() for mount in one.get("volumes", [])}
    assert named == set(COMPOSE["volumes"])
    assert all(
        port.startswith("127.0.0.1:") for one in services.values() for port in one.get("ports", [])
    )


@pytest.mark.parametrize(
    ("where", "command"), [*compose_commands(), *unit_commands()], ids=lambda value: str(value)[:60]
)
def test_every_command_and_option_exists(where: str, command: list[str]) -> None:
    program, *words = command
    if program == "python":
        return  # shown by the run below, or a module of Python itself
    options = [word for word in words if word.startswith("--")]
    path = words[: words.index(options[0])] if options else words
    told = subprocess.run(
        [BIN / program, *path, "--help"], capture_output=True, text=True, env=_environment()
    )
    assert told.returncode == 0, told.stderr
    assert [option for option in options if option not in told.stdout] == []


def test_the_same_commands_in_the_same_order_without_containers(tmp_path: Path) -> None:
    home, port = tmp_path / "home", _free_port()
    publish_small(home / "releases")
    server = {"PREFECT_HOME": str(tmp_path / "prefect")}
    client = {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "TALENTCAST_HOME": str(home)}
    commands = dict(compose_commands())
    commands["server"][-1] = "127.0.0.1"
    commands["dashboard"][3:] = ["127.0.0.1", "--port", str(dashboard := _free_port())]
    environment = _environment(**server, **client)
    log = tmp_path / "log"
    with running([*commands["server"], "--port", str(port)], environment, log):
        assert healthy(f"http://127.0.0.1:{port}/api/health", log)
        subprocess.run(_located(commands["jobs"]), env=environment, check=True, timeout=180)
        with (
            running(commands["worker"], environment, log),
            running(commands["dashboard"], environment, log),
        ):
            assert healthy(f"http://127.0.0.1:{dashboard}/_stcore/health", log)
            pools = f"http://127.0.0.1:{port}/api/work_pools/local/workers/filter"
            assert within(90, lambda: b'"ONLINE"' in _post(pools)), log.read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_units_are_understood_by_systemd(tmp_path: Path) -> None:
    for unit in UNITS:
        # Its programs are those of another machine.
        text = unit.read_text().replace("/opt/talentcast/.venv/bin/", "/bin/true ")
        (tmp_path / unit.name).write_text(re.sub(r"^(User|Group)=.*\n", "", text, flags=re.M))
    files = [tmp_path / unit.name for unit in UNITS]
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True
    )
    about = [line for line in told.stderr.splitlines() if "talentcast-" in line]
    assert about == []


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            _located(command), env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()


def healthy(address: str, log: Path) -> bool:
    command = [sys.executable, str(DEPLOY / "healthy.py"), address]
    found = within(120, lambda: subprocess.run(command, capture_output=True).returncode == 0)
    assert found, log.read_text()
    return found


def within(seconds: float, is_true: Any) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError, httpx.HTTPError):
            if is_true():
                return True
        time.sleep(0.5)
    return False


def _post(address: str) -> bytes:
    return httpx.post(address, json={}, timeout=5).content


def _located(command: list[str]) -> list[str]:
    return [str(BIN / command[0]), *command[1:]]


def _environment(**changes: str) -> dict[str, str]:
    own = ("PREFECT_", "TALENTCAST_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(own)}  # noqa: TID251
    return {**kept, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", **changes}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
