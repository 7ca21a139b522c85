"""A release id says what went in, and never when it was made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from flows.steps.plan import Plan
from talentcast.code_version import code_version
from talentcast.domain.errors import UsageError
from talentcast.domain.provenance import Snapshot
from talentcast.domain.types import ReleaseId, Vintage
from talentcast.store.release import Identity, settings_hash


def snapshot(digest: str, year: int = 2024) -> Snapshot:
    return Snapshot(
        sha256=digest * 64,
        name="a.csv",
        source="file",
        url="",
        licence="",
        vintage=Vintage(date(2024, 1, 31)),
        retrieved_at=datetime(year, 2, 1, tzinfo=UTC),
    )


IDENTITY = Identity(
    inputs=(snapshot("a"), snapshot("b")),
    settings_sha256="c" * 64,
    code_version="0.1.0+d",
    as_of=Vintage(date(2024, 1, 31)),
)


def test_neither_the_order_of_inputs_nor_the_clock_changes_the_id() -> None:
    other = replace(IDENTITY, inputs=(snapshot("b", 2025), snapshot("a", 2025)))
    assert other.release_id == IDENTITY.release_id


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": (snapshot("a"),)},
        {"settings_sha256": "e" * 64},
        {"code_version": "0.1.0+e"},
        {"as_of": Vintage(date(2024, 2, 1))},
        {"repeat": 1},
    ],
)
def test_every_part_of_the_identity_changes_the_id(change: dict[str, object]) -> None:
    assert replace(IDENTITY, **change).release_id != IDENTITY.release_id  # type: ignore[arg-type]


def test_a_forced_repeat_keeps_the_base_of_the_id() -> None:
    repeated = IDENTITY.repeated(2).release_id
    assert repeated.base == IDENTITY.release_id.text
    assert repeated.text.endswith("-2")


@pytest.mark.parametrize("text", ["../../evil", "r20240131-xyz", "", "r20240131-0123456789ab/"])
def test_text_of_another_form_is_no_release_id(text: str) -> None:
    with pytest.raises(UsageError, match="talentcast releases list"):
        ReleaseId(text)


def test_settings_hash_alike_in_any_order_and_differ_by_value() -> None:
    plan = Plan(sources=("bundled",), models=("naive",))
    shuffled = dict(reversed(plan.settings().items()))
    assert settings_hash(plan.settings()) == settings_hash(shuffled)
    assert settings_hash(plan.settings()) != settings_hash(replace(plan, seed=1).settings())


def test_the_code_version_names_the_package_and_its_source() -> None:
    version, digest = code_version().split("+")
    assert version.count(".") == 2
    assert len(digest) == 12
