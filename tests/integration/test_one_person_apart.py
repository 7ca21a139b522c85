"""Two inputs that differ in one person give releases that differ in nothing, or in a batch.

The short form of `python -m tests.stress.differencing`, which compares all channels for every pair.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from one_person_apart import (
    KEY,
    copy_of,
    forget,
    is_batch,
    pairs,
    people,
    persons,
    settings_of,
    write,
)
from set_difference import smallest_difference

from features.career_records import EVERYBODY, CareerRecords
from flows.steps import people as steps
from flows.steps import pipeline, returns
from flows.steps.approval import NO_APPROVAL, Approval
from flows.steps.people import People, gather_people
from flows.steps.plan import Plan
from privacy.admitted_sets import DEFAULT_RULES
from talentcast.domain.errors import ConfigurationError, StoreError, UsageError
from talentcast.store.pointer import list_releases
from talentcast.store.release import Release

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Leave out the test in time of the return model, which takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(returns, "_TEST_YEARS", 90)
        patch.setattr(returns, "_HISTORY_YEARS", 3)
        patch.setenv("TALENTCAST_PSEUDONYM_KEY", KEY)
        yield


@pytest.fixture(scope="module")
def records() -> CareerRecords:
    return people(1_200, 3)


@pytest.fixture(scope="module")
def folder(records: CareerRecords, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(records, tmp_path_factory.mktemp("base") / "fellows")


@pytest.fixture(scope="module")
def published(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the folder is published once."""
    home = tmp_path_factory.mktemp("once") / "home"
    refresh(folder, home)
    return home


@pytest.fixture
def home(published: Path, tmp_path: Path) -> Path:
    """A copy of that home, which stands for it at another time."""
    return copy_of(published, tmp_path / "home")


def refresh(
    folder: Path, home: Path, *, approval: Approval | None = None, force: bool = False
) -> Release:
    plan = Plan(sources=(str(folder),), models=("naive",), n_samples=20, scored_horizons=())
    done = pipeline.refresh(plan, settings_of(home), force=force, approval=approval or NO_APPROVAL)
    return done.release


def content(release: Release) -> dict[str, str]:
    return {entry.name: entry.row_hash for entry in release.tables.values()}


def chosen(folder: Path, home: Path, *others: People, beside: Sequence[Path] = ()) -> People:
    names = [str(path) for path in beside]
    return gather_people(str(folder), settings_of(home), now=NOW, others=others, beside=names)


def ids(people: People) -> pd.Series:
    return people.records.between(EVERYBODY).careers["researcher_id"]


def test_f098_one_person_changes_nothing_that_is_published(
    records: CareerRecords, folder: Path, home: Path, tmp_path: Path
) -> None:
    before = chosen(folder, home)
    seen = list_releases(home / "releases")[0]
    every = [pair for person in persons(records) for pair in pairs(records, person)]
    changed = [pair for pair in every if pair.after is not None]
    assert len(changed) == 20
    for number, pair in enumerate(changed):
        assert pair.after is not None
        place = write(pair.after, tmp_path / str(number) / "fellows")
        after = chosen(place, home)
        assert after.snapshot.sha256 == before.snapshot.sha256, pair
        for part in ("careers", "coauthor_countries", "affiliation_weights"):
            rows = (getattr(one.records.between(EVERYBODY), part) for one in (before, after))
            assert next(rows).equals(next(rows)), pair
    # Everything else follows from the records: once, through to the tables.
    assert refresh(place, home).release_id == seen.release_id
    again, repeated = refresh(place, home, force=True), refresh(folder, home, force=True)
    assert content(again) == content(repeated)
    assert again.quality == repeated.quality


