"""Snapshots keep bytes as they came, with where they came from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from talentcast.domain.errors import IntegrityError
from talentcast.domain.provenance import RawFile
from talentcast.domain.types import Vintage
from talentcast.store.snapshots import load_raw, read_snapshot, save_snapshot, snapshot_folder

RAW = RawFile(
    "a.csv", b"NA,2019,5\n", "file", "https://example.org", "CC0", Vintage(date(2024, 1, 31))
)
NOW = datetime(2024, 2, 1, tzinfo=UTC)


def test_bytes_read_back_with_their_provenance(tmp_path: Path) -> None:
    assert load_raw(save_snapshot(RAW, tmp_path, retrieved_at=NOW), tmp_path) == RAW


def test_saving_the_same_bytes_again_keeps_the_first_record(tmp_path: Path) -> None:
    first = save_snapshot(RAW, tmp_path, retrieved_at=NOW)
    again = save_snapshot(RAW, tmp_path, retrieved_at=NOW.replace(year=2030))
    assert again == first


def test_a_changed_snapshot_is_refused(tmp_path: Path) -> None:
    snapshot = save_snapshot(RAW, tmp_path, retrieved_at=NOW)
    (snapshot_folder(tmp_path, snapshot.sha256) / "content").write_bytes(b"NA,2019,6\n")
    with pytest.raises(IntegrityError, match="changed on disk"):
        load_raw(snapshot, tmp_path)


def test_a_missing_snapshot_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="talentcast sources fetch"):
        read_snapshot("0" * 64, tmp_path)


def test_a_save_that_died_half_way_is_completed(tmp_path: Path) -> None:
    snapshot = save_snapshot(RAW, tmp_path, retrieved_at=NOW)
    folder = snapshot_folder(tmp_path, snapshot.sha256)
    (folder / "provenance.json").unlink()
    (folder / "content").write_bytes(b"half")
    assert load_raw(save_snapshot(RAW, tmp_path, retrieved_at=NOW), tmp_path) == RAW
