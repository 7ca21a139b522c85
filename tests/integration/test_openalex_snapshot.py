"""Works of a snapshot become records of their authors, counted by hand, and without ids."""

from __future__ import annotations

import gzip
import json
import logging
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from openalex_snapshot import author, drawn_works, work, write_snapshot
from pandas.testing import assert_frame_equal
from written_files import written_files

import sources.openalex.snapshot_works as reading
from engine import convert
from engine.convert import Conversion, Converted
from engine.gather import EngineOptions, gather_records
from engine.workers import Workers
from features.career_records import EVERYBODY
from privacy.pseudonyms import PseudonymKey
from restricted.store import RestrictedStore
from sources.countries import country_code
from sources.openalex.snapshot import works_snapshot
from sources.openalex.snapshot_file import OpenAlexRecords
from sources.openalex.snapshot_works import WorksWanted
from talentcast.domain.errors import InputRejectedError, TalentcastError, UsageError

KEY = PseudonymKey(b"0123456789abcdef" * 4)
ALL = WorksWanted(2026, corpus="all")


def store_in(place: Path) -> RestrictedStore:
    return RestrictedStore(place / "restricted", releases=place / "releases")


def converted(
    root: Path, place: Path, wanted: WorksWanted = ALL, *, n_buckets: int = 3, processes: int = 1
) -> Converted:
    source = OpenAlexRecords(works_snapshot(root), wanted)
    conversion = Conversion(source, "ai", KEY, store_in(place), n_buckets, Workers(processes))
    return conversion.run(lambda *_: None)


def rows_of(made: Converted, table: str = "affiliations") -> pd.DataFrame:
    rows = pd.read_parquet(made.folder / table)
    key = ["researcher_pseudonym", "year", "country"]
    return rows.sort_values(key, ignore_index=True)


def of_author(rows: pd.DataFrame, number: int) -> list[tuple[Any, ...]]:
    name = bytes.fromhex(KEY.pseudonym(f"https://openalex.org/A{5_000_000_000 + number}"))
    theirs = rows[rows["researcher_pseudonym"] == name].drop(columns="researcher_pseudonym")
    return list(theirs.itertuples(index=False, name=None))


def test_two_works_are_counted_as_one_would_by_hand(tmp_path: Path) -> None:
    """The first author is in two countries on one work, and in one of them on the other."""
    works = [
        work(1, [author(1, "US", "FR", position="first"), author(2, "DE", position="last")]),
        work(2, [author(3, position="first"), author(1, "US"), author(2, "DE", position="last")]),
    ]
    made = converted(write_snapshot(tmp_path / "in", [works[:1], works[1:]]), tmp_path)
    rows = rows_of(made)
    assert of_author(rows, 1) == [
        (2020, "FRA", 0.25, 2, 1, 0, 2.5),
        (2020, "USA", 0.75, 2, 1, 0, 2.5),
    ]
    assert of_author(rows, 2) == [(2020, "DEU", 1.0, 2, 0, 2, 2.5)]
    assert of_author(rows, 3) == [(2020, "UNK", 1.0, 1, 1, 0, 3.0)]
    coauthors = rows_of(made, "coauthor_countries")
    assert of_author(coauthors, 1) == [(2020, "DEU", 2)]
    assert of_author(coauthors, 2) == [(2020, "FRA", 1), (2020, "USA", 2)]
    assert of_author(coauthors, 3) == [(2020, "DEU", 1), (2020, "USA", 1)]


def naive(works: list[dict[str, Any]]) -> tuple[dict[Any, float], dict[Any, int]]:
    """Return weights and co-authors by author, year and country, one work after the other."""
    weights: dict[Any, float] = defaultdict(float)
    coauthors: dict[Any, int] = defaultdict(int)
    n_works: dict[Any, int] = defaultdict(int)
    for each in works:
        year = each["publication_year"]
        listed = [
            (one["author"]["id"], sorted({country_code(text) for text in one["countries"]}))
            for one in each["authorships"]
        ]
        for at, (name, codes) in enumerate(listed):
            n_works[name, year] += 1
            for code in codes or ["UNK"]:
                weights[name, year, code] += 1 / max(1, len(codes))
            for other, (_, theirs) in enumerate(listed):
                for code in theirs if other != at else []:
                    coauthors[name, year, code] += 1
    return {key: weight / n_works[key[:2]] for key, weight in weights.items()}, coauthors


