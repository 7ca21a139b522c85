"""Laws of what may be pruned: whatever the record says, what is needed stays."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from release_events import NOW, event, release_id

from flows.steps.retention import GRACE, Retention, fates
from talentcast.domain.types import ReleaseId
from talentcast.store.pointer import newest_current, present_states
from talentcast.store.release import Release

RETENTIONS = st.one_of(
    st.builds(Retention, keep=st.integers(1, 4)),
    st.builds(Retention, older_than=st.builds(timedelta, days=st.integers(1, 60))),
)


@st.composite
def records(draw: st.DrawFn) -> list[Release]:
    """Draw events: releases of all kinds, published in turn, some of them withdrawn or back."""
    events: list[Release] = []
    ages = draw(st.lists(st.floats(0, 2) | st.floats(2, 100), min_size=1, max_size=12))
    for ago in sorted(ages, reverse=True):
        number = len(events)
        old = draw(st.none() | st.sampled_from(events)) if events else None
        if old is not None:
            status = draw(st.sampled_from(["published", "retracted", "pruned"]))
            again = int(str(old.release_id)[-12:])
            same = {"kind": old.kind, "populations": old.populations, "as_of": old.as_of.as_of}
            events.append(event(again, days_ago=ago, status=status, sequence=number, **same))  # type: ignore[arg-type]
            continue
        populations = draw(st.sets(st.sampled_from(["a", "b"]), min_size=1))
        events.append(
            event(
                number,
                days_ago=ago,
                kind=draw(st.sampled_from(["scheduled", "manual", "backfill", "scenario"])),
                populations=tuple(sorted(populations)),
                as_of=date(2010 + draw(st.integers(0, 2)), 12, 31),
            )
        )
    return events


@settings(max_examples=60)
@given(records(), RETENTIONS, st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)))
def test_what_is_served_pinned_young_or_scored_is_never_pruned(
    known: list[Release], retention: Retention, pinned: set[int], scored: set[int]
) -> None:
    named = frozenset(map(release_id, pinned))
    recorded = set(map(release_id, scored))
    rule = Retention(retention.keep, retention.older_than, named)
    decided = fates(known, rule, now=NOW, recorded=recorded)
    gone = {fate.release.release_id for fate in decided if fate.stays is None}
    present = present_states(known)
    assert gone.isdisjoint(named | recorded)
    assert gone.isdisjoint(r.release_id for r in present if NOW - r.published_at < GRACE)
    assert gone.isdisjoint(served(present))
    left = [release for release in present if release.release_id not in gone]
    assert newest_current(left) == newest_current(present)
    assert {f.release.release_id for f in decided} == {
        r.release_id for r in present if r.status != "pruned"
    }


def served(present: list[Release]) -> set[ReleaseId]:
    """Return the latest release, and the newest of each population among the current ones."""
    return {
        current.release_id
        for population in "ab"
        if (current := newest_current(r for r in present if population in r.populations))
    }


@settings(max_examples=30)
@given(records(), st.integers(1, 4), st.integers(1, 60))
def test_a_milder_rule_prunes_nothing_more(known: list[Release], keep: int, days: int) -> None:
    def gone(rule: Retention) -> set[ReleaseId]:
        return {f.release.release_id for f in fates(known, rule, now=NOW) if f.stays is None}

    assert gone(Retention(keep=keep + 1)) <= gone(Retention(keep=keep))
    older, old = timedelta(days=days + 1), timedelta(days=days)
    assert gone(Retention(older_than=older)) <= gone(Retention(older_than=old))
