"""Fail if a test was skipped that is not named in the list of allowed skips."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree


def main(junit: Path, allowed_list: Path) -> int:
    """Return 0 if every skipped test is allowed, and say which are not."""
    lines = allowed_list.read_text().splitlines()
    allowed = {line.split("#")[0].strip() for line in lines} - {""}
    cases = ElementTree.parse(junit).iter("testcase")  # noqa: S314 - written by our own test run
    skipped = {
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if case.find("skipped") is not None
    }
    for name in sorted(skipped - allowed):
        sys.stderr.write(f"Skipped, and not in {allowed_list}: {name}\n")
    return 1 if skipped - allowed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
