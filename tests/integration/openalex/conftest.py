"""A server on loopback that answers as OpenAlex does, without its waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina
from openalex_server import OpenAlexServer, openalex_server


@pytest.fixture
def server() -> Iterator[OpenAlexServer]:
    with openalex_server() as running:
        yield running


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3):
        yield
