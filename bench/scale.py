"""Affiliation records of people who do not exist, in any number, and what a run on them costs.

`python -m bench.scale make FOLDER --rows 5000000` writes records with the skew of real ones,
`run FOLDER` publishes from them and says what that took, `learn FOLDER` asks from how many a model
learns.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pycountry

from engine.gather import EngineOptions, gather_records
from engine.workers import Workers
from features.person_period import stacked_steps
from models.returns.evaluation.backtest import fold_of
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.drift import log_loss_of_steps
from models.returns.model.members import STEPS
from models.returns.model.return_model import TrainingTables, fit_return_model
from models.returns.person_sample import draws_of, is_drawn
from privacy.pseudonyms import PseudonymKey
from restricted.store import RestrictedStore
from talentcast.domain.types import Origin

KEY: Final = "0123456789abcdef" * 4
_CUT: Final = Origin(2018)

Form = Literal["parquet", "csv", "jsonl"]

#: The same size at any number of rows: more rows make more files.
ROWS_PER_FILE: Final = 1_000_000
FIRST_YEAR, LAST_YEAR = 1985, 2025
_PEOPLE_AT_ONCE: Final = 50_000
_N_COUNTRIES: Final = 200
_P_SEEN: Final = 0.75
_P_MOVE: Final = 0.02
_P_MOVER_RETURNS: Final = 0.12
_P_DOUBLE: Final = 0.12
_P_TIE: Final = 0.25
_P_UNKNOWN: Final = 0.05
_CODES: Final = np.array(
    sorted(country.alpha_3 for country in pycountry.countries)[:_N_COUNTRIES], dtype=object
)


def records(n_rows: int, seed: int = 0) -> Iterator[pd.DataFrame]:
    """Yield affiliation records, some tens of thousands of people at a time.

    Careers span 1 to 30 years, most of them few; 2 % of person-years begin in another country,
    12 % have a second affiliation, a quarter of these with equal weight; 5 % of rows have no
    country. Rows come in random order: nobody's lie together.
    """
    rng = np.random.default_rng(seed)
    made, first_person = 0, 0
    while made < n_rows:
        rows = _of_people(_PEOPLE_AT_ONCE, first_person, rng).head(n_rows - made)
        made, first_person = made + len(rows), first_person + _PEOPLE_AT_ONCE
        yield rows.sample(frac=1, random_state=rng)


def _of_people(n: int, first_person: int, rng: np.random.Generator) -> pd.DataFrame:
    span = np.minimum(1 + rng.geometric(0.11, n), 30)
    entry = LAST_YEAR - rng.integers(0, LAST_YEAR - FIRST_YEAR + 1, n)
    weights = 1 / np.arange(1, _N_COUNTRIES + 1) ** 1.1
    chances = weights / weights.sum()
    home = rng.choice(_N_COUNTRIES, n, p=chances)
    place = home.copy()
    parts = []
    for age in range(int(span.max())):
        is_away = place != home
        returns = is_away & (rng.random(n) < _P_MOVER_RETURNS)
        moves = ~returns & (rng.random(n) < _P_MOVE)
        place = np.where(
            returns, home, np.where(moves, rng.choice(_N_COUNTRIES, n, p=chances), place)
        )
        year = entry + age
        is_seen = (age < span) & (year <= LAST_YEAR) & ((age == 0) | (rng.random(n) < _P_SEEN))
        person = np.flatnonzero(is_seen)
        parts.append(pd.DataFrame({"person": person, "year": year[person], "place": place[person]}))
    years = pd.concat(parts, ignore_index=True)
    return _with_affiliations(years, first_person, chances, rng)


def _with_affiliations(
    years: pd.DataFrame, first_person: int, chances: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(years)
    works = np.minimum(rng.geometric(0.35, n), 60)
    is_double = rng.random(n) < _P_DOUBLE
    second = rng.choice(_N_COUNTRIES, n, p=chances)
    is_double &= second != years["place"].to_numpy()
    share = np.where(rng.random(n) < _P_TIE, 0.5, rng.integers(51, 90, n) / 100)
    base = years.assign(
        weight=np.where(is_double, share, 1.0),
        works=works,
        first_author_works=rng.binomial(works, 0.25),
        last_author_works=rng.binomial(works, 0.15),
        team_size=np.round(1 + rng.gamma(2.0, 1.8, n), 1),
    )
    other = base[is_double].assign(place=second[is_double], weight=1 - share[is_double])
    both = pd.concat([base, other], ignore_index=True).sort_values("person", ignore_index=True)
    country = _CODES[both["place"].to_numpy()]
    # A second affiliation keeps its country: two unknown ones of a year would be one row.
    is_unknown = (rng.random(len(both)) < _P_UNKNOWN) & (both["weight"] == 1.0).to_numpy()
    country = np.where(is_unknown, "UNK", country)
    # A number that looks like one of a catalogue, in an order that says nothing.
    number = (both["person"].to_numpy() + first_person + 1) * 7_919 % 9_999_999_967
    named = both.drop(columns=["person", "place"]).assign(country=country)
    ids = "https://openalex.org/A5" + pd.Series(number).astype(str).str.zfill(10)
    named.insert(0, "researcher_id", ids.to_numpy())
    return named


def write_records(folder: Path, n_rows: int, *, form: Form = "parquet", seed: int = 0) -> None:
    """Write records in files of about `ROWS_PER_FILE` rows, nobody's in one file alone."""
    folder.mkdir(parents=True)
    n_files = max(1, round(n_rows / ROWS_PER_FILE))
    rng = np.random.default_rng(seed + 1)
    with ExitStack() as stack:
        files: dict[int, Any] = {}
        for rows in records(n_rows, seed):
            chosen = rng.integers(0, n_files, len(rows))
            for number in range(n_files):
                part = pa.Table.from_pandas(rows[chosen == number], preserve_index=False)
                if number not in files:
                    path = folder / f"part-{number:04d}"
                    files[number] = stack.enter_context(_Writer(path, part.schema, form))
                files[number].write(part)


