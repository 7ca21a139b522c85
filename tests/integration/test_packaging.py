"""Names resolve where they should, in the repository and once installed; start-up stays light."""

from __future__ import annotations

import importlib
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from pathlib import Path

import httpx
import pytest
from shipped_packages import SHIPPED
from small_release import publish_small

REPOSITORY = Path(__file__).resolve().parents[2]
#: Beside this Python where `make setup` put it, else wherever the shell finds it.
UVX = shutil.which("uvx", path=sysconfig.get_path("scripts")) or shutil.which("uvx")


def python(
    code: str, *, executable: str = sys.executable, cwd: Path = REPOSITORY, **variables: str
) -> str:
    environment = {**os.environ, **variables}  # noqa: TID251 - a test passes its environment on
    done = subprocess.run(
        [executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SHIPPED)
def test_a_name_resolves_inside_this_repository(name: str) -> None:
    found = importlib.import_module(name).__file__
    assert found is not None
    assert Path(found).is_relative_to(REPOSITORY)


def test_collecting_unit_tests_imports_neither_prefect_nor_great_expectations() -> None:
    python(
        "import pytest, sys\n"
        "code = pytest.main(['--collect-only', '-q', 'tests/unit', 'tests/property'])\n"
        "assert code == 0, code\n"
        "heavy = {'prefect', 'great_expectations'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    python(
        "import sys, talentcast.cli\n"
        "heavy = {'prefect', 'great_expectations', 'pandas', 'statsmodels'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )


def test_reading_imports_neither_prefect_nor_great_expectations() -> None:
    python(
        "import sys, talentcast\n"
        "talentcast.read\n"
        "heavy = {'prefect', 'great_expectations'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Install the wheel into an environment that borrows only the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=False)
    executable = folder / "venv" / "bin" / "python"
    site = Path(
        python(
            "import sysconfig; print(sysconfig.get_path('purelib'))",
            executable=str(executable),
            cwd=folder,
        ).strip()
    )
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # A folder named in a .pth is searched, but its own .pth files, our editable install, are not.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return str(executable)


def test_the_wheel_adds_one_name_and_finds_all_of_its_own(installed: str, tmp_path: Path) -> None:
    code = f"import importlib\nfor n in {SHIPPED}: print(n, importlib.import_module(n).__file__)"
    for line in python(code, executable=installed, cwd=tmp_path).splitlines():
        name, found = line.split(" ", 1)
        folder = Path(found).parent
        assert not folder.is_relative_to(REPOSITORY)
        assert folder.parent.name == (
            "site-packages" if name == "talentcast" else "_talentcast_app"
        )


def test_the_installed_command_publishes_outside_the_repository(
    installed: str, tmp_path: Path
) -> None:
    rows = [
        f"{year},{country},{100 + year - 2000 + size}"
        for year in range(2000, 2015)
        for country, size in (("FRA", 300), ("ITA", 200), ("ESP", 100))
    ]
    (tmp_path / "lab.csv").write_text("\n".join(["year,country,researchers", *rows]))
    done = subprocess.run(
        [
            installed,
            "-c",
            "from talentcast.cli import main; main()",
            "refresh",
            "--source",
            "lab.csv",
            "--home",
            "home",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Published release r" in done.stdout
    assert (tmp_path / "home" / "releases" / "forecasts" / "_delta_log").is_dir()


def test_the_installed_jobs_are_those_of_the_repository_and_load(
    installed: str, tmp_path: Path
) -> None:
    code = (
        "import yaml\n"
        "from flows.deployment import DEFINITIONS, FOLDER\n"
        "from prefect.flows import load_flow_from_entrypoint as load\n"
        "jobs = yaml.safe_load(DEFINITIONS.read_text())['deployments']\n"
        "for job in jobs: load(f\"{FOLDER / job['entrypoint']}\", use_placeholder_flow=False)\n"
        "print(len(jobs), DEFINITIONS)"
    )
    count, definitions = python(code, executable=installed, cwd=tmp_path).split()
    assert int(count) == 6
    assert not Path(definitions).is_relative_to(REPOSITORY)
    assert Path(definitions).read_text() == (REPOSITORY / "prefect.yaml").read_text()


def test_the_installed_command_serves_a_dashboard_that_draws(
    installed: str, tmp_path: Path
) -> None:
    publish_small(tmp_path / "home" / "releases")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            installed,
            "-c",
            "from talentcast.cli import main; main()",
            "serve",
            "--port",
            str(port),
            "--home",
            "home",
        ],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    try:
        reply = _first_reply(f"http://127.0.0.1:{port}/country", server)
    finally:
        server.terminate()
        server.wait(timeout=20)
    assert reply.headers["location"] == "/?page=country"
    # What a browser would be sent, without a browser.
    code = (
        "from pathlib import Path\nimport dashboard\n"
        "from streamlit.testing.v1 import AppTest\n"
        "script = Path(dashboard.__file__).parent / 'entry' / 'script.py'\n"
        "page = AppTest.from_file(str(script), default_timeout=120).run()\n"
        "assert not page.exception, page.exception\n"
        "print(len(page.get('vega_lite_chart')), [e.proto.body for e in page.get('html')])"
    )
    drawn = python(code, executable=installed, cwd=tmp_path, TALENTCAST_HOME="home")
    assert int(drawn.split(" ", 1)[0]) == 3
    assert "China’s lead" in drawn


def _first_reply(address: str, server: subprocess.Popen[bytes]) -> httpx.Response:
    for _ in range(240):
        assert server.poll() is None, "the server ended"
        try:
            return httpx.get(address)
        except httpx.HTTPError:
            time.sleep(0.25)
    raise AssertionError("the server did not answer")


def test_the_installed_demo_draws_a_chart_without_data_or_network(
    installed: str, tmp_path: Path
) -> None:
    python(
        "import socket, sys\n"
        "def refused(*_): raise OSError('no network')\n"
        "socket.socket.connect = refused\n"
        "sys.argv = ['talentcast', 'demo', '--no-open', '--out', 'demo.html']\n"
        "from talentcast.cli import main\n"
        "main()\n",
        executable=installed,
        cwd=tmp_path,
    )
    page = (tmp_path / "demo.html").read_text()
    assert "NeurIPS" in page
    assert "<svg" in page


@pytest.mark.skipif(UVX is None, reason="uv is not installed: make setup")
def test_the_wheel_alone_draws_a_chart_by_one_command(wheel: Path, tmp_path: Path) -> None:
    """Packages come from the index that uv is set to or from its cache, in the locked versions."""
    done = subprocess.run(
        [
            str(UVX),
            *("--constraints", str(REPOSITORY / "constraints.txt"), "--from", str(wheel)),
            *("talentcast", "demo", "--no-open"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "neurips_authorships" in done.stdout
    assert "<svg" in (tmp_path / "talentcast-demo.html").read_text()
