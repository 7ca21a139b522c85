"""The page on adding a source is followed to the letter."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from expectations.check import check_counts
from sources import registry
from sources.http import FetchLimits

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-source.md"
MODULE, REGISTRATION, TEST = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
NAME = "sources.example_institute"
CONTENT = "\n".join(
    [
        "year,country,researchers",
        *(f"{year},{code},{500 + year}" for year in range(2000, 2020) for code in ("FRA", "USA")),
        "",
    ]
).encode()


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the page, in its place and registered as the page says; its file is served."""
    (tmp_path / "example_institute.py").write_text(MODULE)
    spec = importlib.util.spec_from_file_location(NAME, tmp_path / "example_institute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, NAME, module)
    spec.loader.exec_module(module)

    def served(address: str, limits: FetchLimits) -> bytes:
        assert address.split("/")[2] in limits.hosts
        return CONTENT

    monkeypatch.setattr(module, "fetch_bytes", served)
    imported, entry = REGISTRATION.strip().split("\n\n")
    names: dict[str, Any] = {}
    exec(imported, names)  # noqa: S102 - our own page
    line = eval(f"{{{entry}}}", names)  # noqa: S307
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, **line})
    yield module


def test_the_source_of_the_page_is_found_fetched_read_and_passes_the_checks(
    added: ModuleType,
) -> None:
    source = registry.source_for("example_institute")
    assert isinstance(source, added.ExampleInstitute)
    files = source.download()
    assert [(file.content, file.licence) for file in files] == [(CONTENT, "CC BY 4.0")]
    report = check_counts(source.parse(files).counts)
    assert {result.table for result in report.results} == {"example_researchers"}
    assert not report.failed
    assert not report.warned


def test_the_test_of_the_page_holds(added: ModuleType) -> None:
    names: dict[str, Any] = {}
    exec(TEST, names)  # noqa: S102 - our own page
    facts = [fact for name, fact in names.items() if name.startswith("test_")]
    assert len(facts) == 1
    facts[0]()