def test_the_same_people_in_many_files_are_the_same_release(
    records: CareerRecords, folder: Path, home: Path, tmp_path: Path
) -> None:
    place = tmp_path / "fellows"
    for name in ("careers", "coauthor_countries"):
        rows = getattr(records, name)
        (place / name).mkdir(parents=True)
        for number in range(3):
            rows.iloc[number::3].to_parquet(place / name / f"{number}.parquet", index=False)
    many = settings_of(home).model_copy(update={"bucket_rows": 2_000})
    scanned = gather_people(str(place), many, now=NOW)
    at_once = chosen(folder, home)
    assert scanned.snapshot.sha256 == at_once.snapshot.sha256
    plan = Plan(sources=(str(place),), models=("naive",), n_samples=20, scored_horizons=())
    assert not pipeline.refresh(plan, many).is_new
    # Also where nothing was published before: then the records of this scan are what is used.
    fresh = many.model_copy(update={"home": tmp_path / "new", "datasets_dir": tmp_path / "notes"})
    counts = [
        steps.count_people(gather_people(str(source), fresh, now=NOW), fresh).ledger.drop(
            columns="vintage"
        )
        for source in (place, folder)
    ]
    pd.testing.assert_frame_equal(*counts)


def test_a_forgotten_person_leaves_with_a_batch(
    records: CareerRecords, folder: Path, home: Path
) -> None:
    returned = next(person for person in persons(records) if person.kind == "returned")
    admitted = chosen(folder, home)
    pseudonym = ids(admitted).iloc[0]
    steps.restricted_store(settings_of(home)).forget(pseudonym, forgotten_at=NOW)
    forget(returned, settings_of(home))
    release = refresh(folder, home)
    assert len(list_releases(home / "releases")) == 2
    assert release.inputs[0]["sha256"] != admitted.snapshot.sha256
    assert is_batch(home)