class _Writer:
    """A file that grows by tables, in one of three forms."""

    def __init__(self, path: Path, schema: pa.Schema, form: Form) -> None:
        self._stack, self._form = ExitStack(), form
        if form == "parquet":
            self._file: Any = pq.ParquetWriter(path.with_suffix(".parquet"), schema)
        elif form == "csv":
            self._file = pa.csv.CSVWriter(path.with_suffix(".csv"), schema)
        else:
            self._file = gzip.open(path.with_suffix(".jsonl.gz"), "wt", compresslevel=1)  # noqa: SIM115
        self._stack.enter_context(self._file)

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, table: pa.Table) -> None:
        if self._form == "jsonl":
            self._file.writelines(json.dumps(row) + "\n" for row in table.to_pylist())
        else:
            self._file.write(table)


def once(folder: Path, home: Path) -> None:
    """Publish from a folder, and print when each stage began."""
    from flows.steps.pipeline import COMMON_STAGES, refresh
    from flows.steps.plan import Plan
    from flows.steps.runner import LocalRunner
    from talentcast.config import load_settings

    settings = load_settings(home).model_copy(update={"datasets_dir": home / "datasets"})
    started = time.monotonic()

    def tell(doing: str, done: int, stages: int) -> None:
        print(f"{time.monotonic() - started:8.1f} s  {doing}", flush=True)

    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("engine").setLevel(logging.INFO)
    refreshed = refresh(
        Plan(sources=(str(folder),)), settings, run=LocalRunner(tell, COMMON_STAGES)
    )
    assert refreshed.is_new  # noqa: S101 - otherwise nothing was measured


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took.

    Attributes:
        seconds: By the clock.
        cpu_seconds: Of it and its children: what other work on the machine changes least.
        megabytes: Most memory of it and its children at any moment.
        peak_at: Seconds after the start at which that was.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float
    peak_at: float


