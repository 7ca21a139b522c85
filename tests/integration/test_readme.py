"""What the README shows is what the commands print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from small_release import publish_small

from docs.readme import accuracy_table
from readers.site.index import write_site
from talentcast.cli.refresh import print_summary

#: Populations that are forecast anew: with the default model and one baseline, to be quick.
CHECKED = ("neurips_authorships", "icml_authorships", "robotics_authors", "scholars_scopus")
README = Path(__file__).resolve().parents[2] / "README.md"


def shape(line: str) -> str:
    """Return a line without what differs between two releases."""
    return re.sub(r"r\d{8}-[0-9a-f]{12}|\d{4}-\d\d-\d\d|\d+|\S*/(?=releases|reports)", "*", line)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def refreshed(orchestrator: None, home: Path) -> Any:
    from flows.refresh import refresh

    return refresh(
        sources=["bundled"], populations=list(CHECKED), models=["pooled", "naive"], home=home
    )


def test_the_output_of_make_forecast_is_that_of_a_release(
    refreshed: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    print_summary(refreshed, home / "releases", home / "reports", seconds=42)
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    shown = README.read_text().split("$ make forecast\n")[1].split("\n```")[0].splitlines()
    starts = [at for at, line in enumerate(printed) if line.startswith(CHECKED)]
    assert len(starts) == len(CHECKED)
    for start in starts:
        series = printed[start : printed.index("", start)]
        place = shown.index(series[0])
        assert shown[place : place + len(series)] == series
    for part in (slice(0, 3), slice(-3, None)):
        assert list(map(shape, shown[part])) == list(map(shape, printed[part]))
    _, _, *rows = accuracy_table(refreshed.release, home / "releases")
    assert len(rows) == len(CHECKED)
    assert set(rows) <= set(README.read_text().splitlines())


@pytest.mark.usefixtures("refreshed")
def test_the_site_of_bundled_populations_is_small(home: Path, tmp_path: Path) -> None:
    first = write_site(home / "releases", tmp_path / "site")
    sizes = {
        path.relative_to(tmp_path / "site"): path.stat().st_size
        for path in (tmp_path / "site").rglob("*")
        if path.is_file()
    }
    assert len([path for path in sizes if path.parent.name == "country"]) > 100  # and leads to them
    assert sum(sizes.values()) <= 5_000_000
    beside = re.findall(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"', first.read_text())
    needed = sum(sizes[Path(path)] for path in beside) + sizes[Path("index.html")]
    assert needed <= 100_000


def test_the_python_examples_run_on_a_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_small(tmp_path / "var" / "releases")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TALENTCAST_HOME", raising=False)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)  # noqa: S102 - our own page
    assert names["release"] == str(names["talentcast"].releases()["release_id"].iloc[0])
    assert {"CHN", "USA"} <= set(names["shares"].columns)