def test_who_is_forgotten_while_a_release_is_made_is_not_in_it(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tombstone comes after the people were chosen, and what else forgetting does never."""
    store = steps.restricted_store(settings_of(home))
    somebody = ids(chosen(folder, home)).iloc[0]
    real = pipeline.keep_all_restricted

    def forgets(*arguments: Any) -> None:
        (store.root / "tombstones.json").write_text(json.dumps([somebody]))
        real(*arguments)

    monkeypatch.setattr(pipeline, "keep_all_restricted", forgets)
    with pytest.raises(StoreError, match="forgotten since the run began"):
        refresh(folder, home, force=True)
    monkeypatch.undo()
    monkeypatch.setenv("TALENTCAST_PSEUDONYM_KEY", KEY)
    assert somebody not in set(ids(chosen(folder, home)))
    refresh(folder, home)
    assert is_batch(home)


def test_three_releases_in_a_row_differ_by_batches(
    records: CareerRecords, folder: Path, home: Path, tmp_path: Path
) -> None:
    more = people(1_400, 4).careers
    for n in (3, 60, 61):
        names = more["researcher_id"].drop_duplicates().iloc[:n]
        new = more[more["researcher_id"].isin(names)]
        joined = CareerRecords(
            careers_with(records, new.assign(researcher_id="new-" + new["researcher_id"])),
            records.coauthor_countries,
            records.affiliation_weights,
        )
        refresh(write(joined, tmp_path / str(n) / "fellows"), home)
    assert is_batch(home)


def careers_with(records: CareerRecords, new: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([records.careers, new], ignore_index=True)


def test_a_renamed_folder_is_published_with_the_same_people(
    records: CareerRecords, folder: Path, home: Path, tmp_path: Path
) -> None:
    one = persons(records)[2].researcher_id
    renamed = write(records.without([one]), tmp_path / "students")
    first, second = chosen(folder, home), chosen(renamed, home)
    assert second.key.population == "students"
    assert second.snapshot.sha256 == first.snapshot.sha256
    release = refresh(renamed, home)
    assert release.populations == ("students",)
    assert release.release_id != list_releases(home / "releases")[1].release_id


def test_populations_of_one_run_that_share_people_differ_by_batches(
    records: CareerRecords, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    one = persons(records)[2].researcher_id
    everybody = chosen(write(records, tmp_path / "fellows"), home)
    but_one = chosen(write(records.without([one]), tmp_path / "students"), home, everybody)
    assert everybody.admission is not None
    assert but_one.admission is not None
    one_set, other = everybody.admission.chosen, but_one.admission.chosen
    found = smallest_difference(one_set, other, one_set.origins & other.origins)
    assert DEFAULT_RULES.batch <= found < float("inf")


def test_a_new_population_of_the_same_people_leaves_a_known_one_its_ledger(
    records: CareerRecords, folder: Path, home: Path, tmp_path: Path
) -> None:
    """Whichever of the two comes first in the run."""
    copy = write(records, tmp_path / "students")
    known = chosen(folder, home, beside=[copy])
    later = chosen(copy, home, known, beside=[folder])
    earlier = chosen(copy, home, beside=[folder])
    assert known.line != later.line
    assert known.line != earlier.line
    assert chosen(folder, home, earlier, beside=[copy]).line == known.line
    assert chosen(copy, home).line == known.line  # alone, it is the known one under a new name


def test_people_without_their_ledger_are_refused_until_a_reason_is_published(
    folder: Path, home: Path, tmp_path: Path
) -> None:
    shutil.move(home / "restricted", tmp_path / "lost")
    with pytest.raises(ConfigurationError, match=r"--new-ledger --reason"):
        refresh(folder, home)
    with pytest.raises(UsageError, match="reason"):
        Approval(new_ledger=True)
    begun = Approval(new_ledger=True, reason="the disk was lost")
    release = refresh(folder, home, approval=begun, force=True)
    assert release.reason == "the disk was lost"
    assert release.quality["warned"] >= 1
    with pytest.raises(UsageError, match="where it should be"):
        refresh(folder, home, approval=begun)


def test_a_second_home_on_this_machine_is_refused(folder: Path, home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(home / "datasets", other / "datasets")
    with pytest.raises(ConfigurationError, match="is kept in"):
        refresh(folder, other)


def test_a_set_of_the_ledger_that_is_lost_stops_the_run(folder: Path, home: Path) -> None:
    for path in (home / "restricted" / "admissions").glob("*/sets/*.parquet"):
        path.unlink()
    with pytest.raises(StoreError, match="disclosure ledger is damaged"):
        refresh(folder, home)
    assert len(list_releases(home / "releases")) == 1


def test_every_release_since_the_ledger_began_must_be_in_it(folder: Path, home: Path) -> None:
    refresh(folder, home, force=True)
    newest, first = list_releases(home / "releases")
    (entries,) = (home / "restricted" / "admissions").glob("*/releases")
    kept = (entries / f"{first.release_id}.json").read_text()
    (entries / f"{first.release_id}.json").unlink()
    with pytest.raises(ConfigurationError, match=r"--new-ledger --reason"):
        chosen(folder, home)
    newest_entry = entries / f"{newest.release_id}.json"
    newest_entry.write_text(newest_entry.read_text().replace("false", "true"))
    chosen(folder, home)  # began with the newest: nothing is missing
    newest_entry.write_text("{")
    (entries / f"{first.release_id}.json").write_text(kept)
    with pytest.raises(StoreError, match="disclosure ledger is damaged"):
        chosen(folder, home)


def test_of_two_homes_with_a_ledger_only_the_last_one_goes_on(
    folder: Path, home: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(home / "datasets", other / "datasets")
    begun = Approval(new_ledger=True, reason="the disk was lost")
    refresh(folder, other, approval=begun)
    shutil.copytree(other / "datasets", home / "datasets", dirs_exist_ok=True)
    with pytest.raises(ConfigurationError, match="is kept in"):
        chosen(folder, home)
    chosen(folder, other)
    moved = tmp_path / "moved"
    shutil.move(other, moved)
    chosen(folder, moved)
