"""Which releases may be pruned."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import pytest
from release_events import NOW, event, release_id

from flows.steps.retention import Retention, Stays, fates, parse_age
from talentcast.domain.errors import UsageError
from talentcast.domain.types import ReleaseId
from talentcast.store.release import Release

#: Seven refreshes, ten days apart, the newest two days old.
REFRESHES = [event(number, days_ago=72 - 10 * number) for number in range(1, 8)]


def gone(
    known: list[Release], retention: Retention, *, recorded: Collection[ReleaseId] = ()
) -> set[int]:
    decided = fates(known, retention, now=NOW, recorded=recorded)
    return {int(str(f.release.release_id)[-12:]) for f in decided if f.stays is None}


def test_the_newest_are_kept_by_number() -> None:
    assert gone(REFRESHES, Retention(keep=3)) == {1, 2, 3, 4}
    assert gone(REFRESHES, Retention(keep=10)) == set()


def test_what_is_older_goes_by_age_but_never_the_one_that_is_served() -> None:
    assert gone(REFRESHES, Retention(older_than=timedelta(days=30))) == {1, 2, 3, 4}
    assert gone(REFRESHES, Retention(older_than=timedelta(days=2))) == {1, 2, 3, 4, 5, 6}


def test_the_newest_release_of_a_population_stays_although_others_came_after_it() -> None:
    known = [event(0, days_ago=90, populations=("careers",)), *REFRESHES]
    assert gone(known, Retention(keep=1)) == {1, 2, 3, 4, 5, 6}


def test_backfills_are_counted_by_their_as_of_date_and_apart_from_refreshes() -> None:
    known = [
        event(10 * version + year, days_ago=50 - version, kind="backfill",
              as_of=date(2010 + year, 12, 31))
        for version in (1, 2)
        for year in range(3)
    ]  # fmt: skip
    assert gone([*known, event(90, days_ago=3)], Retention(keep=1)) == {10, 11, 12}
    # By age all go but the newest year.
    month = Retention(older_than=timedelta(days=30))
    assert gone([*known, event(90, days_ago=40)], month) == {10, 11, 12, 20, 21}


def test_a_scenario_takes_no_place_from_a_refresh() -> None:
    known = [event(1, days_ago=9), event(2, days_ago=8, kind="scenario")]
    assert gone(known, Retention(keep=1)) == set()


def test_a_retracted_release_takes_no_place_and_goes_once_others_are_newer() -> None:
    known = [event(1, days_ago=9), event(2, days_ago=8), event(3, days_ago=7)]
    newest = event(3, days_ago=5, status="retracted", sequence=4)
    middle = event(2, days_ago=5, status="retracted", sequence=4)
    assert gone([*known, newest], Retention(keep=1)) == {1}
    assert gone([*known, middle], Retention(keep=1)) == {1, 2}
    assert gone([*known, middle], Retention(keep=2)) == set()


def test_whatever_happened_within_a_day_stays() -> None:
    known = [event(1, days_ago=0.9), event(2, days_ago=0.5), event(3, days_ago=0.1)]
    assert gone(known, Retention(keep=1)) == set()
    just_now = event(1, days_ago=0.2, status="retracted", sequence=8)
    assert gone([*REFRESHES, just_now], Retention(keep=6)) == set()


def test_named_releases_and_those_of_the_track_record_stay_and_say_why() -> None:
    retention = Retention(keep=1, keep_also=frozenset([release_id(2)]))
    decided = fates(REFRESHES, retention, now=NOW, recorded={release_id(1)})
    why = {f.release.release_id: f.stays for f in decided if f.stays is not None}
    assert why == {
        release_id(7): Stays.SERVED,
        release_id(2): Stays.NAMED,
        release_id(1): Stays.RECORD,
    }


def test_a_release_that_was_pruned_is_decided_about_no_more() -> None:
    known = [*REFRESHES, event(1, days_ago=2, status="pruned", sequence=8)]
    assert gone(known, Retention(keep=5)) == {2}


def test_the_age_is_that_of_the_first_publication() -> None:
    restored = event(1, days_ago=3, sequence=8)
    decided = fates([*REFRESHES, restored], Retention(keep=1), now=NOW)
    assert decided[-1].published_at == NOW - timedelta(days=62)


def test_exactly_one_rule_is_given_and_an_age_is_days() -> None:
    for both in (Retention, lambda: Retention(keep=1, older_than=timedelta(days=1))):
        with pytest.raises(UsageError, match="either"):
            both()
    assert parse_age("90d") == timedelta(days=90)
    for text in ("90", "0d", "-1d", "d", "3 months", "999999d"):
        with pytest.raises(UsageError, match="no age"):
            parse_age(text)
