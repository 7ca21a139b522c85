"""The pipeline is plain functions: it needs no orchestrator, and publishes the same without."""

from __future__ import annotations

import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from release_comparison import differences

import flows.steps
from talentcast.store.pointer import list_releases

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-without-prefect.md"
(SCRIPT,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
NO_PREFECT = "\nimport sys\nassert 'prefect' not in sys.modules"


def test_no_step_imports_prefect() -> None:
    names = [f"flows.steps.{module.name}" for module in pkgutil.iter_modules(flows.steps.__path__)]
    assert len(names) > 10
    subprocess.run([sys.executable, "-c", f"import {', '.join(names)}{NO_PREFECT}"], check=True)


def test_the_script_of_the_page_publishes_the_rows_of_a_refresh(
    orchestrator: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.refresh import refresh

    (tmp_path / "counts.csv").write_text(
        "year,country,researchers\n"
        + "\n".join(
            f"{year},{country},{size + step * (year - 2000)}"
            for year in range(2000, 2015)
            for country, size, step in (("FRA", 900, 10), ("ITA", 700, 20), ("ESP", 500, 5))
        )
    )
    subprocess.run(
        [sys.executable, "-c", SCRIPT + NO_PREFECT],
        env={**os.environ, "TALENTCAST_HOME": str(tmp_path / "plain")},  # noqa: TID251
        cwd=tmp_path,
        check=True,
    )
    monkeypatch.chdir(tmp_path)
    refreshed = refresh(sources=["counts.csv"], home=tmp_path / "prefect")

    roots = tmp_path / "plain" / "releases", tmp_path / "prefect" / "releases"
    (plain,) = list_releases(roots[0])
    assert plain.release_id == refreshed.release.release_id
    assert len(plain.tables) > 5
    assert list(differences(plain, refreshed.release, roots)) == []
