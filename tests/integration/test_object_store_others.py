"""The same promises in Azure Blob Storage and Google Cloud Storage, where servers are installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from object_store import AZURITE, FAKE_GCS, ObjectServer
from pandas.testing import assert_frame_equal
from release_drafts import NOW, draft, marked_tables, of_tables, publish_at_once
from request_faults import problems_of
from store_proxy import Spoil

import talentcast
from bench.scale import records as drawn_records
from engine.gather import EngineOptions, gather_records
from flows.steps.admit import recorded
from privacy.pseudonyms import PseudonymKey
from restricted.store import RestrictedStore
from storage.objects import ObjectPath
from storage.trial import try_out
from talentcast.domain.errors import StoreError
from talentcast.store.lease import publishing
from talentcast.store.pointer import events
from talentcast.store.publisher import publish
from talentcast.store.verification import verify

SERVERS = [name for name, program in (("az", AZURITE), ("gs", FAKE_GCS)) if program]
if not SERVERS:
    pytest.skip(
        "Neither is installed: npm install --global azurite; make fake-gcs",
        allow_module_level=True,
    )


pytestmark = pytest.mark.parametrize("object_server", SERVERS, indirect=True, scope="module")


def test_the_rows_are_those_of_a_folder_and_the_reading_call_finds_them(
    bucket: ObjectPath, object_server: ObjectServer, tmp_path: Path
) -> None:
    tables = marked_tables(0.25, 500)
    local = publish(of_tables(tables, "a" * 64), tmp_path, published_at=NOW)
    remote = publish(of_tables(tables, "a" * 64), bucket / "releases", published_at=NOW)
    assert {name: entry.row_hash for name, entry in remote.tables.items()} == {
        name: entry.row_hash for name, entry in local.tables.items()
    }
    assert verify(remote, bucket / "releases") == []
    assert len(talentcast.read("forecasts", home=str(bucket))) == 500
    object_server.proxy.asked()
    assert len(talentcast.read("forecasts", home=str(bucket))) == 500
    assert len(object_server.proxy.asked()) == 1


def test_records_of_people_are_read_as_from_a_folder(bucket: ObjectPath, tmp_path: Path) -> None:
    rows = next(drawn_records(2_000))
    (tmp_path / "fellows").mkdir()
    rows[:1_000].to_csv(tmp_path / "fellows/part-0.csv", index=False)
    rows[1_000:].to_parquet(tmp_path / "fellows/part-1.parquet", index=False)
    for path in (tmp_path / "fellows").iterdir():
        (bucket.parent / "fellows" / path.name).write_bytes(path.read_bytes())
    key = PseudonymKey(b"0123456789abcdef" * 4)
    found = [
        gather_records(
            source,
            key,
            RestrictedStore(place / "restricted", releases=place / "releases"),
            EngineOptions(500),
        )
        for source, place in (
            (str(tmp_path / "fellows"), tmp_path / "here"),
            (str(bucket.parent / "fellows"), tmp_path / "there"),
        )
    ]
    assert_frame_equal(*(each.profile for each in found))
    assert_frame_equal(*(recorded(each.parts).people for each in found))


def test_publishers_at_once_lose_and_double_nothing(bucket: ObjectPath) -> None:
    publish_at_once(bucket, publishers=3, releases=2)
    assert [event.sequence for event in events(bucket)] == list(range(1, 7))


def test_a_late_publisher_is_refused(bucket: ObjectPath) -> None:
    publish(draft(), bucket, published_at=NOW)
    with publishing(bucket) as stale:
        with publishing(bucket, time_to_live_seconds=0.1):
            pass
        with pytest.raises(StoreError, match="LEASE_LOST"):
            stale.renew()


@pytest.mark.parametrize("what", ["refuse", "refuse after", "cut"])
def test_one_request_goes_wrong(
    bucket: ObjectPath, object_server: ObjectServer, what: Spoil
) -> None:
    assert list(problems_of(object_server, bucket, what, 35, times=1)) == []


def test_a_doctor_finds_nothing_wrong_or_no_container(bucket: ObjectPath) -> None:
    assert [trial.is_ok for trial in try_out(bucket)] == [True] * 4
    (missing,) = try_out(replace(bucket, bucket="nobody-has-this"))
    # The server for Google has words of its own for it.
    assert missing.fix.startswith("Create the bucket") or "no bucket named" in missing.seen


def test_what_is_gone_already_stays_gone(bucket: ObjectPath) -> None:
    path = bucket / "one"
    path.write_bytes(b"1")
    path.unlink()
    path.unlink()
    assert not path.is_file()


def test_the_record_of_the_lease_is_changed_on_condition(bucket: ObjectPath) -> None:
    path = bucket / ".lease.json"
    assert path.write_if(b"one", tag=None)
    assert not path.write_if(b"two", tag=None)
    _, tag = path.read_tagged()
    assert path.write_if(b"two", tag=tag)
    assert not path.write_if(b"three", tag=tag)
    assert path.read_bytes() == b"two"


def test_names_after_one_are_asked_for(bucket: ObjectPath) -> None:
    for name in ("a", "b", "c"):
        (bucket / name).write_bytes(b"1")
    assert bucket.names_after("a") == ["b", "c"]
    assert sorted(path.name for path in bucket.iterdir()) == ["a", "b", "c"]
