"""The page on adding a population is followed to the letter, up to the dashboard."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from console import Console
from openalex_server import ALL_COUNTRIES, growing_world, openalex_server

from sources.openalex import source
from talentcast.populations import catalogue

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-population.md").read_text()
(FILE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^\$ talentcast (.*)$", PAGE, re.MULTILINE)


@pytest.fixture
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with the file of the page, and a server that answers for OpenAlex."""
    folder = tmp_path / "populations"
    folder.mkdir()
    (folder / f"{yaml.safe_load(FILE)['id']}.yaml").write_text(FILE)
    monkeypatch.setenv("TALENTCAST_POPULATIONS", str(folder))
    monkeypatch.setenv("TALENTCAST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(source, "today_utc", lambda: date(2026, 11, 24))
    catalogue._own_folder.cache_clear()
    with openalex_server(world=growing_world(countries=ALL_COUNTRIES[:40])) as server:
        monkeypatch.setenv("TALENTCAST_OPENALEX_URL", server.url)
        yield
    catalogue._own_folder.cache_clear()


@pytest.mark.usefixtures("_own_folder")
def test_one_file_is_a_population_on_the_dashboard(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    visit_home: Any,
) -> None:
    talentcast = Console(monkeypatch, capsys)
    population = yaml.safe_load(FILE)
    assert len(FILE.splitlines()) <= 40
    *asked, serve = COMMANDS
    assert serve == "serve"
    said = ""
    for command in asked:
        code, out, err = talentcast(*shlex.split(command))
        assert code == 0, err
        said += out
    assert population["question"] in said
    with visit_home(tmp_path / "home") as visit:
        visit.open()
        assert population["words"]["name"] in visit.text()
        assert population["words"]["counted"] in visit.text()
        assert "being counted" in visit.text() or "provisional" in visit.text()
        visit.open("country", country="AFG")
        assert "Afghanistan" in visit.title()