def test_sums_are_those_of_one_work_after_the_other(tmp_path: Path) -> None:
    works = list(drawn_works(700, seed=3, n_people=300))
    made = converted(write_snapshot(tmp_path / "in", [works[:400], works[400:]]), tmp_path)
    weights, coauthors = naive(works)
    for expected, table, column in (
        (weights, "affiliations", "weight"),
        (coauthors, "coauthor_countries", "coauthors"),
    ):
        rows = rows_of(made, table)
        keys = zip(rows["researcher_pseudonym"], rows["year"], rows["country"], strict=True)
        found = dict(zip(keys, rows[column], strict=True))
        named = {
            (bytes.fromhex(KEY.pseudonym(name)), year, code): value
            for (name, year, code), value in expected.items()
        }
        assert found.keys() == named.keys()
        assert max(abs(found[key] - value) for key, value in named.items()) < 1e-9


def test_neither_parts_nor_buckets_nor_processes_change_a_row(tmp_path: Path) -> None:
    works = list(drawn_works(400, n_people=150))
    one = converted(write_snapshot(tmp_path / "one", [works]), tmp_path / "a", n_buckets=1)
    parts = [works[start::3] for start in range(3)]
    root = write_snapshot(tmp_path / "three", parts, legacy=True)
    three = converted(root.parents[1], tmp_path / "b", n_buckets=7, processes=2)
    for table in ("affiliations", "coauthor_countries"):
        assert_frame_equal(rows_of(one, table), rows_of(three, table))


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    somebody = [author(1, "US")]
    crowd = [author(number, "US") for number in range(99)]
    works = [
        work(1, somebody),
        work(2, somebody, is_xpac=True),
        work(3, somebody, primary_topic=None),
        work(4, somebody, publication_year=2027),
        work(5, somebody, publication_year=None),
        work(6, somebody, publication_year=1890),
        work(7, somebody, publication_year=2001),
        work(8, []),
        work(9, None),
        work(10, [*crowd, author(99, "US", position="last")]),
        work(11, [*crowd, author(99, "US", position="last")], authors_count=100),
        work(12, [author(4_999_999_999, "US"), author(317_838_346, "US"), author(7, "ZZ")]),
        work(13, somebody),
        work(14, somebody, type="dataset"),
        work(15, [author(200) | {"institutions": [{"country_code": "GB"}]}]),
    ]
    wanted = WorksWanted(2026, 2002, 2026, "1702", "core", frozenset({"article"}))
    root = write_snapshot(tmp_path / "in", [works], deleted=["W13", "W999"])
    made = converted(root, tmp_path, wanted)
    assert {key: count for key, count in made.counts.items() if count} == {
        "works": 15,
        "other_corpus": 1,
        "other_subfield": 1,
        "other_type": 1,
        "impossible_year": 3,
        "other_year": 1,
        "no_authors": 2,
        "authors_cut": 1,
        "deleted": 1,
        "authorships_of_nobody": 2,
        "unknown_countries": 1,
        "taken": 5,
    }
    rows = rows_of(made)
    # Who stands last on a list that was cut is not the last author.
    assert of_author(rows, 99) == [(2020, "USA", 1.0, 2, 0, 1, 100.0)]
    assert of_author(rows, 7)[0][:2] == (2020, "UNK")
    assert of_author(rows, 200)[0][:2] == (2020, "GBR")
    assert json.loads((made.folder / "made.json").read_text())["counts"]["authors_cut"] == 1


def _truncate(folder: Path) -> None:
    part = next(folder.rglob("*.gz"))
    part.write_bytes(part.read_bytes()[:-30])
    _say(folder, content_length=part.stat().st_size)


def _say(folder: Path, **meta: Any) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][0]["meta"] |= meta
    path.write_text(json.dumps(manifest))


def _rename_in_manifest(folder: Path, name: str) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][0]["url"] = f"s3://openalex/data/jsonl/works/{name}"
    path.write_text(json.dumps(manifest))


def _replace_by_link(folder: Path) -> None:
    part = next(folder.rglob("*.gz"))
    part.rename(folder / "elsewhere")
    part.symlink_to(folder / "elsewhere")


