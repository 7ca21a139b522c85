"""What an object store may do in the middle: nothing is lost, and the last release stays served."""

from __future__ import annotations

import pytest
from object_store import ObjectServer
from release_drafts import NOW, draft
from request_faults import KINDS, problems_of
from store_proxy import Fault, Spoil

import talentcast
from storage import objects
from storage.objects import ObjectPath
from talentcast.domain.errors import NotPermittedError, StoreError
from talentcast.store.pointer import events, find_release
from talentcast.store.publisher import publish
from talentcast.store.reader import read_frame

POINTER = r"/releases/releases/_delta_log/\d+\.json"
TOKEN = "FwoGZXIvYXdzEXAMPLETOKEN"  # noqa: S105 - not a token


@pytest.fixture
def root(bucket: ObjectPath) -> ObjectPath:
    return bucket / "releases"


@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("skip", [5, 25, 45])
def test_one_request_goes_wrong(
    root: ObjectPath, object_server: ObjectServer, what: Spoil, skip: int
) -> None:
    assert list(problems_of(object_server, root, what, skip, times=1)) == []


@pytest.mark.parametrize(
    ("target", "what"),
    [
        (POINTER, "refuse after"),
        (POINTER, "cut"),
        (r"country_names/_delta_log/\d+\.json", "refuse after"),
        (r"\.lease\.json", "refuse after"),
        (r"\.acknowledged", "refuse after"),
    ],
)
def test_the_answer_to_a_write_is_lost_and_the_write_is_not(
    root: ObjectPath, object_server: ObjectServer, target: str, what: Spoil
) -> None:
    publish(draft(), root, published_at=NOW)
    with object_server.proxy.spoiling(Fault(what, method="PUT", target=target, times=1)):
        release = publish(draft("b" * 64, ITA="Italy"), root, published_at=NOW)
    assert [event.sequence for event in events(root)] == [1, 2]
    assert read_frame("country_names", release, root)["country"].tolist() == ["ITA"]


def test_a_store_that_stays_busy_is_named(
    root: ObjectPath, object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = publish(draft(), root, published_at=NOW)
    with (
        object_server.proxy.spoiling(Fault("refuse", method="PUT")),
        pytest.raises(StoreError, match=r"NOT_NOW: .*SlowDown.* wait, and run again"),
    ):
        publish(draft("b" * 64), root, published_at=NOW)
    assert find_release("latest", root) == before


def test_a_commit_that_is_refused_is_not_tried_as_a_later_one(
    root: ObjectPath, object_server: ObjectServer
) -> None:
    before = publish(draft(), root, published_at=NOW)
    taken = Fault("refuse", "PUT", POINTER, status=412, code="PreconditionFailed", message="No.")
    with (
        object_server.proxy.spoiling(taken),
        pytest.raises(StoreError, match="LEASE_LOST"),
    ):
        publish(draft("b" * 64), root, published_at=NOW)
    assert find_release("latest", root) == before
    publish(draft("b" * 64), root, published_at=NOW)
    assert [event.sequence for event in events(root)] == [1, 2]


def test_a_listing_of_yesterday_loses_and_doubles_nothing(
    root: ObjectPath, object_server: ObjectServer
) -> None:
    publish(draft(), root, published_at=NOW)
    events(root)  # a listing that becomes old
    second = publish(draft("b" * 64), root, published_at=NOW)
    with object_server.proxy.spoiling(Fault("stale", target="releases%2F_delta_log")):
        with pytest.raises(StoreError, match="row 2 was acknowledged"):
            events(root)
        with pytest.raises(StoreError):
            publish(draft("c" * 64), root, published_at=NOW)
    assert [event.sequence for event in events(root)] == [1, 2]
    assert find_release("latest", root) == second


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (400, "ExpiredToken", StoreError, "CREDENTIALS: .* renew those in the environment"),
        (403, "InvalidAccessKeyId", NotPermittedError, "PERMISSION: .* the right to read"),
    ],
)
def test_credentials_that_do_not_do_are_said_and_not_shown(
    bucket: ObjectPath,
    object_server: ObjectServer,
    status: int,
    code: str,
    kind: type[StoreError],
    said: str,
) -> None:
    root = bucket / "releases"
    publish(draft(), root, published_at=NOW)
    assert len(talentcast.read("country_names", home=str(bucket))) == 2
    message = f"No.</Message><Token-0>{TOKEN}</Token-0><Message>"
    refuses = Fault("refuse", status=status, code=code, message=message)
    with object_server.proxy.spoiling(refuses):
        for ask in (
            lambda: publish(draft("b" * 64), root, published_at=NOW),
            lambda: find_release("latest", root),
            lambda: talentcast.read("country_names", home=str(bucket)),
        ):
            with pytest.raises(kind, match=said) as caught:
                ask()
            shown = "".join(traceback_of(caught.value))
            assert TOKEN not in shown
            assert "secret-of-tests" not in shown
    assert len(talentcast.read("country_names", home=str(bucket))) == 2


def traceback_of(error: BaseException) -> list[str]:
    """Return what a log with its traceback would hold."""
    import traceback

    return traceback.format_exception(error)


def test_an_answer_that_is_cut_is_asked_for_again(
    root: ObjectPath, object_server: ObjectServer
) -> None:
    release = publish(draft(), root, published_at=NOW)
    cut = Fault("cut body", method="GET", target=r"\.parquet", times=1)
    with object_server.proxy.spoiling(cut):
        assert len(read_frame("country_names", release, root)) == 2
    with (
        object_server.proxy.spoiling(Fault("cut body", method="GET", target=r"\.parquet")),
        pytest.raises(StoreError, match="NOT_NOW"),
    ):
        read_frame("country_names", release, root)
    assert objects.RETRIES < 10
