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
from collections.abc import Callable, Iterator
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


def write_steps(engine: ibis.BaseBackend, path: Path, folder: Path) -> None:
    """Write the rows of every step, the first from affiliations, the others from person years."""
    folder.mkdir()
    careers = folder / "person years.parquet"
    _write(person_years(engine.read_parquet(str(path))), careers)
    for name, step in STEPS.items():
        _write(step(engine.read_parquet(_files(careers))), folder / f"{name}.parquet")


def _write(rows: ir.Table, path: Path) -> None:
    began = time.monotonic()
    rows.to_parquet(path)
    print(f"{path.parent.name}, {path.stem}: {time.monotonic() - began:.1f} s", flush=True)


def _files(path: Path) -> str:
    return f"{path}/*.parquet" if path.is_dir() else str(path)


def write_buckets(affiliations: ir.Table, folder: Path, n_buckets: int) -> None:
    """Write the rows of every step that looks at one person, of each bucket by itself."""
    of_bucket = affiliations.researcher_id.cast("int64") % n_buckets
    steps: dict[str, Step] = {"person years": lambda careers: careers}
    steps |= {name: STEPS[name] for name in BY_PERSON}
    for name in steps:
        (folder / f"{name}.parquet").mkdir(parents=True)
    for number in range(n_buckets):
        careers = person_years(affiliations.filter(of_bucket == number))
        for name, step in steps.items():
            step(careers).to_parquet(folder / f"{name}.parquet" / f"{number}.parquet")


def differences(one: Path, other: Path) -> int:
    """Return how many rows stand in one of two tables and not in the other."""
    first, second = (f"'{_files(path)}'" for path in (one, other))
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
            write_steps(engine, path, folder / "one thread")
        with duckdb_with(threads=2) as engine:
            write_steps(engine, path, folder / "two threads")
            for n_buckets in (3, 7):
                affiliations = engine.read_parquet(str(path))
                write_buckets(affiliations, folder / f"{n_buckets} buckets", n_buckets)
        with spark_cluster(folder, workers=2) as cluster:
            write_steps(cluster, path, folder / "two workers of Spark")
        found = {
            (way, name): differences(
                folder / "one thread" / f"{name}.parquet", folder / way / f"{name}.parquet"
            )
            for way in ("two threads", "3 buckets", "7 buckets", "two workers of Spark")
            for name in ("person years", *(BY_PERSON if "buckets" in way else STEPS))
        }
        alone = folder / "one thread"
        control = differences(alone / "origins.parquet", alone / "commonest origins.parquet")
    for (way, name), n in found.items():
        print(f"{way}, {name}: {n} rows differ")
    print(f"control, two rules of origin: {control} rows differ")
    sys.exit(0 if control and not any(found.values()) else 1)


if __name__ == "__main__":
    main()
