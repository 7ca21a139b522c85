"""Faults of models: what cannot be fitted is said, and numbers do not depend on the machine."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shipped_packages import SHIPPED

import talentcast
from features.panel import Panel
from models.shares.fallbacks import fallback_report
from models.shares.per_series import CannotFitError, FittedSeries, FloatArray
from models.shares.registry import create
from models.shares.sarimax import Sarimax110
from talentcast.domain.checks import Outcome
from talentcast.domain.types import CountingRule, SeriesKey

REPOSITORY = Path(__file__).resolve().parents[2]
KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")


def moving_panel(n_years: int = 12) -> Panel:
    rng = np.random.default_rng(3)
    values = np.exp(8 + np.cumsum(rng.normal(0.02, 0.05, (n_years, 3)), axis=0))
    years = pd.RangeIndex(2000, 2000 + n_years, name="year")
    return Panel(KEY, pd.DataFrame(values, index=years, columns=["AAA", "BBB", "ROW"]))


class Stubborn(Sarimax110):
    """Never finds a maximum."""

    def fit_series(self, series: FloatArray) -> FittedSeries:
        raise CannotFitError("did not converge")


def test_f079_a_fit_that_does_not_converge_is_replaced_by_drift_and_named() -> None:
    panel = moving_panel()
    stubborn, drift = Stubborn(), create("drift")
    fitted = [model.fit(panel, [1, 5]) for model in (stubborn, drift)]
    shares = [one.sample(200, np.random.default_rng(1)).shares for one in fitted]
    np.testing.assert_allclose(shares[0], shares[1])
    (result,) = fallback_report("sarimax110", fitted[0], panel).results
    assert (result.check, result.outcome) == ("NOT_CONVERGED", Outcome.WARN)
    assert result.observed == "3 of 3 series use drift instead"
    assert result.example_keys[0] == "AAA: did not converge"


def test_f079_a_model_that_fits_says_so_and_one_that_cannot_fail_says_nothing() -> None:
    panel = moving_panel()
    (result,) = fallback_report("sarimax110", Sarimax110().fit(panel, [1]), panel).results
    assert (result.outcome, result.observed) == (Outcome.PASS, "0 of 3 series use drift instead")
    assert fallback_report("naive", create("naive").fit(panel, [1]), panel).results == ()


@pytest.mark.filterwarnings("ignore::models.shares.pooled.forecaster.ShortPanelWarning")
def test_f079_the_default_model_names_a_panel_it_had_to_leave_to_drift() -> None:
    panel = moving_panel(5)
    pooled = create("pooled").fit(panel, [1])
    (result,) = fallback_report("pooled", pooled, panel).results
    assert result.failing_rows == 3
    assert "5 years" in result.example_keys[0]


@pytest.mark.usefixtures("orchestrator")
def test_f079_a_release_says_how_many_series_fell_back(tmp_path: Path) -> None:
    from flows.refresh import refresh

    source = tmp_path / "lab.csv"
    rows = [f"{year},{code},100" for year in range(2010, 2020) for code in ("FRA", "ITA")]
    source.write_text("\n".join(["year,country,researchers", *rows, ""]))
    refresh(sources=[str(source)], models=["sarimax110"], home=tmp_path / "home")
    row = talentcast.read("quality_checks", home=tmp_path / "home", check="NOT_CONVERGED").iloc[0]
    assert (row["table"], row["outcome"]) == ("lab sarimax110", "warn")
    assert (row["observed"], row["failing_rows"]) == ("2 of 2 series use drift instead", 2)
    assert row["example_keys"] == "FRA: constant; ITA: constant"


FORECAST = """
import json, sys
sys.path.insert(0, sys.argv[1])
from test_pooled_forecast import forecast
print(json.dumps(forecast().to_numpy()[:, 2:].tolist()))
"""


def forecast_with(threads: int) -> np.ndarray:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads))}  # noqa: TID251
    done = subprocess.run(
        [sys.executable, "-c", FORECAST, str(REPOSITORY / "tests" / "golden")],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=REPOSITORY,
    )
    return np.array(json.loads(done.stdout), dtype=float)


def test_f084_the_same_forecast_comes_again_and_with_another_number_of_threads() -> None:
    once, again, threaded = forecast_with(1), forecast_with(1), forecast_with(2)
    assert once.size > 50
    np.testing.assert_array_equal(once, again)
    np.testing.assert_allclose(once, threaded, rtol=1e-6)


def test_f085_f086_f087_nothing_that_is_shipped_can_load_a_stored_model() -> None:
    banned = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "skops"}
    files = [path for name in SHIPPED for path in (REPOSITORY / name).rglob("*.py")]
    assert len(files) > 100
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [node.attr]
                if isinstance(node, ast.Attribute)
                else []
            )
            found = {name.partition(".")[0] for name in names} & (banned | {"read_pickle"})
            assert not found, f"{path}: {found}"
