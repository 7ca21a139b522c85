"""Releases and snapshots in an object store: the same promises as on a disk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lab_counts import counts as lab_counts
from object_store import ObjectServer
from release_drafts import NOW, draft, marked_tables, of_tables, publish_at_once

import talentcast
from flows.steps.pipeline import refresh
from flows.steps.plan import Plan
from flows.steps.retention import Retention, plan_pruning
from storage.objects import ObjectPath
from talentcast.config import Settings
from talentcast.domain.errors import IntegrityError, PrunedError, StoreError
from talentcast.domain.provenance import RawFile
from talentcast.domain.types import Vintage
from talentcast.store import lease as leases
from talentcast.store.cleaning import clean
from talentcast.store.lease import publishing
from talentcast.store.pointer import append_event, events, find_release, list_releases
from talentcast.store.pruning import prune, stored_bytes
from talentcast.store.publisher import publish
from talentcast.store.reader import read_frame
from talentcast.store.retraction import restore, retract
from talentcast.store.snapshots import load_raw, save_snapshot, snapshot_folder
from talentcast.store.verification import verify

RAW = RawFile("a.csv", b"NA,2019,5\n", "file", "https://example.org", "CC0", Vintage(NOW.date()))


def test_a_release_reads_back_and_has_the_rows_of_one_on_a_disk(
    bucket: ObjectPath, tmp_path: Path
) -> None:
    tables = marked_tables(0.25, 500)
    local = publish(of_tables(tables, "a" * 64), tmp_path, published_at=NOW)
    remote = publish(of_tables(tables, "a" * 64), bucket, published_at=NOW)
    assert {name: entry.row_hash for name, entry in remote.tables.items()} == {
        name: entry.row_hash for name, entry in local.tables.items()
    }
    assert verify(remote, bucket) == []
    for name in tables:
        there = read_frame(name, find_release("latest", bucket), bucket)
        assert there.equals(read_frame(name, local, tmp_path))


def test_publishing_again_writes_nothing_and_a_changed_file_is_noticed(bucket: ObjectPath) -> None:
    first = publish(draft(), bucket, published_at=NOW)
    before = bucket.names_after("")
    assert publish(draft(), bucket, published_at=NOW) == first
    assert bucket.names_after("") == before
    (file,) = first.tables["country_names"].files
    (bucket / "country_names" / file.path).write_bytes(b"other")
    assert "was changed" in verify(first, bucket)[0]
    (bucket / "country_names" / file.path).unlink()
    assert "is gone" in verify(first, bucket)[0]
    with pytest.raises(IntegrityError, match="has lost data"):
        read_frame("country_names", first, bucket)


def test_retracted_restored_and_cleaned_as_on_a_disk(bucket: ObjectPath) -> None:
    one = publish(draft(), bucket, published_at=NOW)
    two = publish(draft("b" * 64, ITA="Italy"), bucket, published_at=NOW)
    retract(str(two.release_id), bucket, reason="Wrong file", by="a.n", at=NOW)
    assert find_release("latest", bucket).release_id == one.release_id
    restore(str(two.release_id), bucket, reason="It was right", by="a.n", at=NOW)
    assert find_release("latest", bucket).release_id == two.release_id
    assert [event.sequence for event in events(bucket)] == [1, 2, 3, 4]
    assert clean(bucket, dry_run=False, keep_hours=0) == []
    assert len(read_frame("country_names", one, bucket)) == 2


def test_a_pruned_release_leaves_no_object_and_takes_none_of_another(bucket: ObjectPath) -> None:
    old = publish(draft(), bucket, published_at=NOW)
    new = publish(draft("b" * 64, ITA="Italy"), bucket, published_at=NOW)
    later = NOW + timedelta(days=3)
    planned = plan_pruning(bucket, Retention(keep=1), now=later)
    assert [release.release_id for release in planned.going] == [old.release_id]
    size = stored_bytes(old.release_id, bucket)
    assert prune(planned, bucket, by="a.n", at=later) == size > 0
    kept = bucket.names_after("")
    assert not [name for name in kept if str(old.release_id) in name]
    assert verify(new, bucket) == []
    with pytest.raises(PrunedError):
        find_release(str(old.release_id), bucket)


def test_publishers_at_once_lose_and_double_nothing(bucket: ObjectPath) -> None:
    publish_at_once(bucket, publishers=3, releases=2)
    assert [event.sequence for event in events(bucket)] == list(range(1, 7))
    assert len({release.release_id for release in list_releases(bucket)}) == 6


def test_a_late_publisher_cannot_commit(bucket: ObjectPath) -> None:
    """It passes its last look at the lease, stops, is taken over, and wakes."""
    publish(draft(), bucket, published_at=NOW)
    late = publish(draft("b" * 64), bucket, published_at=NOW)
    with publishing(bucket) as stale, stale.committing():
        with publishing(bucket, time_to_live_seconds=0.1):
            pass
        with pytest.raises(StoreError, match="LEASE_LOST"):
            stale.renew()
    assert [event.sequence for event in events(bucket)] == [1, 2]
    with pytest.raises(StoreError, match="LEASE_LOST"):  # its number is taken
        append_event(late, bucket)


def test_a_holder_is_fenced_off_before_its_successor_publishes(
    bucket: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit of the late one is under way when it is taken over."""
    from talentcast.store import pointer

    publish(draft(), bucket, published_at=NOW)
    append = pointer.append

    def stopped(*arguments: object, **options: object) -> None:
        with publishing(bucket, time_to_live_seconds=0.1):
            append(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pointer, "append", stopped)
    with pytest.raises(StoreError, match="LEASE_LOST"):
        publish(draft("b" * 64), bucket, published_at=NOW)
    monkeypatch.undo()


