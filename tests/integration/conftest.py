"""What integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def orchestrator() -> Iterator[None]:
    """One Prefect server with an empty database, for all flows that tests start in-process."""
    from prefect.logging import disable_run_logger
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120), disable_run_logger():
        yield
