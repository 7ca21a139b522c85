"""The page on adding a model is followed to the letter, on a copy of the models."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "how-to" / "add-a-model.md").read_text(encoding="utf-8")
MODEL, IMPORT, LINE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TEST, BACKTEST = re.findall(r"```console\n(.*?)\n```", PAGE)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose `models` are those of the repository and one more."""
    folder = tmp_path_factory.mktemp("edited")
    shutil.copytree(REPOSITORY / "models", folder / "models")
    (folder / "models" / "shares" / "halving.py").write_text(MODEL)
    registry = folder / "models" / "shares" / "registry.py"
    first_import, first_line = "from models.shares.", '    "naive": '
    text = registry.read_text().replace(first_import, IMPORT + first_import, 1)
    registry.write_text(text.replace(first_line, LINE + first_line, 1))
    return folder


def run(edited: Path, arguments: list[str], *, cwd: Path) -> str:
    path = os.pathsep.join([str(edited), str(REPOSITORY)])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}  # noqa: TID251
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_registered_model_is_tested_without_a_line_of_test(edited: Path) -> None:
    said = run(edited, shlex.split(TEST)[1:], cwd=REPOSITORY)
    passed = re.search(r"(\d+) passed", said)
    assert passed and int(passed.group(1)) >= 14


def test_a_registered_model_can_be_backtested(edited: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [
        (year, country, round(1000 * np.exp(slope * (year - 2000) + rng.normal(0, 0.02))))
        for country, slope in (("USA", 0.0), ("CHN", 0.1), ("FRA", 0.02))
        for year in range(2000, 2021)
    ]
    pd.DataFrame(rows, columns=["year", "country", "researchers"]).to_csv(
        tmp_path / "counts.csv", index=False
    )
    command = ["-c", "from talentcast.cli import main; main()", *shlex.split(BACKTEST)[1:]]
    run(edited, command, cwd=tmp_path)
    scores = pd.read_parquet(tmp_path / "scores" / "scores.parquet")
    means = scores[scores["metric"] == "wis"].groupby("model")["value"].mean()
    assert set(means.index) == {"halving", "drift"}
    assert means.gt(0).all()
