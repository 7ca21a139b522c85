"""Which people a release is made from: a set that changes by batches only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd
import pytest
from set_difference import smallest_difference

from features.person_versions import Recorded, until
from privacy.admission import first_admitted, next_admitted
from privacy.admitted_sets import DEFAULT_RULES, Admitted
from talentcast.domain.types import REST_OF_WORLD

BATCH = DEFAULT_RULES.batch
LAST_YEAR = 2020
NOBODY: frozenset[str] = frozenset()


def people(**sizes: int) -> pd.DataFrame:
    """Made-up people by origin, for example `CHN=200`."""
    rows = [(f"{o}-{n}", o, "a") for o, size in sizes.items() for n in range(size)]
    return pd.DataFrame(rows, columns=["researcher_id", "origin_country", "version"])


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def recorded(people: pd.DataFrame) -> Recorded:
    """Everybody, with nothing recorded after the last year."""
    return Recorded(people.assign(**{until(LAST_YEAR): people["version"]}), LAST_YEAR)


def admitted(now: pd.DataFrame, *published: Admitted, seed: int = 1) -> Admitted:
    return first_admitted(recorded(now), published, rng(seed))


def step(
    now: pd.DataFrame, sets: Sequence[Admitted], forgotten: Collection[str], seed: int = 7
) -> Admitted:
    last = sets[-1]
    behind = last.people[~last.people["researcher_id"].isin(list(forgotten))]
    standing = recorded(behind.drop(columns="closed")).people.drop(columns="origin_country")
    return next_admitted(recorded(now), standing, last, frozenset(forgotten), sets, rng(seed))


def then(now: pd.DataFrame, *published: Admitted, forgotten: frozenset[str] = NOBODY) -> Admitted:
    """The set after the newest of those published, which stand oldest first."""
    return step(now, published, forgotten)


def names(chosen: Admitted) -> set[tuple[str, str]]:
    return set(zip(chosen.people["researcher_id"], chosen.people["version"], strict=True))


def n_differing(one: Admitted, other: Admitted) -> int:
    return len({name for name, _ in names(one) ^ names(other)})


BASE = people(CHN=200, IND=120, DEU=80, PER=20, NPL=40)


@pytest.fixture
def first() -> Admitted:
    return admitted(BASE)


def somebody(chosen: Admitted, origin: str = "IND") -> str:
    mine = chosen.people[chosen.people["origin_country"] == origin]
    return str(mine["researcher_id"].iloc[3])


def test_some_of_every_group_wait_and_small_origins_are_one_group(first: Admitted) -> None:
    assert first.origins == {"CHN", "IND", "DEU"}
    sizes = BASE["origin_country"].replace({"PER": REST_OF_WORLD, "NPL": REST_OF_WORLD})
    kept = first.people["origin_country"].replace({"PER": REST_OF_WORLD, "NPL": REST_OF_WORLD})
    waiting = sizes.value_counts() - kept.value_counts()
    assert waiting.to_dict() == dict(first.waiting)
    assert waiting.between(10, 29).all()


def test_a_rest_that_is_too_small_takes_in_the_smallest_origin() -> None:
    found = admitted(people(CHN=200, IND=120, PER=20))
    assert found.origins == {"CHN"}
    assert REST_OF_WORLD in found.waiting


def test_too_few_people_are_nobody() -> None:
    assert admitted(people(CHN=30)).people.empty


def test_the_choice_is_the_seeds_alone() -> None:
    assert names(admitted(BASE)) == names(admitted(BASE.sample(frac=1, random_state=3)))
    assert n_differing(admitted(BASE, seed=1), admitted(BASE, seed=2)) > 20


def changes(first: Admitted) -> Iterator[tuple[str, pd.DataFrame]]:
    one = somebody(first)
    is_one = BASE["researcher_id"] == one
    waits = (set(BASE["researcher_id"]) - set(first.people["researcher_id"])).pop()
    new = pd.DataFrame([("new", "IND", "a")], columns=BASE.columns)
    yield "joins", pd.concat([BASE, new])
    yield "joins from a rare origin", pd.concat([BASE, new.assign(origin_country="FJI")])
    yield "leaves", BASE[~is_one]
    yield "leaves while waiting", BASE[BASE["researcher_id"] != waits]
    yield "changes a year", BASE.assign(version=BASE["version"].mask(is_one, "b"))
    yield (
        "changes the origin",
        BASE.assign(
            version=BASE["version"].mask(is_one, "b"),
            origin_country=BASE["origin_country"].mask(is_one, "DEU"),
        ),
    )


def test_one_person_changes_nothing(first: Admitted) -> None:
    for what, now in changes(first):
        found = then(now, first)
        assert (names(found), found.origins) == (names(first), first.origins), what


def test_who_completes_an_origin_does_not_make_it_a_group() -> None:
    """Ten origins around the limit: one person more makes none of them appear."""
    now = people(CHN=300, **{f"X{n}": DEFAULT_RULES.own_group - 5 + n for n in range(10)})
    first = admitted(now)
    for n in range(10):
        more = pd.concat([now, pd.DataFrame([("new", f"X{n}", "a")], columns=now.columns)])
        assert then(more, first).origins == first.origins


@pytest.mark.parametrize("n", [1, 9, 10, 11, 25])
def test_people_join_by_the_batch(first: Admitted, n: int) -> None:
    new = people(IND=120 + n)
    found = then(pd.concat([BASE[BASE["origin_country"] != "IND"], new]), first)
    assert n_differing(first, found) == (n if n >= BATCH else 0)


@pytest.mark.parametrize("n", [1, 9, 10])
def test_people_leave_and_change_by_the_batch(first: Admitted, n: int) -> None:
    mine = first.people[first.people["origin_country"] == "CHN"]["researcher_id"].iloc[:n]
    is_meant = BASE["researcher_id"].isin(mine)
    left = then(BASE[~is_meant], first)
    changed = then(BASE.assign(version=BASE["version"].mask(is_meant, "b")), first)
    assert n_differing(first, left) == n_differing(first, changed) == (n if n >= BATCH else 0)


def test_who_changes_origin_waits_for_a_batch_in_both_groups(first: Admitted) -> None:
    china = first.people[first.people["origin_country"] == "CHN"]["researcher_id"].tolist()
    is_meant, moves = BASE["researcher_id"].isin(china[:10]), BASE["researcher_id"] == china[0]
    now = BASE.assign(
        version=BASE["version"].mask(is_meant, "b"),
        origin_country=BASE["origin_country"].mask(moves, "IND"),
    )
    assert names(then(now, first)) == names(first)


def test_others_step_aside_with_who_is_forgotten(first: Admitted) -> None:
    one = somebody(first)
    found = then(BASE[BASE["researcher_id"] != one], first, forgotten=frozenset({one}))
    assert one not in set(found.people["researcher_id"])
    assert n_differing(first, found) == BATCH
    gone = {name for name, _ in names(first) - names(found)}
    assert all(name.startswith("IND") for name in gone)


def every_pair_is_safe(sets: Sequence[Admitted]) -> bool:
    return all(
        smallest_difference(one, other, one.origins) >= BATCH
        for at, one in enumerate(sets)
        for other in sets[:at]
    )


@pytest.mark.parametrize("seed", range(3))
def test_any_two_of_a_long_row_of_sets_differ_by_batches(seed: int) -> None:
    """People join, leave, change and are forgotten, a few or many at a time."""
    random = rng(seed)
    now, sets, forgotten = BASE, [admitted(BASE, seed=seed)], set()
    for round_ in range(12):
        origin = random.choice(["CHN", "IND", "DEU", "PER", "NPL", "FJI"])
        n = int(random.choice([1, 3, 9, 12, 60]))
        ids = [f"{origin}-r{round_}-{i}" for i in range(n)]
        joins = pd.DataFrame({"researcher_id": ids, "origin_country": origin, "version": "a"})
        leaves = random.choice(
            now["researcher_id"], size=int(random.choice([0, 1, 11])), replace=False
        )
        changes = random.choice(
            now["researcher_id"], size=int(random.choice([0, 2, 40])), replace=False
        )
        now = pd.concat([now[~now["researcher_id"].isin(leaves)], joins], ignore_index=True)
        is_changed = now["researcher_id"].isin(changes)
        now = now.assign(version=now["version"].mask(is_changed, f"{round_:x}"))
        if round_ % 3 == 2:
            one = str(random.choice(sets[-1].people["researcher_id"]))
            forgotten.add(one)
            now = now[now["researcher_id"] != one]
        found = step(now, sets, forgotten, seed=100 * seed + round_)
        assert not forgotten & set(found.people["researcher_id"])
        sets.append(found)
    assert every_pair_is_safe(sets)
    assert len({frozenset(names(one)) for one in sets}) > 4


def test_a_folder_without_one_person_published_as_another_population_differs_by_a_batch(
    first: Admitted,
) -> None:
    for seed in range(20):
        other = admitted(BASE.iloc[1:], first, seed=seed)
        assert every_pair_is_safe([first, other])
        assert n_differing(first, other) >= BATCH


def test_an_origin_that_has_grown_becomes_a_group(first: Admitted) -> None:
    grown = then(pd.concat([BASE, people(FJI=150)]), first)
    assert "FJI" not in grown.origins  # enters with the rest, as a batch
    later = then(pd.concat([BASE, people(FJI=150)]), first, grown)
    assert "FJI" in later.origins
    assert every_pair_is_safe([first, grown, later])


def test_a_group_that_is_forgotten_one_by_one_ends_at_once_and_whole() -> None:
    now, sets, forgotten = people(CHN=100, IND=72), [], set()
    sets.append(admitted(now))
    while any(name.startswith("IND") for name, _ in names(sets[-1])):
        one = next(name for name, _ in sorted(names(sets[-1])) if name.startswith("IND"))
        forgotten.add(one)
        now = now[now["researcher_id"] != one]
        sets.append(step(now, sets, forgotten, seed=len(sets)))
    assert every_pair_is_safe(sets)


NEXT_YEAR = LAST_YEAR + 1


def a_year_later(people: pd.DataFrame, *, idle: Collection[str] = ()) -> Recorded:
    """Everybody but the idle has one more year on record."""
    closed = people["version"].map(lambda text: int(text, 16))
    version = (closed + 4096 * ~people["researcher_id"].isin(list(idle))).map("{:x}".format)
    digests = {until(LAST_YEAR): people["version"], until(NEXT_YEAR): version}
    return Recorded(people.assign(version=version, **digests), NEXT_YEAR)


def after_a_year(now: Recorded, *published: Admitted) -> Admitted:
    behind = recorded(published[-1].people.drop(columns="closed")).people
    standing = behind.drop(columns="origin_country").assign(**{until(NEXT_YEAR): behind["version"]})
    return next_admitted(now, standing, published[-1], NOBODY, published, rng(3))


def closed_parts(chosen: Admitted) -> set[tuple[str, str]]:
    """Who is in a set, and in which version up to the last year of the one before."""
    versions = chosen.people["version"].map(lambda text: f"{int(text, 16) % 4096:x}")
    return set(zip(chosen.people["researcher_id"], versions, strict=True))


def test_a_year_that_is_added_carries_no_single_change_with_it(first: Admitted) -> None:
    for what, now in changes(first):
        found = after_a_year(a_year_later(now), first)
        assert closed_parts(found) == names(first), what
        assert found.last_year == NEXT_YEAR
        grown = (found.people["version"].map(len) > 3).sum()
        assert grown >= len(first.people) - 1


def test_a_year_that_few_have_begun_waits(first: Admitted) -> None:
    """Of one origin nine have the new year on record, of the others ten."""
    of_origin = first.people.groupby("origin_country")["researcher_id"]
    begun = {o: list(of_origin.get_group(o)[: 9 if o == "DEU" else 10]) for o in first.origins}
    idle = set(BASE["researcher_id"]) - {name for each in begun.values() for name in each}
    found = after_a_year(a_year_later(BASE, idle=idle), first)
    grown = found.people[found.people["version"].map(len) > 3]
    assert grown["origin_country"].value_counts().to_dict() == {"CHN": 10, "IND": 10}


def test_corrections_by_the_batch_are_taken_over_beside_a_new_year(first: Admitted) -> None:
    mine = first.people[first.people["origin_country"] == "CHN"]["researcher_id"].iloc[:BATCH]
    now = BASE.assign(version=BASE["version"].mask(BASE["researcher_id"].isin(mine), "b"))
    found = after_a_year(a_year_later(now), first)
    assert len(closed_parts(found) - names(first)) == BATCH


def test_leavers_never_leave_a_few_behind(first: Admitted) -> None:
    mine = first.people[first.people["origin_country"] == "DEU"]["researcher_id"]
    found = then(BASE[~BASE["researcher_id"].isin(mine.iloc[4:])], first)
    assert names(found) == names(first)
    gone = then(BASE[BASE["origin_country"] != "DEU"], first)
    assert "DEU" not in set(gone.people["origin_country"])
