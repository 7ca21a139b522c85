"""Do DuckDB and Spark agree on millions of records? `python -m tests.stress.engines`.

A quarter of the person-years ends in a tie between countries. Rows of every step are compared with
those of DuckDB with one thread: with two threads, with people in three and in seven buckets, and on
a standalone Spark cluster of two workers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from spark_cluster import spark_cluster

from features.careers import (
    fill_gaps,
    first_and_last_seen,
    flows,
    moves,
    observation_gaps,
    origin_countries,
    person_years,
    stocks,
)

Step = Callable[[ir.Table], ir.Table]

STEPS: dict[str, Step] = {
    "origins": origin_countries,
    "commonest origins": lambda careers: origin_countries(careers, rule="mode_of_three_years"),
    "moves": moves,
    "filled": fill_gaps,
    "stocks": lambda careers: stocks(fill_gaps(careers)),
    "flows": lambda careers: flows(moves(careers)),
    "entries and exits": first_and_last_seen,
    "gaps": observation_gaps,
}
#: Steps of one person at a time: their rows do not depend on who is in which bucket.
BY_PERSON = ("origins", "commonest origins", "moves", "filled")
PERSON_YEARS = "person years"
BUCKETS = (3, 7)
TIED = 0.25


def made_up(n_rows: int, seed: int = 0) -> pd.DataFrame:
    """Return affiliations of 20 years; in a quarter of the person-years two countries are tied."""
    rng = np.random.default_rng(seed)
    n_years = int(n_rows / 1.2)  # some fall together, some are two rows
    year = pd.DataFrame(
        {
            "researcher_id": rng.integers(0, n_rows // 12, n_years),
            "year": rng.integers(2000, 2020, n_years),
        }
    ).drop_duplicates(ignore_index=True)
    codes = np.array(["CHN", "DEU", "FRA", "IND", "USA", "UNK"])
    place = rng.integers(0, len(codes) - 1, len(year))
    is_tied, is_double = rng.random((2, len(year))) < np.array([[TIED], [0.3]])
    second = (place + 1 + rng.integers(0, len(codes) - 2, len(year))) % (len(codes) - 1)
    first = year.assign(country=codes[place], weight=np.where(is_tied, 0.5, 0.6))
    first.loc[~is_tied & (rng.random(len(year)) < 0.05), "country"] = "UNK"
    other = year.assign(country=codes[second], weight=np.where(is_tied, 0.5, 0.4))
    both = pd.concat([first, other[is_tied | is_double]], ignore_index=True)
    return both.assign(
        researcher_id=both["researcher_id"].astype(str), works=rng.integers(1, 4, len(both))
    )


@contextmanager
def duckdb_with(threads: int) -> Iterator[ibis.BaseBackend]:
    """Give a DuckDB of its own."""
    engine = ibis.duckdb.connect()
    try:
        engine.raw_sql(f"SET threads = {threads}")
        yield engine
    finally:
        engine.disconnect()


def write_steps(
    engine: ibis.BaseBackend, affiliations: ir.Table, folder: Path, steps: Iterable[str]
) -> None:
    """Write person-years, and from what was written the rows of steps."""
    folder.mkdir(parents=True)
    careers = folder / f"{PERSON_YEARS}.parquet"
    _write(person_years(affiliations), careers)
    for name in steps:
        _write(STEPS[name](engine.read_parquet(_files(careers))), folder / f"{name}.parquet")


def _write(rows: ir.Table, path: Path) -> None:
    began = time.monotonic()
    rows.to_parquet(path)
    print(f"{path.parent.name}, {path.stem}: {time.monotonic() - began:.1f} s", flush=True)


def _files(path: Path) -> str:
    return f"{path}/*.parquet" if path.is_dir() else str(path)


def differences(one: str, other: str) -> int:
    """Return how many rows stand in one of two tables and not in the other.

    Args:
        one: File, or pattern of files, as DuckDB reads it.
        other: The same of the other table.
    """
    first, second = f"'{one}'", f"'{other}'"
    with duckdb.connect() as engine:
        names = [row[0] for row in engine.execute(f"DESCRIBE FROM {first}").fetchall()]
        columns = ", ".join(sorted(names))
        counted = 0
        for left, right in ((first, second), (second, first)):
            query = (
                f"SELECT count(*) FROM (SELECT {columns} FROM {left} "  # noqa: S608 - own files
                f"EXCEPT ALL SELECT {columns} FROM {right})"
            )
            counted += engine.execute(query).fetchall()[0][0]
    return counted


def different_rows(folder: Path) -> dict[tuple[str, str], int]:
    """Compare every way with one thread, and two rules of origin, which must differ."""
    alone = folder / "one thread"
    found = {}
    for way in ("two threads", "two workers of Spark"):
        for name in (PERSON_YEARS, *STEPS):
            table = _files(folder / way / f"{name}.parquet")
            found[way, name] = differences(str(alone / f"{name}.parquet"), table)
    for n_buckets in BUCKETS:
        for name in (PERSON_YEARS, *BY_PERSON):
            tables = f"{folder / str(n_buckets)}/*/{name}.parquet"
            found[f"{n_buckets} buckets", name] = differences(
                str(alone / f"{name}.parquet"), tables
            )
    origins = (str(alone / f"{name}.parquet") for name in ("origins", "commonest origins"))
    return found | {("control", "two rules of origin"): differences(*origins)}


def main() -> None:
    """Compare all ways; exit 1 if a row differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_200_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = folder / "affiliations.parquet"
        rows = made_up(asked.rows, asked.seed)
        rows.to_parquet(path)
        print(f"{len(rows):,} rows of {rows['researcher_id'].nunique():,} people", flush=True)
        with duckdb_with(threads=1) as engine:
            write_steps(engine, engine.read_parquet(str(path)), folder / "one thread", STEPS)
        with duckdb_with(threads=2) as engine:
            affiliations = engine.read_parquet(str(path))
            write_steps(engine, affiliations, folder / "two threads", STEPS)
            bucket = affiliations.researcher_id.cast("int64")
            for n_buckets in BUCKETS:
                for number in range(n_buckets):
                    some = affiliations.filter(bucket % n_buckets == number)
                    write_steps(engine, some, folder / str(n_buckets) / str(number), BY_PERSON)
        with spark_cluster(folder, workers=2) as spark:
            write_steps(
                spark, spark.read_parquet(str(path)), folder / "two workers of Spark", STEPS
            )
        found = different_rows(folder)
    for (way, name), n in found.items():
        print(f"{way}, {name}: {n} rows differ")
    is_expected = [(way == "control") == (n > 0) for (way, _), n in found.items()]
    sys.exit(0 if all(is_expected) else 1)


if __name__ == "__main__":
    main()
