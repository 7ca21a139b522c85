"""Records in any number of files: the same rows as read at once, and nobody's id anywhere."""

from __future__ import annotations

import gzip
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from written_files import written_files

import engine.gather as gathering
from bench.scale import records as drawn_records
from engine.buckets import spans_of
from engine.files import RecordFile, holds_record_files, named_after, record_files
from engine.gather import EngineOptions, GatheredRecords, gather_records
from engine.scan import Scan
from features.career_records import EVERYBODY, RECORD_TABLES, CareerRecords
from features.engine import EngineLimits
from flows.steps.admit import recorded
from models.simulation.careers import simulate_careers
from privacy.pseudonyms import PseudonymKey, pseudonymised
from restricted.parts import part_suffix
from restricted.store import RestrictedStore
from sources.affiliations import read_career_records
from talentcast.domain.errors import InputRejectedError, StoreError, UsageError

KEY = PseudonymKey(b"0123456789abcdef" * 4)
N_FILES = 4


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Affiliations with ties, double affiliations and unknown countries."""
    return next(drawn_records(6_000))


@pytest.fixture(scope="module")
def at_once(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> CareerRecords:
    """The same rows, read from one file as they always were."""
    folder = tmp_path_factory.mktemp("one")
    rows.to_parquet(folder / "affiliations.parquet", index=False)
    return pseudonymised(read_career_records(folder), KEY)


def store_in(place: Path) -> RestrictedStore:
    return RestrictedStore(place / "restricted", releases=place / "releases")


def gathered(
    source: Path | str, place: Path, *, bucket_rows: int = 2_000, threads: int = 2
) -> GatheredRecords:
    options = EngineOptions(bucket_rows, EngineLimits(threads=threads))
    return gather_records(str(source), KEY, store_in(place), options)


def split(rows: pd.DataFrame, folder: Path, write: Callable[[pd.DataFrame, Path], None]) -> Path:
    folder.mkdir(parents=True)
    chosen = np.random.default_rng(0).integers(0, N_FILES, len(rows))
    for number in range(N_FILES):
        write(rows[chosen == number], folder / f"part-{number}")
    return folder


def as_parquet(rows: pd.DataFrame, path: Path) -> None:
    rows.to_parquet(path.with_suffix(".parquet"), index=False, row_group_size=500)


def as_csv(rows: pd.DataFrame, path: Path) -> None:
    rows.to_csv(path.with_suffix(".csv"), index=False)


def as_json_lines(rows: pd.DataFrame, path: Path) -> None:
    with gzip.open(path.with_suffix(".jsonl.gz"), "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows.to_dict("records"))


def sorted_rows(table: pd.DataFrame) -> pd.DataFrame:
    columns = ["researcher_id", "year", "country", *sorted(set(table) - set(_KEY))]
    numbers = dict.fromkeys(columns[3:], "float64")
    ordered = table[columns].sort_values(columns, ignore_index=True)
    return ordered.astype(numbers | {"year": "int64"})


_KEY = ("researcher_id", "year", "country")


def same(found: GatheredRecords, expected: CareerRecords) -> None:
    for name in ("careers", "affiliation_weights"):
        mine = getattr(found.parts.between(EVERYBODY), name)
        assert_frame_equal(sorted_rows(mine), sorted_rows(getattr(expected, name)))
    assert_frame_equal(recorded(found.parts).people, recorded(expected).people)


@pytest.mark.parametrize("write", [as_parquet, as_csv, as_json_lines])
def test_every_form_gives_the_rows_of_one_file_read_at_once(
    write: Any, rows: pd.DataFrame, at_once: CareerRecords, tmp_path: Path
) -> None:
    found = gathered(split(rows, tmp_path / "in", write), tmp_path)
    assert len(found.parts.spans) > 1
    same(found, at_once)
    assert found.profile[["rows", "person_years"]].sum().tolist() == [
        len(rows),
        len(at_once.careers),
    ]


@pytest.mark.parametrize("bucket_rows, threads", [(100_000, 1), (700, 2)])
def test_neither_threads_nor_the_number_of_buckets_change_a_row(
    bucket_rows: int, threads: int, rows: pd.DataFrame, at_once: CareerRecords, tmp_path: Path
) -> None:
    folder = split(rows, tmp_path / "in", as_parquet)
    same(gathered(folder, tmp_path, bucket_rows=bucket_rows, threads=threads), at_once)


def test_folders_may_be_named_after_years_and_tables(tmp_path: Path) -> None:
    people = simulate_careers(60, np.random.default_rng(2)).records
    for year, part in people.careers.groupby("year"):
        folder = tmp_path / "in" / "careers" / f"year={year}"
        folder.mkdir(parents=True)
        part.drop(columns="year").to_parquet(folder / "part-0.parquet", index=False)
    (tmp_path / "in" / "coauthor_countries").mkdir()
    people.coauthor_countries.to_csv(tmp_path / "in/coauthor_countries/all.csv", index=False)
    found = gathered(tmp_path / "in", tmp_path).parts.between(EVERYBODY)
    expected = pseudonymised(people, KEY)
    for name in ("careers", "coauthor_countries"):
        assert_frame_equal(sorted_rows(getattr(found, name)), sorted_rows(getattr(expected, name)))


def test_rows_that_cannot_be_used_are_counted_and_left_out(
    rows: pd.DataFrame, tmp_path: Path
) -> None:
    bad = rows.head(7).astype({"year": "float64"})
    bad.iloc[0, bad.columns.get_loc("year")] = 2999
    bad.iloc[1, bad.columns.get_loc("year")] = 2000.5
    bad.iloc[2, bad.columns.get_loc("country")] = "Atlantis"
    bad.iloc[3, bad.columns.get_loc("weight")] = 1.5
    bad.iloc[4, bad.columns.get_loc("works")] = np.nan
    bad.iloc[5, bad.columns.get_loc("researcher_id")] = None
    bad.iloc[6, bad.columns.get_loc("researcher_id")] = " "
    both = pd.concat([rows.iloc[10:], bad, rows.iloc[10:13]], ignore_index=True)
    found = gathered(split(both, tmp_path / "in", as_parquet), tmp_path)
    kinds = ["impossible_years", "unknown_countries", "bad_numbers", "missing_ids", "duplicates"]
    assert found.profile[kinds].sum().tolist() == [2, 1, 2, 2, 3]
    rest = tmp_path / "rest"
    rest.mkdir()
    rows.iloc[10:].to_parquet(rest / "affiliations.parquet", index=False)
    same(found, pseudonymised(read_career_records(rest), KEY))


def test_a_run_that_was_killed_goes_on_behind_the_last_bucket(
    rows: pd.DataFrame, at_once: CareerRecords, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = split(rows, tmp_path / "in", as_parquet)
    made: list[int] = []
    real = gathering.bucket_records

    def dies_at_the_third(number: int, *rest: Any) -> Any:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(number)
        return real(number, *rest)

    monkeypatch.setattr(gathering, "bucket_records", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        gathered(folder, tmp_path)
    made.append(-1)  # from here on none dies
    monkeypatch.setattr(gathering.Scan, "of", None)  # no file is scanned a second time
    same(gathered(folder, tmp_path), at_once)
    assert made == [0, 1, -1, 2]
    assert not any(store_in(tmp_path).scan_folder.glob("*"))
    monkeypatch.setattr(gathering, "bucket_records", None)  # nor is a bucket made again
    same(gathered(folder, tmp_path), at_once)


def test_what_was_made_before_a_kill_is_not_made_again(
    rows: pd.DataFrame, at_once: CareerRecords, tmp_path: Path
) -> None:
    folder = split(rows, tmp_path / "in", as_parquet)
    script = (
        "from engine.gather import EngineOptions, gather_records\n"
        "from engine.workers import Workers\n"
        "from pathlib import Path\n"
        "from privacy.pseudonyms import PseudonymKey\n"
        "from restricted.store import RestrictedStore\n"
        f"place = Path({str(tmp_path)!r})\n"
        "store = RestrictedStore(place / 'restricted', releases=place / 'releases')\n"
        "options = EngineOptions(400, workers=Workers(2))\n"
        f"gather_records({str(folder)!r}, PseudonymKey({KEY.secret!r}), store, options)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    made: list[Path] = []
    while run.poll() is None and len(made) < 3:
        time.sleep(0.01)
        made = list(store_in(tmp_path).scan_folder.glob("*/bucket-*.json"))
    run.kill()
    assert run.wait() == -signal.SIGKILL
    whole = {path: path.stat().st_mtime_ns for path in _careers_of(made, tmp_path)}
    assert len(whole) >= 3
    found = gathered(folder, tmp_path, bucket_rows=400)
    assert len(found.parts.spans) == 15
    same(found, at_once)
    assert {path: path.stat().st_mtime_ns for path in whole} == whole


def _careers_of(marks: list[Path], place: Path) -> list[Path]:
    """Return the files of the buckets that have a mark."""
    (people,) = (place / "restricted" / "people").glob("*")
    spans = (spans_of(15)[int(mark.stem.rpartition("-")[2])] for mark in marks)
    return [people / f"careers{part_suffix(span)}.parquet" for span in spans]


def test_no_id_is_in_any_file_message_or_log(
    rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    folder = split(rows, tmp_path / "in", as_csv)
    monkeypatch.setattr(gathering.shutil, "rmtree", lambda *_, **__: None)  # look at the scan too
    with caplog.at_level(logging.DEBUG):
        gathered(folder, tmp_path)
    ids = [name.encode() for name in rows["researcher_id"].unique()]
    marks = {name.rpartition(b"/")[2] for name in ids}
    written = dict(written_files(tmp_path / "restricted"))
    assert {path.suffix for path in written} >= {".parquet", ".json"}
    for path, content in written.items():
        assert b"openalex.org" not in content, path
    assert not any(mark in caplog.text.encode() for mark in marks)
    (folder / "part-9.csv").write_text("researcher_id,year,country,weight,works\nhttps://x/A1,\n")
    with pytest.raises(InputRejectedError) as refused:
        gathered(folder, tmp_path / "other")
    assert "A1" not in str(refused.value)


def test_who_is_forgotten_is_neither_scanned_nor_made_into_a_bucket(
    rows: pd.DataFrame, tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    folder, store = split(rows, tmp_path / "in", as_parquet), store_in(tmp_path)
    somebody = KEY.pseudonym(rows["researcher_id"].iloc[0])
    store.forget(somebody, forgotten_at=datetime.now(UTC))
    found = gathered(folder, tmp_path)
    for path in (store.root / "people").rglob("*.parquet"):
        assert somebody not in set(pd.read_parquet(path)["researcher_id"])
    other = found.parts.between(EVERYBODY).careers["researcher_id"].iloc[0]
    assert store.forget(other, forgotten_at=datetime.now(UTC)) > 0
    again = gathered(folder, tmp_path).parts.between(EVERYBODY)
    for name in RECORD_TABLES:
        assert not getattr(again, name)["researcher_id"].isin([somebody, other]).any()


def test_who_is_forgotten_while_files_are_read_takes_nobody_else_along(
    rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is taken away between two files; the marks of it must not be trusted."""
    folder = split(rows, tmp_path / "in", as_parquet)
    scanned = Scan.of

    def forgets(self: Scan, file: RecordFile, target: Path) -> dict[str, list[int]]:
        found = scanned(self, file, target)
        if target.name == "00002":
            for chunk in target.parent.glob("*.parquet"):
                chunk.unlink()
        return found

    monkeypatch.setattr(Scan, "of", forgets)
    with pytest.raises(StoreError, match="begins anew"):
        gathered(folder, tmp_path)
    monkeypatch.undo()
    again = gathered(folder, tmp_path)
    whole = gathered(folder, tmp_path / "other")
    assert again.profile.equals(whole.profile)


