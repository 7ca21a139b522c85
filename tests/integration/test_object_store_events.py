"""Many events in an object store: few requests, whatever becomes of the copy of their rows."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from object_store import ObjectServer
from release_drafts import NOW, draft
from request_faults import KINDS
from store_proxy import Asked, Fault, Spoil

from storage.objects import ObjectPath
from talentcast.store import event_rows
from talentcast.store.pointer import events
from talentcast.store.publisher import publish
from talentcast.store.release import Release

#: Events that may lie apart from the copy, in these tests.
APART = 2


@pytest.fixture(autouse=True)
def soon_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_rows, "_MOST_APART", APART)
    restart()


@pytest.fixture
def root(bucket: ObjectPath) -> ObjectPath:
    return bucket / "releases"


@pytest.fixture
def copy(root: ObjectPath) -> ObjectPath:
    return root / ".events"


def restart() -> None:
    """Forget what a process has read."""
    event_rows._KNOWN.clear()


def published(root: ObjectPath, numbers: Sequence[int]) -> list[Release]:
    return [publish(draft(f"{number:064}"), root, published_at=NOW) for number in numbers]


def single_events(asked: Sequence[Asked]) -> int:
    """Return how many files of single events were asked for."""
    return sum("/releases/releases/part-" in one.target for one in asked)


def test_a_restart_reads_one_object_instead_of_one_for_each_event(
    root: ObjectPath, object_server: ObjectServer
) -> None:
    releases = published(root, range(1, 9))
    restart()
    object_server.proxy.asked()
    assert events(root) == releases
    asked = object_server.proxy.asked()
    assert single_events(asked) <= APART
    assert sum(one.target.endswith(".events") for one in asked) == 1
    # What is known is not asked for again.
    assert events(root) == releases
    assert single_events(object_server.proxy.asked()) == 0


def test_a_copy_that_is_gone_damaged_or_old_changes_nothing(
    root: ObjectPath, copy: ObjectPath
) -> None:
    releases = published(root, range(1, 4))
    old = copy.read_bytes()
    releases += published(root, range(4, 8))
    new = copy.read_bytes()
    assert new != old
    for content in (old, new, new[: len(new) // 2], b"", b"PAR1" + bytes(40) + b"PAR1"):
        copy.write_bytes(content)
        restart()
        assert events(root) == releases
    copy.unlink()
    restart()
    assert events(root) == releases
    releases += published(root, [8])
    restart()
    assert copy.is_file()
    assert events(root) == releases


def test_only_the_log_says_what_counts(bucket: ObjectPath, copy: ObjectPath) -> None:
    """A copy may name an event whose commit was refused, or that another store holds."""
    other = bucket / "other"
    published(other, range(1, 6))
    releases = published(bucket / "releases", range(11, 16))
    copy.write_bytes((other / ".events").read_bytes())
    restart()
    assert events(bucket / "releases") == releases


def test_every_changed_byte_is_noticed(root: ObjectPath, copy: ObjectPath) -> None:
    published(root, range(1, 6))
    content = copy.read_bytes()
    assert event_rows._decoded(content).num_rows > 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        assert event_rows._decoded(bytes(damaged)).num_rows == 0


def test_a_copy_without_a_column_of_today_is_not_used(root: ObjectPath, copy: ObjectPath) -> None:
    """An earlier version that wrote it did not know what it left out."""
    releases = published(root, range(1, 6))
    rows = event_rows._decoded(copy.read_bytes())
    assert rows.num_rows >= APART
    copy.write_bytes(event_rows._encoded(rows.drop_columns(["settings"])))
    restart()
    assert event_rows._decoded(copy.read_bytes()).num_rows == 0
    assert events(root) == releases


def test_a_copy_that_may_not_be_written_harms_no_release(
    root: ObjectPath, copy: ObjectPath, object_server: ObjectServer
) -> None:
    denied = Fault("refuse", "PUT", r"/\.events", status=403, code="AccessDenied")
    with object_server.proxy.spoiling(denied):
        releases = published(root, range(1, 6))
    restart()
    assert not copy.is_file()
    assert events(root) == releases


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("what", KINDS)
def test_a_request_for_the_copy_goes_wrong(
    root: ObjectPath, object_server: ObjectServer, what: Spoil, method: str
) -> None:
    releases = published(root, range(1, 4))
    restart()
    fault = Fault(what, method, r"/\.events", times=1)
    with object_server.proxy.spoiling(fault):
        releases += published(root, range(4, 7))
    restart()
    assert events(root) == releases
