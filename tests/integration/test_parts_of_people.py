"""What is made of people part by part is what is made of them all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from engine.workers import Workers
from features.career_counts import CareerTally
from features.career_records import EVERYBODY, RECORD_TABLES, CareerRecords, IdSpan
from flows.steps.admit import recorded
from models.returns.landmark_history import LandmarkHistory
from models.simulation.careers import simulate_careers
from privacy.pseudonyms import PseudonymKey, pseudonymised
from restricted.parts import StoredParts
from restricted.store import RestrictedStore

SPANS = (IdSpan("", "4"), IdSpan("4", "b0"), IdSpan("b0", ""))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RestrictedStore:
    root = tmp_path_factory.mktemp("store")
    return RestrictedStore(root / "restricted", releases=root / "releases")


@pytest.fixture(scope="module")
def whole() -> CareerRecords:
    drawn = simulate_careers(600, np.random.default_rng(5)).records
    records = pseudonymised(drawn, PseudonymKey(bytes(range(32))))
    order = ["researcher_id", "year", "country"]
    tables = (getattr(records, name).sort_values(order) for name in RECORD_TABLES)
    return CareerRecords(*(table.reset_index(drop=True) for table in tables))  # type: ignore[arg-type]


def saved(
    store: RestrictedStore, name: str, whole: CareerRecords, spans: Sequence[IdSpan] = SPANS
) -> StoredParts:
    store.make_room(name, spans)
    for span in spans:
        store.save_records(whole.between(span), name=name, span=span)
    return store.parts(name)


@pytest.fixture(scope="module")
def parts(store: RestrictedStore, whole: CareerRecords) -> StoredParts:
    return saved(store, "abc", whole)


def test_parts_hold_everybody_once_and_in_order(parts: StoredParts, whole: CareerRecords) -> None:
    assert tuple(parts.spans) == SPANS
    for name in RECORD_TABLES:
        found = pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        assert_frame_equal(found, getattr(whole, name))
        assert_frame_equal(getattr(parts.between(EVERYBODY), name), getattr(whole, name))
    some = IdSpan("3", "c")
    assert_frame_equal(
        parts.between(some).careers, whole.between(some).careers.reset_index(drop=True)
    )


def test_rows_of_a_span_are_found_by_their_place_as_by_their_names(parts: StoredParts) -> None:
    people = recorded(parts).people
    for span in (*SPANS, EVERYBODY, IdSpan("3", "c"), IdSpan("zz", "")):
        assert_frame_equal(span.rows_of(people), people[span.holds(people["researcher_id"])])


def test_counts_of_parts_add_up(parts: StoredParts, whole: CareerRecords) -> None:
    by_part, at_once = CareerTally.of_parts(parts, Workers(2)), CareerTally.of_parts(whole)
    assert_frame_equal(by_part.by_country, at_once.by_country)
    assert_frame_equal(by_part.gaps, at_once.gaps)


def test_people_are_admitted_by_the_same_versions(parts: StoredParts, whole: CareerRecords) -> None:
    by_part, at_once = recorded(parts, (), Workers(3)), recorded(whole)
    assert_frame_equal(by_part.people, at_once.people)
    assert by_part.last_year == at_once.last_year


@pytest.mark.parametrize("most", [100_000, 300, 40])
def test_a_model_learns_from_the_same_people(
    most: int, parts: StoredParts, whole: CareerRecords
) -> None:
    by_part, at_once = (LandmarkHistory.of(of, since=2015, most=most) for of in (parts, whole))
    for table in ("landmarks", "careers", "everybody"):
        assert_frame_equal(getattr(by_part, table), getattr(at_once, table))
    assert by_part.halvings == at_once.halvings
    assert len(by_part.landmarks) <= most
    assert (by_part.halvings > 0) == (most < 1_000)
    assert by_part.everybody["landmark_year"].min() == 2015


def test_a_sample_takes_all_landmarks_of_a_person_or_none(whole: CareerRecords) -> None:
    everybody, few = LandmarkHistory.of(whole), LandmarkHistory.of(whole, most=300)
    names = set(few.landmarks["researcher_id"])
    theirs = everybody.landmarks[everybody.landmarks["researcher_id"].isin(names)]
    assert_frame_equal(few.landmarks, theirs.reset_index(drop=True))
    assert len(few.everybody) == len(everybody.landmarks)
    other = LandmarkHistory.of(whole, most=300, seed=1)
    assert set(other.landmarks["researcher_id"]) != names


def test_who_is_forgotten_is_in_no_part(store: RestrictedStore, whole: CareerRecords) -> None:
    from datetime import UTC, datetime

    saved(store, "def", whole)
    somebody = whole.careers["researcher_id"].iloc[-1]
    assert store.forget(somebody, forgotten_at=datetime.now(UTC)) > 0
    files = list((store.root / "people" / "def").glob("*.parquet"))
    assert len(files) == 9
    for path in files:
        assert somebody not in set(pd.read_parquet(path)["researcher_id"])


def test_records_saved_anew_in_other_parts_replace_the_earlier_ones(
    store: RestrictedStore, whole: CareerRecords
) -> None:
    other = (IdSpan("", "8"), IdSpan("8", ""))
    for spans in (SPANS, other):
        found = saved(store, "fed", whole, spans)
    careers = found.between(EVERYBODY).careers
    assert tuple(found.spans) == other
    assert not careers.duplicated(["researcher_id", "year"]).any()
