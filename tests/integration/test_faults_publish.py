"""Faults of publishing: each is provoked on a real store, and readers never see half a release."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from release_drafts import NOW, draft, marked_tables, of_tables
from stress_store import Writer, start

from talentcast.cli.failures import line_of
from talentcast.domain import tables as contracts
from talentcast.domain.errors import ConfigurationError, StoreError
from talentcast.domain.tables import Column
from talentcast.store.cleaning import clean
from talentcast.store.inspection import inspect, withdraw_damaged
from talentcast.store.pointer import (
    append_event,
    events,
    find_release,
    latest_release,
    list_releases,
)
from talentcast.store.publisher import Stage, publish
from talentcast.store.reader import read_frame
from talentcast.store.release import Release
from talentcast.store.retraction import restore, retract
from talentcast.store.signing import Signer, Verifier, write_new_key
from talentcast.store.verification import verify


def release_in(root: Path, settings: str = "a" * 64, **countries: str) -> Release:
    return publish(draft(settings, **countries), root, published_at=NOW)


def test_f050_everything_is_flushed_before_the_pointer_and_the_pointer_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        flushed.append(str(Path(f"/dev/fd/{descriptor}").resolve()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    at_commit: list[str] = []
    release = publish(
        draft(),
        tmp_path,
        published_at=NOW,
        on_stage=lambda stage: at_commit.extend(flushed) if stage is Stage.COMMITTING else None,
    )
    entry = release.tables["country_names"]
    folder = tmp_path / "country_names"
    data = [str(folder / file.path) for file in entry.files]
    logs = [str(path) for path in (folder / "_delta_log").glob("*.json")]
    folders = [str(Path(path).parent) for path in (*data, *logs)]
    assert len(logs) == entry.delta_version + 1
    assert {*data, *logs, *folders, str(folder), str(tmp_path)} <= set(at_commit)
    version = DeltaTable(str(tmp_path / "releases")).version()
    pointer = str(tmp_path / "releases" / "_delta_log" / f"{version:020}.json")
    assert pointer in flushed
    assert pointer not in at_commit


def test_f054_a_lost_answer_is_made_good_by_running_again(tmp_path: Path) -> None:
    first = release_in(tmp_path)
    files = sorted(tmp_path.rglob("*.parquet"))
    assert release_in(tmp_path) == first
    assert sorted(tmp_path.rglob("*.parquet")) == files


def test_f056_f057_a_reader_keeps_the_versions_that_its_release_names(tmp_path: Path) -> None:
    first = release_in(tmp_path, FRA="France")
    second = release_in(tmp_path, "b" * 64, FRA="Frankreich", ITA="Italien")
    assert read_frame("country_names", first, tmp_path)["name"].tolist() == ["France"]
    assert len(read_frame("country_names", second, tmp_path)) == 2
    operations = [
        entry["operation"] for entry in DeltaTable(str(tmp_path / "country_names")).history()
    ]
    assert "Overwrite" not in " ".join(operations)


@pytest.mark.parametrize("damage", ["truncated", "deleted"])
def test_f058_a_damaged_table_log_is_named_and_nothing_is_written(
    tmp_path: Path, damage: str
) -> None:
    release = release_in(tmp_path)
    commit = (
        tmp_path
        / "country_names"
        / "_delta_log"
        / f"{release.tables['country_names'].delta_version:020}.json"
    )
    kept = commit.read_bytes()
    commit.write_bytes(kept[: len(kept) // 2]) if damage == "truncated" else commit.unlink()
    with pytest.raises(StoreError, match=r"STORE_CORRUPT.*country_names"):
        read_frame("country_names", release, tmp_path)
    with pytest.raises(StoreError, match=r"STORE_CORRUPT.*country_names"):
        release_in(tmp_path, "b" * 64)
    commit.write_bytes(kept)  # the backup
    assert verify(release, tmp_path) == []
    assert release_in(tmp_path, "b" * 64) == latest_release(tmp_path)


def test_f058_a_pointer_row_that_is_gone_is_missed(tmp_path: Path) -> None:
    release_in(tmp_path)
    release_in(tmp_path, "b" * 64)
    newest = max((tmp_path / "releases" / "_delta_log").glob("*.json"))
    newest.unlink()
    with pytest.raises(StoreError, match=r"STORE_CORRUPT.*row 2 was acknowledged"):
        find_release("latest", tmp_path)


def test_f059_a_release_that_lost_a_file_is_withdrawn(tmp_path: Path) -> None:
    good = release_in(tmp_path)
    damaged = release_in(tmp_path, "b" * 64)
    (tmp_path / "country_names" / damaged.tables["country_names"].files[0].path).unlink()
    inspected = inspect(tmp_path)
    assert [bool(one.problems) for one in inspected] == [True, False]
    withdraw_damaged(inspected, tmp_path, at=NOW)
    assert find_release("latest", tmp_path).release_id == good.release_id
    assert "is gone" in str(find_release(str(damaged.release_id), tmp_path).reason)
    assert withdraw_damaged(inspect(tmp_path), tmp_path, at=NOW) == []


@pytest.fixture
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Signer, Verifier]:
    private = tmp_path_factory.mktemp("keys") / "key"
    public = write_new_key(private)
    return Signer.from_file(private), Verifier.from_file(public)


@pytest.mark.skipif(os.name != "posix", reason="files have no modes here")
def test_f060_a_signing_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    public = write_new_key(path)
    public.chmod(0o644)
    Verifier.from_file(public)
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {path}"):
        Signer.from_file(path)
    path.chmod(0o600)
    Signer.from_file(path)


def test_f060_a_file_rewritten_together_with_its_manifest_fails_the_signature(
    tmp_path: Path, keys: tuple[Signer, Verifier]
) -> None:
    signer, verifier = keys
    release = publish(draft(), tmp_path, published_at=NOW, signer=signer)
    assert verify(release, tmp_path, verifier=verifier) == []
    file = tmp_path / "country_names" / release.tables["country_names"].files[0].path
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(1, "name", pa.array(["Frankland", "Namibia"])), file)
    assert "was changed" in verify(release, tmp_path)[0]
    # An attacker hashes everything anew, but cannot sign it.
    edited = replace(release, quality={"passed": 99})
    assert "it was changed" in verify(edited, tmp_path)[0]
    resealed = replace(edited, manifest_sha256=edited.manifest_hash())
    assert "not signed with this key" in verify(resealed, tmp_path, verifier=verifier)[0]
    unsigned = replace(release, signature=None)
    assert "not signed" in verify(unsigned, tmp_path, verifier=verifier)[0]


def test_f060_withdrawing_a_forgery_does_not_vouch_for_it(
    tmp_path: Path, keys: tuple[Signer, Verifier]
) -> None:
    signer, verifier = keys
    genuine = publish(draft(), tmp_path, published_at=NOW, signer=signer)
    gone = retract("latest", tmp_path, reason="a test", by="me", at=NOW, signer=signer)
    assert verify(gone, tmp_path, verifier=verifier) == []
    forged = replace(genuine, quality={"passed": 99}, signature=None).sealed(sequence=3)
    append_event(forged, tmp_path)  # by someone who can write to the store
    for change in (retract, restore):
        changed = change(
            str(forged.release_id), tmp_path, reason="a test", by="me", at=NOW, signer=signer
        )
        assert changed.signature is None
        assert "not signed" in verify(changed, tmp_path, verifier=verifier)[0]


def test_f061_the_clock_orders_nothing(tmp_path: Path) -> None:
    publish(draft(), tmp_path, published_at=NOW)
    second = publish(draft("b" * 64), tmp_path, published_at=NOW.replace(year=1999))
    assert latest_release(tmp_path) == second
    assert [event.sequence for event in events(tmp_path)] == [1, 2]


def test_f062_a_table_gains_a_column_and_old_releases_stay_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = release_in(tmp_path)
    contract = contracts.table("country_names")
    region = Column("region", "string", "Part of the world.", nullable=True)
    wider = replace(contract, columns=(*contract.columns, region))
    use_contract(monkeypatch, wider)
    rows = pd.DataFrame({"country": ["FRA"], "name": ["France"], "region": ["Europe"]})
    new = publish(of_tables({"country_names": rows}, "b" * 64), tmp_path, published_at=NOW)
    assert read_frame("country_names", new, tmp_path)["region"].tolist() == ["Europe"]
    assert read_frame("country_names", old, tmp_path)["region"].isna().all()
    assert read_frame("country_names", old, tmp_path)["country"].tolist() == ["FRA", "NAM"]


def test_f062_a_reworded_column_is_no_change_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = release_in(tmp_path)
    contract = contracts.table("country_names")
    *others, name = contract.columns
    reworded = replace(name, meaning="What the country is called.")
    use_contract(monkeypatch, replace(contract, columns=(*others, reworded)))
    new = release_in(tmp_path, "b" * 64)
    assert verify(old, tmp_path) == verify(new, tmp_path) == []
    stored = DeltaTable(str(tmp_path / "country_names")).schema().fields[-1]
    assert stored.metadata["comment"] == "What the country is called."


@pytest.mark.parametrize("change", ["lost", "retyped", "required"])
def test_f062_a_breaking_change_needs_a_table_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    release_in(tmp_path)
    contract = contracts.table("country_names")
    first, country, name = contract.columns
    changed = {
        "lost": (first, country),
        "retyped": (first, country, replace(name, type="integer")),
        "required": (*contract.columns, Column("region", "string", "Part of the world.")),
    }[change]
    use_contract(monkeypatch, replace(contract, columns=changed))
    row: dict[str, object] = {"country": "FRA"}
    row |= {"retyped": {"name": 1}, "required": {"name": "x", "region": "y"}}.get(change, {})
    with pytest.raises(StoreError, match=r"SCHEMA_BREAKING.*country_names"):
        publish(
            of_tables({"country_names": pd.DataFrame([row])}, "b" * 64), tmp_path, published_at=NOW
        )
    assert len(list_releases(tmp_path)) == 1


def use_contract(monkeypatch: pytest.MonkeyPatch, contract: contracts.Table) -> None:
    known = tuple(contract if t.name == contract.name else t for t in contracts.TABLES)
    from talentcast.store import publisher, reader

    for module in (publisher, reader):
        monkeypatch.setattr(module, "table", lambda name: contracts.table(name, among=known))


def test_f063_the_same_release_again_gives_the_same_hashes(tmp_path: Path) -> None:
    one = release_in(tmp_path / "one")
    two = release_in(tmp_path / "two")
    assert one.release_id == two.release_id
    assert [e.row_hash for e in one.tables.values()] == [e.row_hash for e in two.tables.values()]
    files = [[file.sha256 for file in r.tables["country_names"].files] for r in (one, two)]
    assert files[0] == files[1]


def test_f064_one_id_never_stands_for_two_contents(tmp_path: Path) -> None:
    release = release_in(tmp_path)
    with pytest.raises(StoreError, match=r"RELEASE_IMMUTABLE.*country_names.*repeat") as refused:
        release_in(tmp_path, FRA="Frankreich")
    assert line_of(refused.value).endswith("(--force)")
    assert read_frame("country_names", release, tmp_path)["name"].tolist() == ["France", "Namibia"]


def test_f065_a_retracted_release_is_withdrawn_recorded_and_restored_to_its_place(
    tmp_path: Path,
) -> None:
    first = release_in(tmp_path)
    second = release_in(tmp_path, "b" * 64)
    third = release_in(tmp_path, "c" * 64)
    retract(str(third.release_id), tmp_path, reason="wrong counts", by="a.analyst", at=NOW)
    retract(str(second.release_id), tmp_path, reason="wrong counts", by="a.analyst", at=NOW)
    assert find_release("latest", tmp_path).release_id == first.release_id
    gone = find_release(str(third.release_id), tmp_path)
    assert (gone.status, gone.reason) == ("retracted", "wrong counts (a.analyst)")
    assert len(read_frame("country_names", gone, tmp_path)) == 2
    restore(str(third.release_id), tmp_path, reason="right after all", by="a.analyst", at=NOW)
    restore(str(second.release_id), tmp_path, reason="right after all", by="a.analyst", at=NOW)
    assert find_release("latest", tmp_path).release_id == third.release_id
    assert [event.status for event in events(tmp_path)] == [
        "published",
        "published",
        "published",
        "retracted",
        "retracted",
        "published",
        "published",
    ]
    with pytest.raises(StoreError, match="published already"):
        restore("latest", tmp_path, reason="again", by="a.analyst", at=NOW)


def test_f066_a_reader_keeps_its_release_while_the_store_is_cleaned(tmp_path: Path) -> None:
    release = release_in(tmp_path)
    pinned = DeltaTable(
        str(tmp_path / "country_names"), version=release.tables["country_names"].delta_version
    ).to_pyarrow_dataset()
    release_in(tmp_path, "b" * 64)
    make_older(tmp_path, hours=48)
    clean(tmp_path, dry_run=False)
    assert pinned.to_table().num_rows == 2
    assert all(verify(one, tmp_path) == [] for one in list_releases(tmp_path))


def test_f067_only_old_leftovers_are_removed_and_first_only_named(tmp_path: Path) -> None:
    root = tmp_path / "store"
    kept = publish(of_tables(marked_tables(0.5, 50), "0" * 64), root, published_at=NOW)
    for number in (1, 2):
        dying = start(Writer(root, number, tmp_path / "journal", rows=50, dies_at="data flushed"))
        dying.join(60)
    stray = root / "forecasts" / "part-stray.parquet"
    stray.write_bytes(b"left by a killed writer")
    assert clean(root, dry_run=False) == []  # all of it is young
    make_older(root, hours=48, make_log_older=True)
    named = {left.table: left for left in clean(root, dry_run=True)}
    assert len(named["forecasts"].releases) == 2
    assert named["forecasts"].files == ("part-stray.parquet",)
    assert stray.exists()
    clean(root, dry_run=False)
    assert not stray.exists()
    assert verify(kept, root) == []
    assert [left.releases for left in clean(root, dry_run=True) if left.releases] == []


def make_older(root: Path, *, hours: int, make_log_older: bool = False) -> None:
    """Make files look old; the log states the age of its data files too."""
    then = time.time() - hours * 3600
    for path in root.rglob("*"):
        if make_log_older and path.suffix == ".json" and path.parent.name == "_delta_log":
            path.write_text(older_log(path.read_text(), int(then * 1000)))
        os.utime(path, (then, then))


def older_log(text: str, milliseconds: int) -> str:
    import json

    actions = [json.loads(line) for line in text.splitlines()]
    for action in actions:
        if "add" in action:
            action["add"]["modificationTime"] = milliseconds
    return "\n".join(json.dumps(action) for action in actions) + "\n"
