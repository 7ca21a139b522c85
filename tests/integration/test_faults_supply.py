"""Faults of what the project is installed from: packages exchanged, and audits of nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = ("constraints.txt", "bench/constraints.txt")
CHECK = REPOSITORY / ".ci" / "check_complete.py"


def entries(lock: str) -> list[str]:
    """Return one piece of text per locked package."""
    text = (REPOSITORY / lock).read_text()
    return [part for part in re.split(r"\n(?=[A-Za-z0-9])", text) if part.strip()]


@pytest.mark.parametrize("lock", LOCKS)
def test_f100_every_package_is_locked_to_one_version_and_its_hashes(lock: str) -> None:
    found = entries(lock)
    assert len(found) > 150
    for entry in found:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^ ]+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
        assert "://" not in entry and "--extra-index-url" not in entry, entry


def test_f100_the_lock_has_what_the_project_asks_for() -> None:
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    groups = declared["dependency-groups"]
    asked = {LOCKS[0]: declared["project"]["dependencies"] + groups["dev"]}
    asked[LOCKS[1]] = asked[LOCKS[0]] + groups["bench"]
    for lock, wanted in asked.items():
        locked = {
            canonicalize_name(re.split(r"[\[=]", entry)[0]): entry.split("==")[1].split()[0]
            for entry in entries(lock)
        }
        for requirement in map(Requirement, wanted):
            version = locked[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement


def test_f100_every_install_of_the_makefile_demands_hashes_and_one_list() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    installs = re.findall(r"pip install [^\n]*-r [^\n]*", makefile)
    assert installs
    for line in installs:
        assert "--require-hashes" in line and "--no-deps" in line, line
    assert "index-url" not in makefile.replace("--no-emit-index-url", "")


def test_f100_a_package_with_another_hash_is_not_installed(tmp_path: Path) -> None:
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr(
            "tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        )
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    right = sha256(wheel.read_bytes()).hexdigest()

    def install(digest: str) -> subprocess.CompletedProcess[str]:
        lock = tmp_path / "lock.txt"
        lock.write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--no-index",
                "--find-links",
                tmp_path,
                "--no-deps",
                "--require-hashes",
                "--target",
                tmp_path / "target",
                "-r",
                lock,
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    refused = install("0" * 64)
    assert refused.returncode != 0
    assert "DO NOT MATCH" in refused.stderr
    assert not (tmp_path / "target" / "tiny.py").exists()
    assert install(right).returncode == 0


def complete(tmp_path: Path, report: object) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    return subprocess.run(
        [sys.executable, CHECK, REPOSITORY / "constraints.txt", path],
        capture_output=True,
        text=True,
        check=False,
    )


def locked_packages() -> list[dict[str, str]]:
    pairs = [re.match(r"([^=\[]+)(?:\[.*\])?==(\S+)", entry) for entry in entries(LOCKS[0])]
    return [{"name": pair[1], "version": pair[2]} for pair in pairs if pair]


@pytest.mark.parametrize("report", [{"dependencies": []}, {"components": []}, {}])
def test_f101_an_audit_of_nothing_fails(tmp_path: Path, report: object) -> None:
    done = complete(tmp_path, report)
    assert done.returncode == 1
    assert "0 of " in done.stdout


@pytest.mark.parametrize("kind", ["dependencies", "components"])
def test_f101_an_audit_must_cover_every_locked_package_in_its_version(
    tmp_path: Path, kind: str
) -> None:
    every = locked_packages()
    assert complete(tmp_path, {kind: every}).returncode == 0
    assert "leaves out" in complete(tmp_path, {kind: every[1:]}).stderr
    other = [{**every[0], "version": "0.0.0"}, *every[1:]]
    assert complete(tmp_path, {kind: other}).returncode == 1
    skipped = [{"name": every[0]["name"], "skip_reason": "not found"}, *every[1:]]
    assert complete(tmp_path, {kind: skipped}).returncode == 1


def test_f101_the_audit_is_strict_and_followed_by_a_count() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    audit = makefile.split("\naudit:")[1].split("\n\n")[0]
    assert "--strict" in audit and "--require-hashes" in audit
    assert ".ci/check_complete.py" in audit
