"""Records of people in an object store: the rows of the same files in a folder; no copy here."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd
import pytest
from console import Console
from object_store import ObjectServer
from one_person_apart import people
from openalex_snapshot import drawn_works, write_snapshot
from pandas.testing import assert_frame_equal
from store_proxy import Fault

from bench.scale import records as drawn_records
from engine.batches import batches
from engine.convert import Conversion, Converted
from engine.files import RecordFile, named_after, record_files
from engine.gather import EngineOptions, GatheredRecords, gather_records
from engine.workers import Workers
from features.career_records import EVERYBODY
from flows.steps.admit import recorded
from privacy.pseudonyms import PseudonymKey
from restricted.store import RestrictedStore
from sources.openalex.snapshot import works_snapshot
from sources.openalex.snapshot_file import OpenAlexRecords
from sources.openalex.snapshot_works import WorksWanted
from storage.objects import ObjectFacts, ObjectPath
from talentcast.domain.errors import InputRejectedError, SourceUnavailableError
from talentcast.store.pointer import list_releases
from talentcast.store.reader import read_frame

if TYPE_CHECKING:
    from obstore import ObjectMeta

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
    assert named_after(f"{address}.v2") == "fellows.v2"
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
    address: ObjectPath,
    object_server: ObjectServer,
    files: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The run is stopped halfway: what it had laid down is still there."""
    ids = set(pd.read_csv(io.BytesIO(files["part-1.csv"]), dtype=str)["researcher_id"])
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with (
        object_server.proxy.spoiling(Fault("refuse", target="part-3", method="GET", status=403)),
        pytest.raises(SourceUnavailableError),
    ):
        gathered(address, tmp_path)
    laid_down = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(laid_down) > 2
    told = b"".join(path.read_bytes() for path in laid_down if path.suffix != ".parquet")
    for path in laid_down:
        if path.suffix == ".parquet":
            told += repr(pd.read_parquet(path).to_dict("list")).encode()
    assert len(ids) > 100
    assert not any(one.encode() in told for one in ids)


def test_one_object_is_read_alone(address: ObjectPath, tmp_path: Path) -> None:
    found = gathered(address / "part-0.parquet", tmp_path)
    alone = pd.read_parquet(io.BytesIO((address / "part-0.parquet").read_bytes()))
    people = found.parts.between(EVERYBODY).careers["researcher_id"].nunique()
    assert people == alone["researcher_id"].nunique()
    assert named_after(str(address / "part-0.parquet")) == "part-0"


def test_an_object_that_is_written_meanwhile_is_refused(
    address: ObjectPath, tmp_path: Path
) -> None:
    before = record_files(str(address))
    first = next(file for file in before if file.name == "part-1.csv")
    first.require_unchanged()
    content = (address / "part-1.csv").read_bytes()
    (address / "part-1.csv").write_bytes(content[:-2] + b"X\n")
    with pytest.raises(InputRejectedError, match=r"part-1\.csv was written to while"):
        first.require_unchanged()
    with pytest.raises(InputRejectedError, match=r"part-1\.csv was written to while"):
        list(batches(first.path, first.name, first.table, first.fixed))
    after = record_files(str(address))
    changed = {one.name for one, other in zip(before, after, strict=True) if not _same(one, other)}
    assert changed == {"part-1.csv"}
    (address / "part-1.csv").unlink()
    with pytest.raises(InputRejectedError, match=r"part-1\.csv was written to while"):
        after[[file.name for file in after].index("part-1.csv")].require_unchanged()


def _same(one: RecordFile, other: RecordFile) -> bool:
    return one.sha256() == other.sha256()


def test_a_listing_may_quote_tags_and_tell_times_otherwise_than_an_object() -> None:
    moment = datetime(2026, 3, 1, 12, 0, 8, 334_000, tzinfo=UTC)
    listed = {"e_tag": "0x8D", "size": 5, "last_modified": moment, "version": None, "path": "a"}
    asked = listed | {"e_tag": '"0x8D"', "last_modified": moment.replace(microsecond=0)}
    one, other = (ObjectFacts.of(cast("ObjectMeta", each)) for each in (listed, asked))
    assert one.is_state_of(other)
    without = [ObjectFacts(each.size, each.last_modified, "") for each in (one, other)]
    assert without[0].is_state_of(without[1])
    assert not one.is_state_of(ObjectFacts(5, moment, "0x8E"))
    later = ObjectFacts(5, moment.replace(minute=1), "")
    assert not without[0].is_state_of(later)


def test_an_answer_that_is_cut_is_asked_for_again(
    address: ObjectPath, object_server: ObjectServer, tmp_path: Path
) -> None:
    whole = gathered(address, tmp_path / "whole")
    proxy = object_server.proxy
    with proxy.spoiling(Fault("cut body", target="part-", method="GET", times=3)):
        found = gathered(address, tmp_path / "cut")
    asked = Counter(one.target for one in proxy.asked() if one.method == "GET")
    assert max(n for target, n in asked.items() if "part-" in target) > 1
    assert_frame_equal(found.profile, whole.profile)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_store_that_stops_to_answer_is_named_and_what_was_read_is_kept(
    address: ObjectPath, object_server: ObjectServer, tmp_path: Path, method: str
) -> None:
    whole = gathered(address, tmp_path / "whole")
    denied = Fault("refuse", target="part-1", method=method, status=403, code="AccessDenied")
    with (
        object_server.proxy.spoiling(denied),
        pytest.raises(SourceUnavailableError, match=r"part-1\.csv"),
    ):
        gathered(address, tmp_path / "stopped")
    # Files in the order of their names: this one was laid down before the store refused.
    again = Fault("refuse", target="part-2", method="GET", status=403, code="AccessDenied")
    with object_server.proxy.spoiling(again):
        found = gathered(address, tmp_path / "stopped")
    assert_frame_equal(found.profile, whole.profile)


def test_what_cannot_be_read_is_said_in_one_line(
    address: ObjectPath, object_server: ObjectServer, talentcast: Console
) -> None:
    near = address.parent
    (near / "counts.csv").write_bytes(b"year,country,researchers\n2020,FRA,10\n")
    (near / "bad" / "a.csv").write_bytes(b"researcher_id,year,country\nada-1,2020,FRA,extra\n")
    for source, expected, reason in (
        (address / "nowhere", 2, "neither careers nor affiliations"),
        (f"{address}/*.parquet", 2, "name the prefix"),
        (f"{address}?sig=SECRET", 2, "BUCKET/PREFIX"),
        (str(address).replace("s3", "S3"), 2, "s3://"),
        (near / "counts.csv", 2, "records of people"),
        ("s3://no-such-bucket/people", 2, "no-such-bucket"),
        (near / "bad", 3, "a.csv cannot be read as csv"),
    ):
        code, _, said = talentcast("check", source)
        assert (code, reason in said) == (expected, True), said
        assert len(said.splitlines()) == 1
        assert "SECRET" not in said
        assert "ada-1" not in said
    denied = Fault("refuse", target="part-0", method="GET", status=403, code="AccessDenied")
    with object_server.proxy.spoiling(denied):
        code, _, said = talentcast("check", address / "part-0.parquet")
    assert (code, "AccessDenied" in said, len(said.splitlines())) == (4, True, 1)


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