def test_the_record_of_the_lease_is_changed_on_condition(bucket: ObjectPath) -> None:
    path = bucket / ".lease.json"
    assert path.write_if(b"one", tag=None)
    assert not path.write_if(b"two", tag=None)
    content, tag = path.read_tagged()
    assert content == b"one"
    assert path.write_if(b"two", tag=tag)
    assert not path.write_if(b"three", tag=tag)
    assert path.read_bytes() == b"two"
    assert leases.TIME_TO_LIVE_SECONDS < leases.PATIENCE_SECONDS


def test_a_laptop_and_a_store_publish_the_same_rows(bucket: ObjectPath, tmp_path: Path) -> None:
    """One run writes to a folder, the other keeps inputs and releases in the store."""
    plan = Plan(sources=(lab_counts(tmp_path, 2021),), models=("naive",))
    laptop = refresh(plan, Settings(home=tmp_path / "home")).release
    settings = Settings(home=bucket, local_dir=tmp_path / "beside")
    shared = refresh(plan, settings).release
    assert {name: entry.row_hash for name, entry in shared.tables.items()} == {
        name: entry.row_hash for name, entry in laptop.tables.items()
    }
    assert shared.release_id == laptop.release_id
    assert verify(shared, settings.releases) == []
    assert {name.split("/")[0] for name in bucket.names_after("")} == {"releases", "snapshots"}
    assert not refresh(plan, settings).is_new


def test_snapshots_are_kept_unchanged(bucket: ObjectPath) -> None:
    snapshot = save_snapshot(RAW, bucket, retrieved_at=NOW)
    assert load_raw(snapshot, bucket) == RAW
    assert save_snapshot(RAW, bucket, retrieved_at=NOW.replace(year=2030)) == snapshot
    (snapshot_folder(bucket, snapshot.sha256) / "content").write_bytes(b"NA,2019,6\n")
    with pytest.raises(IntegrityError, match="changed on disk"):
        load_raw(snapshot, bucket)


def test_the_reading_call_takes_an_address(bucket: ObjectPath, object_server: ObjectServer) -> None:
    publish(draft(), bucket / "releases", published_at=NOW)
    object_server.proxy.asked()
    assert talentcast.read("country_names", home=str(bucket))["country"].tolist() == ["FRA", "NAM"]
    first = object_server.proxy.asked()
    assert talentcast.read("country_names", home=str(bucket), country="FRA").shape[0] == 1
    second = object_server.proxy.asked()
    assert len(second) == 1
    listed = [one.listed for one in (*first, *second) if one.listed is not None]
    assert {prefix.rsplit("/", 2)[1] for prefix in listed} == {"_delta_log"}
    assert len(talentcast.releases(home=str(bucket))) == 1
    publish(draft("b" * 64, ITA="Italy"), bucket / "releases", published_at=NOW)
    assert talentcast.read("country_names", home=str(bucket))["country"].tolist() == ["ITA"]
