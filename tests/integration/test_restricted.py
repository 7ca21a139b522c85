"""The restricted store: opt-in, coarse, logged, and able to forget."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest

from features.career_records import CareerRecords
from privacy.pseudonyms import PseudonymKey
from restricted.store import RestrictedStore, likelihood_rows
from talentcast.config import load_settings
from talentcast.domain.errors import ConfigurationError, StoreError, UsageError
from talentcast.domain.types import ReleaseId

KEY = PseudonymKey(bytes(range(32)))
ANNE, BERT = KEY.pseudonym("anne"), KEY.pseudonym("bert")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
RELEASE = ReleaseId("r20260101-0123456789ab")


@pytest.fixture
def store(tmp_path: Path) -> RestrictedStore:
    return RestrictedStore(tmp_path / "restricted", releases=tmp_path / "releases")


def rows(release: ReleaseId = RELEASE) -> pd.DataFrame:
    landmarks = pd.DataFrame(
        {
            "researcher_id": [ANNE, BERT],
            "landmark_year": 2020,
            "origin_country": "CHN",
            "host_group": "usa",
        }
    )
    return likelihood_rows(landmarks, pd.DataFrame({1: [0.031, 0.1], 3: [0.2, 0.33]}), release)


def records() -> CareerRecords:
    table = pd.DataFrame({"researcher_id": [ANNE, BERT], "year": [2019, 2020]})
    return CareerRecords(table, table, table)


def everything(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


def test_f099_individual_rows_are_neither_written_nor_read_unless_asked_for(
    store: RestrictedStore,
) -> None:
    with pytest.raises(ConfigurationError, match="ALLOW_INDIVIDUAL"):
        store.write_likelihoods(rows(), allow_individual=False)
    assert not store.root.exists()
    store.write_likelihoods(rows(), allow_individual=True)
    with pytest.raises(ConfigurationError, match="ALLOW_INDIVIDUAL"):
        store.read_likelihoods(reason="checking calibration", allow_individual=False, read_at=NOW)


def test_the_store_is_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALENTCAST_RESTRICTED_DIR", "s3://team/restricted")
    with pytest.raises(ConfigurationError, match="RESTRICTED_DIR"):
        load_settings()
    monkeypatch.setenv("TALENTCAST_RESTRICTED_DIR", "")
    assert load_settings(Path("there")).restricted == Path("there/restricted")


@pytest.mark.parametrize("place", ["releases/restricted", "."])
def test_f099_the_store_may_not_share_a_folder_with_releases(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigurationError, match="within each other"):
        RestrictedStore(tmp_path / place, releases=tmp_path / "releases")


def test_probabilities_are_kept_in_coarse_steps(store: RestrictedStore) -> None:
    assert rows()["probability"].tolist() == [0.05, 0.1, 0.2, 0.35]
    with pytest.raises(StoreError, match="steps"):
        store.write_likelihoods(rows().assign(probability=0.031), allow_individual=True)


def test_a_bare_id_is_refused(store: RestrictedStore) -> None:
    with pytest.raises(StoreError, match="pseudonyms"):
        store.write_likelihoods(rows().assign(researcher_pseudonym="anne"), allow_individual=True)


def test_every_reading_is_logged_with_its_reason_and_ranks_nobody(store: RestrictedStore) -> None:
    store.write_likelihoods(rows(), allow_individual=True)
    with pytest.raises(UsageError, match="why"):
        store.read_likelihoods(reason=" ", allow_individual=True, read_at=NOW)
    found = store.read_likelihoods(
        reason="checking calibration", allow_individual=True, read_at=NOW
    )
    entry = json.loads((store.root / "access.jsonl").read_text())
    assert entry == {"read_at": NOW.isoformat(), "reason": "checking calibration", "rows": 4}
    assert found["researcher_pseudonym"].is_monotonic_increasing


def test_a_forgotten_person_is_gone_from_tables_history_and_snapshots(
    store: RestrictedStore,
) -> None:
    store.write_likelihoods(rows(), allow_individual=True)
    store.write_likelihoods(rows(ReleaseId("r20260102-0123456789ab")), allow_individual=True)
    store.save_records(records(), name="abc")
    careers = store.root / "people" / "abc" / "careers.parquet"
    assert ANNE in set(pd.read_parquet(careers)["researcher_id"])
    assert store.forget(ANNE, forgotten_at=NOW) == 4 + 3
    stones = (store.root / "tombstones.json").read_bytes()
    assert ANNE.encode() not in everything(store.root).replace(stones, b"")
    assert ANNE not in set(pd.read_parquet(careers)["researcher_id"])
    left = store.read_likelihoods(reason="after forgetting", allow_individual=True, read_at=NOW)
    assert set(left["researcher_pseudonym"]) == {BERT}


def test_a_forgotten_person_is_in_nothing_that_a_killed_process_left(
    store: RestrictedStore,
) -> None:
    store.save_records(records(), name="abc")
    left = store.root / "people" / "abc" / f".careers.parquet-{uuid4().hex}"
    left.write_text(ANNE)
    store.forget(ANNE, forgotten_at=NOW)
    assert not left.exists()


def test_a_forgotten_person_cannot_come_back(store: RestrictedStore) -> None:
    store.forget(ANNE, forgotten_at=NOW)
    store.write_likelihoods(rows(), allow_individual=True)
    store.save_records(records(), name="abc")
    stones = (store.root / "tombstones.json").read_bytes()
    assert ANNE.encode() not in everything(store.root).replace(stones, b"")
    assert set(store.without_forgotten(records()).careers["researcher_id"]) == {BERT}


def test_forgetting_takes_pseudonyms_only(store: RestrictedStore) -> None:
    with pytest.raises(UsageError, match="64 hexadecimal"):
        store.forget("anne", forgotten_at=NOW)


def test_a_crash_while_a_table_is_replaced_loses_nothing(store: RestrictedStore) -> None:
    store.write_likelihoods(rows(), allow_individual=True)
    (store.root / "return_likelihoods").rename(store.root / "return_likelihoods.new")
    (store.root / "return_likelihoods.ready").touch()
    found = store.read_likelihoods(reason="after the crash", allow_individual=True, read_at=NOW)
    assert len(found) == 4


def test_the_ledger_of_the_last_release_that_was_seen_counts(store: RestrictedStore) -> None:
    seen, dead, unseen = (ReleaseId(f"r20250101-{digit * 12}") for digit in "abc")
    for release, people in ((seen, 20), (dead, 31)):
        store.write_ledger("cohorts", release, pd.DataFrame({"people": [people]}))
    # The second publication died before anyone could see it; the third holds no such table.
    assert store.read_ledger("cohorts", [unseen, seen])["people"].tolist() == [20]
    assert store.read_ledger("cohorts", [unseen]).empty
    assert store.read_ledger("cohorts", [dead, seen])["people"].tolist() == [31]
