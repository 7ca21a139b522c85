"""The same records through DuckDB and a Spark cluster give the same rows, ties included.

Spark needs Java and `pip install ".[spark]"`; without them these tests are left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest
from spark_cluster import spark_cluster

from features.careers import fill_gaps, moves, observation_gaps, origin_countries, person_years

pytest.importorskip("pyspark", reason="Spark is an optional extra: pip install '.[spark]'")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java.", allow_module_level=True)

STEPS = {
    "origins": origin_countries,
    "commonest origins": lambda careers: origin_countries(careers, rule="mode_of_three_years"),
    "moves": moves,
    "filled": fill_gaps,
    "gaps": observation_gaps,
}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ibis.BaseBackend]:
    with spark_cluster(tmp_path_factory.mktemp("spark"), workers=2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def affiliations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few countries and few weights, so that many years end in a tie."""
    rng, n = np.random.default_rng(0), 4_000
    path = tmp_path_factory.mktemp("affiliations") / "affiliations.parquet"
    pd.DataFrame(
        {
            "researcher_id": rng.integers(0, 300, n).astype(str),
            "year": rng.integers(2000, 2012, n),
            "country": rng.choice(["USA", "CHN", "FRA", "UNK"], n),
            "weight": rng.choice([0.25, 0.5, 1.0], n),
            "works": rng.integers(1, 4, n),
        }
    ).drop_duplicates(["researcher_id", "year", "country"]).to_parquet(path)
    return path


def rows(expression: ir.Table) -> pd.DataFrame:
    frame = expression.to_pandas()
    return frame.sort_values(list(frame.columns), ignore_index=True)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_spark_and_duckdb_give_the_same_rows(
    spark: ibis.BaseBackend, affiliations: Path, step: Callable[[ir.Table], ir.Table]
) -> None:
    one = ibis.duckdb.connect().read_parquet(affiliations)
    other = spark.read_parquet(str(affiliations))
    pd.testing.assert_frame_equal(
        rows(person_years(one)), rows(person_years(other)), check_dtype=False
    )
    pd.testing.assert_frame_equal(
        rows(step(person_years(one))), rows(step(person_years(other))), check_dtype=False
    )


def test_two_workers_did_the_work(spark: ibis.BaseBackend, affiliations: Path) -> None:
    spark.read_parquet(str(affiliations)).count().execute()
    context = spark._session.sparkContext
    assert context.master.startswith("spark://")
    assert context._jsc.sc().getExecutorMemoryStatus().size() == 1 + 2  # the driver is listed too
