"""Fail if a list of components, or an audit, leaves out a package that is locked.

A tool that looks at nothing finds nothing wrong, and says so with exit code 0.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


def locked(constraints: str) -> set[tuple[str, str]]:
    """Return the name and version of every package in a lock file."""
    return {(_plain(name), version) for name, version in _PIN.findall(constraints)}


def covered(report: dict[str, list[dict[str, object]]]) -> set[tuple[str, str]]:
    """Return what a CycloneDX list of components, or an audit by pip-audit, is about."""
    entries = report.get("components") or report.get("dependencies") or []
    return {
        (_plain(str(entry["name"])), str(entry["version"]))
        for entry in entries
        if "version" in entry and "skip_reason" not in entry
    }


def main(constraints: Path, report: Path) -> int:
    """Return 0 if every locked package is covered, and say which are not."""
    wanted = locked(constraints.read_text())
    missing = wanted - covered(json.loads(report.read_text()))
    for name, version in sorted(missing):
        sys.stderr.write(f"{report} leaves out {name} {version}\n")
    sys.stdout.write(f"{report}: {len(wanted) - len(missing)} of {len(wanted)} packages\n")
    return 1 if missing or not wanted else 0


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