@pytest.mark.parametrize(
    "damage, code",
    [
        (_truncate, "TRUNCATED"),
        (lambda folder: _say(folder, content_length=7), "PART_SIZE"),
        (lambda folder: _say(folder, record_count=7), "RECORD_COUNT"),
        (lambda folder: next(folder.rglob("*.gz")).unlink(), "PARTS_MISSING"),
        (lambda folder: _rename_in_manifest(folder, "../../../../etc/x.gz"), "MANIFEST"),
        (lambda folder: (folder / "manifest.json").write_text("[" * 9_000), "MANIFEST"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "MANIFEST"),
        (lambda folder: (folder / "manifest.json").unlink(), "holds no manifest"),
        (_replace_by_link, "no plain file"),
        (lambda folder: (folder / "deleted_ids.csv").write_text("id\nx\n"), "PARSE"),
    ],
)
def test_a_damaged_download_is_refused(
    damage: Callable[[Path], object], code: str, tmp_path: Path
) -> None:
    folder = write_snapshot(tmp_path / "in", [[work(1, [author(1, "US")])]])
    damage(folder)
    with pytest.raises((InputRejectedError, UsageError), match=code) as refused:
        converted(tmp_path / "in", tmp_path)
    assert "A500" not in str(refused.value)
    assert not list(tmp_path.rglob("affiliations"))


def test_few_bad_lines_are_counted_and_many_refused(tmp_path: Path) -> None:
    good = [work(number, [author(1, "US")]) for number in range(300)]
    bad: list[Any] = ['{"id": "https://openalex.org/W9", "auth', '{"id": 5}']
    made = converted(write_snapshot(tmp_path / "in", [[*good, *bad]]), tmp_path)
    assert made.counts["unreadable"] == 2
    with pytest.raises(InputRejectedError, match="BAD_LINES: 2 of 102"):
        converted(write_snapshot(tmp_path / "few", [[*good[:100], *bad]]), tmp_path / "b")
    with pytest.raises(InputRejectedError, match="EMPTY"):
        converted(tmp_path / "in", tmp_path / "c", replace(ALL, subfield="2208"))


def test_a_line_without_end_is_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.openalex.snapshot._MAX_LINE_BYTES", 9_000_000)
    root = write_snapshot(tmp_path / "in", [["x" * 20_000_000]])
    with pytest.raises(InputRejectedError, match="TOO_LARGE"):
        converted(root, tmp_path)


def test_files_beside_the_manifest_are_not_read(tmp_path: Path) -> None:
    folder = write_snapshot(tmp_path / "in", [[work(1, [author(1, "US")])]])
    stale = folder / "updated_date=2025-01-01" / "part_0000.gz"
    stale.parent.mkdir()
    stale.write_bytes(gzip.compress(b"no work"))
    assert works_snapshot(tmp_path / "in").n_beside == 1
    assert converted(tmp_path / "in", tmp_path).counts["works"] == 1


def test_a_run_that_was_killed_reads_no_part_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = list(drawn_works(240, n_people=150))
    root = write_snapshot(tmp_path / "in", [works[start::4] for start in range(4)])
    whole = converted(root, tmp_path / "whole")
    read: list[str] = []
    lines_of = reading.lines_of

    def dies_within_the_third(part: Any) -> Any:
        read.append(part.name)
        for at, lines in enumerate(lines_of(part)):
            if len(read) == 3 and at == 0:
                raise KeyboardInterrupt
            yield lines

    monkeypatch.setattr(reading, "lines_of", dies_within_the_third)
    with pytest.raises(KeyboardInterrupt):
        converted(root, tmp_path)
    assert not (tmp_path / "restricted" / "records").exists()
    made = converted(root, tmp_path)
    assert len(read) == 5
    assert read[2] == read[3]  # the one that was not finished
    assert_frame_equal(rows_of(made), rows_of(whole))
    assert not converted(root, tmp_path).is_new
    # A part that was downloaded again is another: its records are made anew.
    part = next(root.rglob("*.gz"))
    shutil.copy(part, tmp_path / "again")
    (tmp_path / "again").rename(part)
    assert converted(root, tmp_path).is_new
    assert [path.name for path in (tmp_path / "restricted" / "records").iterdir()] == ["ai"]


