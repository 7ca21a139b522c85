"""Releases on a real disk: whole or invisible, repeatable, and tamper-evident."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable
from release_drafts import NOW, draft, names

from talentcast.domain.errors import StoreError, UsageError
from talentcast.store.pointer import find_release, list_releases
from talentcast.store.publisher import publish
from talentcast.store.reader import condition, read_frame
from talentcast.store.verification import verify


def test_a_published_release_reads_back_as_it_was_written(tmp_path: Path) -> None:
    release = publish(draft(), tmp_path, published_at=NOW)
    rows = read_frame("country_names", find_release("latest", tmp_path), tmp_path)
    assert rows["country"].tolist() == ["FRA", "NAM"]
    assert find_release("latest", tmp_path) == release
    assert verify(release, tmp_path) == []


def test_the_same_inputs_give_the_same_release_and_write_nothing(tmp_path: Path) -> None:
    first = publish(draft(), tmp_path, published_at=NOW)
    files = sorted(tmp_path.rglob("*"))
    second = publish(draft(), tmp_path, published_at=NOW.replace(year=2025))
    assert second == first
    assert sorted(tmp_path.rglob("*")) == files


def test_another_setting_is_another_release_and_both_stay_readable(tmp_path: Path) -> None:
    first = publish(draft(), tmp_path, published_at=NOW)
    second = publish(draft("b" * 64, ITA="Italy"), tmp_path, published_at=NOW)
    assert [r.release_id for r in list_releases(tmp_path)] == [second.release_id, first.release_id]
    assert read_frame("country_names", first, tmp_path)["country"].tolist() == ["FRA", "NAM"]
    assert read_frame("country_names", second, tmp_path)["country"].tolist() == ["ITA"]


def test_a_release_without_its_pointer_row_is_invisible_and_completed_by_a_rerun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from talentcast.store import publisher

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(publisher, "append_event", power_cut)
        publish(draft(), tmp_path, published_at=NOW)
    assert list_releases(tmp_path) == []
    release = publish(draft(), tmp_path, published_at=NOW)
    assert len(read_frame("country_names", release, tmp_path)) == 2


def test_other_rows_left_by_a_dead_attempt_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from talentcast.store import publisher

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(
            publisher, "append_event", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        publish(draft(USA="United States"), tmp_path, published_at=NOW)
    release = publish(draft(FRA="France"), tmp_path, published_at=NOW)
    assert read_frame("country_names", release, tmp_path)["country"].tolist() == ["FRA"]
    assert verify(release, tmp_path) == []


def test_verify_names_a_flipped_byte_and_a_deleted_file(tmp_path: Path) -> None:
    release = publish(draft(), tmp_path, published_at=NOW)
    entry = release.tables["country_names"]
    data = tmp_path / "country_names" / entry.files[0].path
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(bytes(content))
    assert "was changed" in verify(release, tmp_path)[0]
    data.unlink()
    assert "is gone" in verify(release, tmp_path)[0]


def test_verify_notices_rows_that_differ_from_the_manifest(tmp_path: Path) -> None:
    release = publish(draft(), tmp_path, published_at=NOW)
    entry = release.tables["country_names"]
    other = replace(entry, row_hash="0" * 64)
    assert verify(replace(release, tables={"country_names": other}), tmp_path)
    fewer = replace(entry, rows=1)
    assert verify(replace(release, tables={"country_names": fewer}), tmp_path)


def test_a_value_outside_its_contract_never_reaches_a_table(tmp_path: Path) -> None:
    publish(draft(), tmp_path, published_at=NOW)
    bad = replace(draft("c" * 64), tables={"country_names": names(FRA="France").assign(extra=1)})
    with pytest.raises(StoreError, match="unknown \\['extra'\\]"):
        publish(bad, tmp_path, published_at=NOW)
    missing = replace(
        draft("c" * 64),
        tables={"country_names": pd.DataFrame({"country": ["FRA"], "name": [None]})},
    )
    with pytest.raises(StoreError, match="null values"):
        publish(missing, tmp_path, published_at=NOW)
    assert len(list_releases(tmp_path)) == 1


def test_a_table_whose_log_is_gone_is_reported_and_never_recreated(tmp_path: Path) -> None:
    release = publish(draft(), tmp_path, published_at=NOW)
    for commit in (tmp_path / "country_names" / "_delta_log").iterdir():
        commit.unlink()
    with pytest.raises(StoreError, match="STORE_CORRUPT"):
        read_frame("country_names", release, tmp_path)
    with pytest.raises(StoreError, match="STORE_CORRUPT"):
        publish(draft("d" * 64), tmp_path, published_at=NOW)


def test_filters_take_known_columns_only(tmp_path: Path) -> None:
    release = publish(draft(), tmp_path, published_at=NOW)
    where = condition("country_names", {"country": ["NAM", "ITA"]})
    assert read_frame("country_names", release, tmp_path, where=where)["name"].tolist() == [
        "Namibia"
    ]
    with pytest.raises(UsageError, match="no column"):
        condition("country_names", {"country' OR 1=1--": "FRA"})
    with pytest.raises(UsageError, match="No table"):
        condition("../../etc", {})


def test_stored_columns_carry_their_meaning(tmp_path: Path) -> None:
    publish(draft(), tmp_path, published_at=NOW)
    field = DeltaTable(str(tmp_path / "country_names")).schema().fields[1]
    assert "ISO 3166" in field.metadata["comment"]
