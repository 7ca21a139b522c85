"""What a reader takes along: the demo, the notebook, the script in R."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_release import publish_small

from readers.site.index import write_site

ROOT = Path(__file__).parents[2]


def has_arrow() -> bool:
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "-e", "quit(status = !requireNamespace('arrow', quietly = TRUE))"]
    return subprocess.run(asked, capture_output=True).returncode == 0


def test_the_cells_of_the_notebook_run(tmp_path: Path) -> None:
    publish_small(tmp_path / "releases")
    notebook = json.loads((ROOT / "docs" / "notebooks" / "quickstart.ipynb").read_text())
    cells = ["".join(one["source"]) for one in notebook["cells"] if one["cell_type"] == "code"]
    assert len(cells) >= 5
    shown = "\n".join(
        f"exec(compile({cell!r}, 'cell {number}', 'exec'))" for number, cell in enumerate(cells)
    )
    code = f"{shown}\nprint(fan.shape, chart.to_dict()['mark']['type'])\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "TALENTCAST_HOME": str(tmp_path)},  # noqa: TID251
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("area")


@pytest.mark.skipif(not has_arrow(), reason="R or its package arrow is not installed")
def test_the_script_in_r_reads_the_site(tmp_path: Path) -> None:
    release = publish_small(tmp_path / "releases")
    write_site(tmp_path / "releases", site := tmp_path / "site")
    page = (ROOT / "docs" / "how-to" / "read-from-r.md").read_text()
    (script,) = re.findall(r"```r\n(.*?)```", page, re.DOTALL)
    done = subprocess.run(
        ["Rscript", "-e", script],
        capture_output=True,
        text=True,
        env={**os.environ, "RELEASE": f"{site}/releases/{release.release_id}"},  # noqa: TID251
    )
    assert done.returncode == 0, done.stderr
    assert "scholars_scopus" in done.stdout