def measured(command: list[str]) -> Cost:
    """Run a command and measure it."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    most, peak_at = 0.0, 0.0
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            memory = _tree_memory(process.pid)
            if memory > most:
                most, peak_at = memory, time.monotonic() - started
            time.sleep(0.2)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.monotonic() - started, cpu, most, peak_at)


def _tree_memory(root: int) -> float:
    """Proportional set size of a process and all below it, in MB: shared pages count once."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    total, waiting = 0.0, [root]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        with suppress(OSError):
            for line in (Path("/proc") / str(process) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) / 1024
    return total


def raw_scan_seconds(folder: Path, threads: int = 2) -> float:
    """Return how long DuckDB takes to read every column of the Parquet files of a folder."""
    with duckdb.connect() as engine:
        engine.execute(f"SET threads = {threads}")
        source = f"read_parquet('{folder}/*.parquet')"  # the folder is this program's own
        files = engine.execute(f"DESCRIBE FROM {source}")
        columns = [row[0] for row in files.fetchall()]
        aggregates = ", ".join(f"max({column})" for column in columns)
        started = time.monotonic()
        engine.execute(f"SELECT {aggregates} FROM {source}").fetchall()  # noqa: S608
        return time.monotonic() - started


def run(folder: Path) -> None:
    """Print what publishing from a folder costs."""
    scan = raw_scan_seconds(folder)
    with TemporaryDirectory() as home:
        command = [sys.executable, "-m", "bench.scale", "once", str(folder), "--home", home]
        print(f"load before: {os.getloadavg()[0]:.1f}", flush=True)
        cost = measured(command)
    print(f"{folder}: raw scan {scan:.2f} s; {cost}", flush=True)


def learn(folder: Path) -> None:
    """Print how well returns are predicted by a model of fewer and fewer people.

    One fifth of the people is tested on: log loss per person-year of landmarks from the cut on.
    """
    key = PseudonymKey(KEY.encode())
    with TemporaryDirectory() as home:
        store = RestrictedStore(Path(home) / "restricted", releases=Path(home) / "releases")
        options = EngineOptions(workers=Workers(2))
        parts = gather_records(str(folder), key, store, options).parts
        history = LandmarkHistory.of(parts, since=LAST_YEAR, most=2**62, mapper=Workers(2))
    is_tested = fold_of(history.landmarks["researcher_id"]) == 0
    complete = history.complete()
    is_after = complete["landmark_year"] >= _CUT.year
    tested = complete[is_tested & is_after].reset_index(drop=True)
    steps = stacked_steps(tested, STEPS)
    others = history.landmarks[~is_tested].reset_index(drop=True)
    draws = draws_of(others["researcher_id"], seed=0)
    for halvings in range(6, -1, -1):
        landmarks = others[is_drawn(draws, halvings)].reset_index(drop=True)
        started = time.process_time()
        tables = TrainingTables.of(replace(history, landmarks=landmarks), _CUT)
        model = fit_return_model(tables, seed=0)
        cpu = time.process_time() - started
        loss = log_loss_of_steps(model.hazards_of_moves(tested), steps)
        print(f"{len(landmarks)} landmarks: log loss {loss:.4f}, {cpu:.1f} CPU seconds", flush=True)


def main() -> int:
    """Write records, run on them, or learn from them."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("what", choices=["make", "run", "once", "learn"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--form", choices=["parquet", "csv", "jsonl"], default="parquet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    os.environ.setdefault("TALENTCAST_PSEUDONYM_KEY", KEY)  # noqa: TID251
    if asked.what == "make":
        write_records(asked.folder, asked.rows, form=asked.form, seed=asked.seed)
    elif asked.what == "run":
        run(asked.folder)
    elif asked.what == "learn":
        learn(asked.folder)
    else:
        once(asked.folder, asked.home)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