def test_only_files_of_records_are_taken_for_such(rows: pd.DataFrame, tmp_path: Path) -> None:
    folder = split(rows.head(40), tmp_path / "lab", as_csv)
    assert holds_record_files(str(folder))
    assert holds_record_files(str(folder / "*.csv"))
    assert holds_record_files(str(folder / "part-0.csv"))
    assert named_after(str(folder / "*.csv")) == named_after(str(folder)) == "lab"
    for name in ("counts.csv", "careers_by_country.csv"):
        counts = tmp_path / name
        counts.write_text("year,country,researchers\n2020,FRA,10\n")
        assert not holds_record_files(str(counts))
    assert not holds_record_files(str(tmp_path / "nothing"))
    with pytest.raises(UsageError, match="neither careers nor affiliations"):
        record_files(str(tmp_path / "nothing"))
    (folder / "part-8.csv").symlink_to(folder / "part-0.csv")
    with pytest.raises(UsageError, match="no plain file"):
        record_files(str(folder))


def test_hostile_files_are_refused(rows: pd.DataFrame, tmp_path: Path) -> None:
    def code(name: str, table: pd.DataFrame) -> str:
        folder = tmp_path / name
        as_parquet(table, folder.with_suffix("") / "x") if folder.mkdir() else None
        table.to_parquet(folder / "x.parquet", index=False)
        with pytest.raises(InputRejectedError) as refused:
            gathered(folder, tmp_path / f"{name}-home")
        return refused.value.code

    few = rows.head(50)
    assert code("names", few.assign(full_name="x")) == "FORBIDDEN_COLUMN"
    assert code("long", few.assign(country="x" * 10_000)) == "TOO_LARGE"
    assert code("lacks", few.drop(columns="country")) == "SCHEMA"
    assert code("none", few.assign(country="Atlantis")) == "EMPTY"
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "affiliations-1.parquet").write_bytes(b"PAR1 is no Parquet file PAR1")
    with pytest.raises(InputRejectedError) as refused:
        gathered(broken, tmp_path / "broken-home")
    assert refused.value.code == "PARSE"
