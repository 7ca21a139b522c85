"""What integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from console import Console
from object_store import S3_SERVERS, ObjectServer, object_store

from storage.objects import ObjectPath


@pytest.fixture(scope="session")
def orchestrator() -> Iterator[None]:
    """One Prefect server with an empty database, for all flows that tests start in-process."""
    from prefect.logging import disable_run_logger
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120), disable_run_logger():
        yield


@pytest.fixture(scope="session", params=S3_SERVERS)
def object_server(request: pytest.FixtureRequest) -> Iterator[ObjectServer]:
    """One S3 server for all tests that want one, and then a second one where it is installed."""
    with object_store(request.param) as server:
        yield server


@pytest.fixture
def bucket(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectPath:
    """A home in a new bucket, asked through the proxy."""
    object_server.ask_through_proxy(monkeypatch)
    return object_server.new_bucket()


@pytest.fixture
def talentcast(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    """Commands as a shell would run them."""
    return Console(monkeypatch, capsys)