def test_a_part_that_came_anew_after_a_kill_is_in_all_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = list(drawn_works(240, n_people=150))
    root = write_snapshot(tmp_path / "in", [works[start::4] for start in range(4)])
    put_in_place = convert.Conversion._put_in_place

    def dies(self: convert.Conversion, folder: Path) -> None:
        raise KeyboardInterrupt  # everything was added up

    monkeypatch.setattr(convert.Conversion, "_put_in_place", dies)
    with pytest.raises(KeyboardInterrupt):
        converted(root, tmp_path)
    monkeypatch.setattr(convert.Conversion, "_put_in_place", put_in_place)
    (tmp_path / "in").rename(tmp_path / "old")
    other = list(drawn_works(300, n_people=170))[240:]
    root = write_snapshot(tmp_path / "in", [other, *(works[start::4] for start in range(1, 4))])
    whole = converted(root, tmp_path / "whole")
    assert_frame_equal(rows_of(converted(root, tmp_path)), rows_of(whole))


def test_no_id_is_in_any_file_message_or_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_snapshot(tmp_path / "in", [drawn_works(120, n_people=90)])
    monkeypatch.setattr(convert.shutil, "rmtree", lambda *_, **__: None)  # look at the work too
    with caplog.at_level(logging.DEBUG):
        made = converted(root, tmp_path / "home")
    written = dict(written_files(tmp_path / "home"))
    assert {path.suffix for path in written} >= {".parquet", ".json"}
    for path, content in written.items():
        for mark in (b"A50000", b"openalex.org", b"Family", b"orcid"):
            assert mark not in content.replace(b'"source": "openalex"', b""), path
        assert path.stat().st_mode & 0o077 == 0
    assert "A50000" not in caplog.text + repr(made)


def test_records_are_read_under_the_same_pseudonyms_and_as_of_the_release(tmp_path: Path) -> None:
    works = list(drawn_works(150, n_people=60))
    made = converted(write_snapshot(tmp_path / "in", [works]), tmp_path)
    found = gather_records(str(made.folder), KEY, store_in(tmp_path), EngineOptions())
    assert found.vintage.as_of == date(2026, 6, 26)
    careers = found.parts.between(EVERYBODY).careers
    names = {one["author"]["id"] for each in works for one in each["authorships"]}
    assert set(careers["researcher_id"]) == {KEY.pseudonym(name) for name in names}
    other = PseudonymKey(bytes(range(40)))
    with pytest.raises(InputRejectedError, match="OTHER_KEY"):
        gather_records(str(made.folder), other, store_in(tmp_path / "other"), EngineOptions())


def test_who_is_forgotten_is_in_no_records(tmp_path: Path) -> None:
    root = write_snapshot(tmp_path / "in", [drawn_works(60, n_people=30)])
    made, store = converted(root, tmp_path), store_in(tmp_path)
    somebody = rows_of(made)["researcher_pseudonym"].iloc[0]
    stood = {path.name: path.stat().st_mtime_ns for path in made.folder.rglob("*.parquet")}
    assert store.forget(somebody.hex(), forgotten_at=datetime.now(UTC)) > 0
    for table in ("affiliations", "coauthor_countries"):
        assert somebody not in set(rows_of(made, table)["researcher_pseudonym"])
    assert {path.name: path.stat().st_mtime_ns for path in made.folder.rglob("*.parquet")} == stood
    (made.folder / "made.json").unlink()
    again = converted(root, tmp_path)
    assert again.is_new
    assert somebody not in set(rows_of(again)["researcher_pseudonym"])
    gather_records(str(again.folder), KEY, store, EngineOptions())


def test_forgetting_somebody_meanwhile_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_snapshot(tmp_path / "in", [drawn_works(40), drawn_works(30, seed=1)])
    store, read = store_in(tmp_path), Conversion.read

    def forgets(self: Conversion, number: int) -> dict[str, int]:
        found = read(self, number)
        if number == 0:
            store.forget("ab" * 32, forgotten_at=datetime.now(UTC))
        return found

    monkeypatch.setattr(Conversion, "read", forgets)
    with pytest.raises(TalentcastError):
        converted(root, tmp_path)
    monkeypatch.undo()
    assert converted(root, tmp_path).is_new


def test_more_countries_than_divide_a_work_still_add_up_to_it(tmp_path: Path) -> None:
    codes = ["US", "CN", "GB", "DE", "FR", "IN", "JP", "IT", "CA", "KR", "AU", "BR", "NL"]
    made = converted(write_snapshot(tmp_path / "in", [[work(1, [author(1, *codes)])]]), tmp_path)
    rows = rows_of(made)
    assert len(rows) == 13
    assert rows["weight"].sum() == pytest.approx(1, abs=1e-6)
    assert set(rows["works"]) == {1}
    assert np.ptp(rows["weight"]) < 1e-3
