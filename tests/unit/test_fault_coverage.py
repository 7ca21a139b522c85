"""The page of faults names every fault, and every test that it names exists."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "faults.md"
N_FAULTS = 102


def listed() -> dict[str, set[str]]:
    """Return the tests named on the page, by fault."""
    rows = re.findall(r"^\| F(\d{3}) \| [^|]+ \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a fault stands twice"
    return {fault: set(re.findall(r"`(test_\w+)`", cell)) for fault, cell in rows}


def present() -> dict[str, set[str]]:
    """Return the tests that carry the number of a fault in their name, by fault."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (REPOSITORY / "tests").rglob("test_*.py"):
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE):
            for fault in re.findall(r"_f(\d{3})(?=_)", name):
                found[fault].add(name)
    return found


def test_every_fault_is_on_the_page() -> None:
    assert sorted(listed()) == [f"{number:03d}" for number in range(1, N_FAULTS + 1)]


def test_every_fault_has_a_test() -> None:
    assert [fault for fault, tests in listed().items() if not tests] == []


def test_the_tests_on_the_page_are_those_that_carry_the_number() -> None:
    on_page, in_tree = listed(), present()
    for fault in sorted({*on_page, *in_tree}):
        assert on_page.get(fault, set()) == in_tree.get(fault, set()), f"F{fault}"
