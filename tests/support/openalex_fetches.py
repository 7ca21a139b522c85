"""Fetch a small population from a server on loopback that behaves as OpenAlex is documented to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from openalex_server import (
    Call,
    OpenAlexServer,
    Reply,
)
from pydantic import SecretStr

from sources.openalex.access import Access
from sources.openalex.source import OpenAlex
from talentcast.domain.errors import (
    TalentcastError,
)
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.populations.catalogue import bundled_populations

TODAY = date(2026, 11, 24)
FULL = bundled_populations()["ai_works"]
#: Three years, two pages each.
SHORT = FULL.model_copy(update={"first_year": 2024})
PAGES = 6


def source(
    server: OpenAlexServer, home: Path, *, day: date = TODAY, cost: float = 0.10, key: str = ""
) -> OpenAlex:
    access = Access(server.url, SecretStr(key) if key else None, None, cost)
    return OpenAlex((SHORT,), access, home / "snapshots", today=lambda: day)


def download(server: OpenAlexServer, home: Path, **options: object) -> Sequence[RawFile]:
    return source(server, home, **options).download()  # type: ignore[arg-type]


def parsed(server: OpenAlexServer, home: Path, **options: object) -> ParsedCounts:
    return OpenAlex().parse(download(server, home, **options))


def failure(server: OpenAlexServer, home: Path, **options: object) -> TalentcastError:
    with pytest.raises(TalentcastError) as caught:
        download(server, home, **options)
    assert "\n" not in str(caught.value)
    # A try by the orchestrator would have a budget of its own.
    assert not getattr(caught.value, "may_pass_soon", False)
    return caught.value


def notes(found: ParsedCounts) -> dict[str, str]:
    return {note.check: note.observed for note in found.notes}


def on_call(number: int, change: Callable[[Reply], Reply]) -> Callable[[Call, Reply], Reply | None]:
    return lambda call, reply: change(reply) if call.number == number else None


def refused(status: int, **headers: str) -> Callable[[Reply], Reply]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(b'{"error": "x"}', status, named)


# What is counted
