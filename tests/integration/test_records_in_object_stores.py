"""Records of people in an object store: the rows of the same files in a folder; no copy here."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pandas as pd
import pytest
from console import Console
from object_store import ObjectServer
from one_person_apart import people
from openalex_snapshot import drawn_works, write_snapshot
from pandas.testing import assert_frame_equal
from store_proxy import Fault

from bench.scale import records as drawn_records
from engine.convert import Conversion, Converted
from engine.files import named_after, record_files
from engine.gather import EngineOptions, GatheredRecords, gather_records
from engine.workers import Workers
from features.career_records import EVERYBODY
from flows.steps.admit import recorded
from privacy.pseudonyms import PseudonymKey
from restricted.store import RestrictedStore
from sources.openalex.snapshot import works_snapshot
from sources.openalex.snapshot_file import OpenAlexRecords
from sources.openalex.snapshot_works import WorksWanted
from storage.objects import ObjectPath
from talentcast.domain.errors import InputRejectedError, SourceUnavailableError
from talentcast.store.pointer import list_releases
from talentcast.store.reader import read_frame

KEY = PseudonymKey(b"0123456789abcdef" * 4)
OPTIONS = EngineOptions(2_000)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Affiliations in all forms; folders are named after years, as many writers do it."""
    rows = next(drawn_records(6_000))
    years = sorted(rows["year"].unique())
    early, middle = years[len(years) // 3], years[2 * len(years) // 3]
    parts = [
        rows[rows["year"] < early],
        rows[(rows["year"] >= early) & (rows["year"] < middle)],
        rows[(rows["year"] >= middle) & (rows["year"] < years[-1])],
        rows[rows["year"] == years[-1]].drop(columns="year"),
    ]
    packed = gzip.compress(parts[2].to_json(orient="records", lines=True).encode())
    return {
        "part-0.parquet": as_parquet(parts[0]),
        "part-1.csv": parts[1].to_csv(index=False).encode(),
        "more/part-2.jsonl.gz": packed,
        f"year={years[-1]}/part-3.csv.gz": gzip.compress(parts[3].to_csv(index=False).encode()),
        "_SUCCESS": b"",
        "_temporary/part-0.parquet": b"half a fi",
        "README.txt": b"Not records.",
    }


def as_parquet(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    rows.to_parquet(sink, index=False, row_group_size=500)
    return sink.getvalue()


@pytest.fixture
def address(bucket: ObjectPath, files: dict[str, bytes]) -> ObjectPath:
    for name, content in files.items():
        (bucket.parent / "fellows" / name).write_bytes(content)
    return bucket.parent / "fellows"


def gathered(source: object, place: Path) -> GatheredRecords:
    store = RestrictedStore(place / "restricted", releases=place / "releases")
    return gather_records(str(source), KEY, store, OPTIONS)


def test_a_prefix_gives_the_rows_of_the_same_files_in_a_folder(
    address: ObjectPath, files: dict[str, bytes], tmp_path: Path
) -> None:
    for name, content in files.items():
        path = tmp_path / "fellows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    here = gathered(tmp_path / "fellows", tmp_path / "here")
    there = gathered(address, tmp_path / "there")
    assert named_after(str(address)) == named_after(str(tmp_path / "fellows")) == "fellows"
    assert [(one.name, one.table, one.fixed) for one in record_files(str(address))] == [
        (one.name, one.table, one.fixed) for one in record_files(str(tmp_path / "fellows"))
    ]
    assert_frame_equal(there.profile, here.profile)
    assert_frame_equal(recorded(there.parts).people, recorded(here.parts).people)
    key = ["researcher_id", "year"]
    for name in ("careers", "affiliation_weights"):
        mine, theirs = (getattr(one.parts.between(EVERYBODY), name) for one in (there, here))
        order = [*key, *(["country"] if name == "affiliation_weights" else [])]
        assert_frame_equal(
            mine.sort_values(order, ignore_index=True), theirs.sort_values(order, ignore_index=True)
        )


def test_no_id_of_a_store_is_written_here(
    address: ObjectPath, files: dict[str, bytes], tmp_path: Path
) -> None:
    ids = set(pd.read_csv(io.BytesIO(files["part-1.csv"]), dtype=str)["researcher_id"])
    gathered(address, tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert len(ids) > 100
    assert not any(one.encode() in written for one in ids)


def test_one_object_is_read_alone(address: ObjectPath, tmp_path: Path) -> None:
    found = gathered(address / "part-0.parquet", tmp_path)
    alone = pd.read_parquet(io.BytesIO((address / "part-0.parquet").read_bytes()))
    people = found.parts.between(EVERYBODY).careers["researcher_id"].nunique()
    assert people == alone["researcher_id"].nunique()
    assert named_after(str(address / "part-0.parquet")) == "part-0"


def test_an_object_that_is_written_meanwhile_is_refused(address: ObjectPath) -> None:
    (first, *_) = before = record_files(str(address))
    first.require_unchanged()
    assert isinstance(first.path, ObjectPath)
    content = first.path.read_bytes()
    first.path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(InputRejectedError, match="written to while"):
        first.require_unchanged()
    digests = [[file.sha256() for file in files] for files in (before, record_files(str(address)))]
    assert [one != other for one, other in zip(*digests, strict=True)] == [True, *[False] * 3]


def test_an_answer_that_is_cut_is_asked_for_again(
    address: ObjectPath, object_server: ObjectServer, tmp_path: Path
) -> None:
    whole = gathered(address, tmp_path / "whole")
    with object_server.proxy.spoiling(Fault("cut body", target="part-", times=3)):
        found = gathered(address, tmp_path / "cut")
    assert_frame_equal(found.profile, whole.profile)


def test_a_store_that_stops_to_answer_is_named_and_what_was_read_is_kept(
    address: ObjectPath,
    object_server: ObjectServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = gathered(address, tmp_path / "whole")
    denied = Fault("refuse", target="part-1", method="GET", status=403, code="AccessDenied")
    with (
        object_server.proxy.spoiling(denied),
        pytest.raises(SourceUnavailableError, match=r"part-1\.csv"),
    ):
        gathered(address, tmp_path / "stopped")
    with object_server.proxy.spoiling(Fault("refuse", target="part-2", method="GET", times=0)):
        found = gathered(address, tmp_path / "stopped")
    assert_frame_equal(found.profile, whole.profile)


def test_what_cannot_be_read_is_said_in_one_line(address: ObjectPath, talentcast: Console) -> None:
    (address.parent / "counts.csv").write_bytes(b"year,country,researchers\n2020,FRA,10\n")
    for source, reason in (
        (address / "nowhere", "neither careers nor affiliations"),
        (f"{address}/*.parquet", "name the prefix"),
        (address.parent / "counts.csv", "records of people"),
        ("s3://no-such-bucket/people", "no-such-bucket"),
    ):
        code, _, said = talentcast("check", source)
        assert code == 2, source
        assert reason in said
        assert len(said.splitlines()) == 1


def test_a_release_is_made_from_a_store_and_the_same_again_is_none(
    bucket: ObjectPath, talentcast: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALENTCAST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TALENTCAST_PSEUDONYM_KEY", "0123456789abcdef" * 4)
    simulated = people(2_000, 0)
    for table in ("careers", "coauthor_countries", "affiliation_weights"):
        (bucket / f"{table}.parquet").write_bytes(as_parquet(getattr(simulated, table)))
    code, _, wrong = talentcast("refresh", "--source", bucket)
    assert code == 0, wrong
    (release,) = list_releases(tmp_path / "home" / "releases")
    found = read_frame("observations", release, tmp_path / "home" / "releases")
    assert set(found["population"]) == {"talentcast"}  # the prefix
    code, said, _ = talentcast("refresh", "--source", bucket)
    assert (code, "Nothing changed" in said) == (0, True)


def test_a_snapshot_in_a_store_becomes_the_records_of_the_same_one_in_a_folder(
    bucket: ObjectPath, object_server: ObjectServer, tmp_path: Path
) -> None:
    works = list(drawn_works(300, seed=3, n_people=200))
    folder = write_snapshot(
        tmp_path / "in", [works[:200], works[200:]], deleted=[one["id"] for one in works[:50]]
    )
    for path in folder.rglob("*.*"):
        place = bucket
        for part in path.relative_to(folder).parts:
            place = place / part
        place.write_bytes(path.read_bytes())
    here = converted(folder, tmp_path / "here")
    refused = Fault("refuse", target=r"part_\w+\.gz", method="GET", status=403, code="AccessDenied")
    with (
        object_server.proxy.spoiling(refused),
        pytest.raises(SourceUnavailableError, match="Run again"),
    ):
        converted(bucket, tmp_path / "there")
    there = converted(bucket, tmp_path / "there")
    assert there.counts == here.counts
    assert there.counts["deleted"] == 50
    for table in ("affiliations", "coauthor_countries"):
        assert_frame_equal(*(pd.read_parquet(one.folder / table) for one in (there, here)))


def converted(root: Path | ObjectPath, place: Path) -> Converted:
    source = OpenAlexRecords(works_snapshot(root), WorksWanted(2026, corpus="all"))
    store = RestrictedStore(place / "restricted", releases=place / "releases")
    return Conversion(source, "ai", KEY, store, 3, Workers(1)).run(lambda *_: None)
