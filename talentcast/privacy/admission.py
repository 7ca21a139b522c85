"""Which people a release may be made from: a set that changes by batches only.

Disclosure control of single tables cannot see what all tables together tell. Therefore the input is
held instead: everything about people that is published is made from an admitted set of records.
Between any two sets that were ever published, every origin group differs by nobody or by a batch
of people, so that no subtraction counts, names or times a single one.

- People who join, leave or change wait until there is a batch of them in their origin group.
  Groups too small to be shown apart are held together as one.
- Some people of each group, chosen by the key, always wait. Nobody without the key can know
  whether a person is in what is published, not even in the first release.
- Somebody who is forgotten leaves at once. So that the next release does not point at them, others
  of the same group, chosen by the key, step aside with them until the batch is full.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talentcast.domain.types import REST_OF_WORLD

#: Columns of one row per person: whose origin is what, and a digest of all that is recorded.
PERSON_COLUMNS: Final = ("researcher_id", "origin_country", "version")
_PERSON: Final = "researcher_id"


@dataclass(frozen=True, slots=True)
class BatchRules:
    """How people are admitted.

    Attributes:
        batch: Fewest people of an origin group by which two published sets may differ.
        fewest_waiting: Each origin group keeps at least so many people out of releases.
        spread: How many more may wait; the number is drawn for each group and then stays.
    """

    batch: int = 10
    fewest_waiting: int = 10
    spread: int = 20

    @property
    def own_group(self) -> int:
        """Fewest people of an origin that is held, and may be shown, apart."""
        return self.fewest_waiting + self.spread + 2 * self.batch


DEFAULT_RULES: Final = BatchRules()


@dataclass(frozen=True, eq=False)
class Admitted:
    """People behind what is published, in the version that is published.

    Attributes:
        people: One row per person: `PERSON_COLUMNS`.
        waiting: How many people of each origin group wait; its keys are the groups shown apart,
            and the rest of the world.
    """

    people: pd.DataFrame = field(repr=False)
    waiting: Mapping[str, int]

    @property
    def origins(self) -> frozenset[str]:
        """Origins that may be shown by themselves."""
        return frozenset(self.waiting) - {REST_OF_WORLD}


def person_versions(tables: Sequence[pd.DataFrame], origins: pd.DataFrame) -> pd.DataFrame:
    """Return one row per person with a digest of all rows about them.

    Args:
        tables: Person-level tables with `researcher_id`; the order of their rows does not matter.
        origins: `researcher_id` and `origin_country`.
    """
    hashed = [
        # Sums of well mixed 64-bit numbers, so that no order of rows is needed.
        pd.Series(
            pd.util.hash_pandas_object(table, index=False).to_numpy() * np.uint64(2 * number + 1),
            index=table[_PERSON].to_numpy(),
        )
        for number, table in enumerate(tables)
    ]
    sums = pd.concat(hashed).groupby(level=0).sum().astype("uint64")
    people = pd.DataFrame({"version": sums.map("{:016x}".format).astype("str")})
    known = origins.set_index(_PERSON)["origin_country"]
    people = people.assign(origin_country=known.reindex(people.index).fillna(REST_OF_WORLD))
    return people.rename_axis(_PERSON).reset_index()[list(PERSON_COLUMNS)]


def first_admitted(
    now: pd.DataFrame,
    published: Sequence[Admitted],
    rng: np.random.Generator,
    rules: BatchRules = DEFAULT_RULES,
) -> Admitted:
    """Return whom the first release of a population is made from.

    Args:
        now: Everybody in the records: `PERSON_COLUMNS`.
        published: Every set behind an earlier release, of other populations with the same people.
        rng: Seeded by the key.
        rules: Sizes of batches.

    Returns:
        Nobody where all groups together are too small.
    """
    groups = _first_groups(now["origin_country"], rng, rules)
    labels = _group_of(now["origin_country"], groups)
    waiting, kept = {}, []
    for group, rows in _by_group(now, labels):
        if len(rows) < rules.own_group:
            continue
        waiting[group] = rules.fewest_waiting + int(rng.integers(rules.spread))
        order = rng.permutation(len(rows))
        people = rows.iloc[order[waiting[group] :]]
        kept.append(_stepped_aside(people, published, group, groups, rules))
    people = pd.concat(kept, ignore_index=True) if kept else now.head(0)
    return Admitted(_in_order(people), waiting)


def next_admitted(
    now: pd.DataFrame,
    last: Admitted,
    forgotten: frozenset[str],
    published: Sequence[Admitted],
    rng: np.random.Generator,
    rules: BatchRules = DEFAULT_RULES,
) -> Admitted:
    """Return whom the next release is made from: as the last one, or changed by whole batches.

    Args:
        now: Everybody in the records who is not forgotten: `PERSON_COLUMNS`.
        last: The set behind the last release, the forgotten included under any name.
        forgotten: Names in `last` of people who must leave at once.
        published: Every set behind an earlier release; `last` is among them.
        rng: Seeded by the key.
        rules: Sizes of batches.
    """
    # An origin becomes a group of its own by how many were admitted, which no single one changes.
    grown = _grown_groups(last, rules)
    if _unsafe_groups(last.people, published, grown, rules):
        grown = last.origins
    return _Step(now, last, forgotten, published, grown, rules).taken(rng)


@dataclass(frozen=True, eq=False)
class _Step:
    """From one admitted set to the next, with what is needed to decide on it."""

    now: pd.DataFrame
    last: Admitted
    forgotten: frozenset[str]
    published: Sequence[Admitted]
    own: frozenset[str]
    rules: BatchRules

    def taken(self, rng: np.random.Generator) -> Admitted:
        """Return the next set."""
        pending = self._pending()
        held: frozenset[str] = frozenset()
        while True:  # a group that would point at somebody is held, which may hold others
            moving = self._full_groups(pending, held)
            people = self._applied(pending, moving, np.random.default_rng(_seed(rng)))
            unsafe = _unsafe_groups(people, self.published, self.own, self.rules)
            if not (more := (unsafe & moving) - held):
                break
            held |= more
        return Admitted(_in_order(self._without_forgotten(people, rng)), self._waiting())

    def _waiting(self) -> dict[str, int]:
        first = min(self.last.waiting.values(), default=self.rules.fewest_waiting)
        groups = sorted({*self.own, *self.last.waiting, REST_OF_WORLD})
        return {group: self.last.waiting.get(group, first) for group in groups}

    def _pending(self) -> pd.DataFrame:
        """Everybody, with the group left and the group entered, and what of it is a change."""
        both = self.last.people.merge(
            self.now, on=_PERSON, how="outer", suffixes=("_last", "_now"), indicator="side"
        )
        left = _group_of(both["origin_country_last"], self.own)
        entered = _group_of(both["origin_country_now"], self.own)
        is_gone, is_new = both["side"] == "left_only", both["side"] == "right_only"
        is_changed = (both["side"] == "both") & (both["version_last"] != both["version_now"])
        kind = np.select([is_gone, is_new, is_changed], ["leaves", "waits", "changes"], "stays")
        return both.assign(left=left, entered=entered, kind=kind)

    def _full_groups(self, pending: pd.DataFrame, held: frozenset[str]) -> frozenset[str]:
        """Groups with a batch of people who leave, change, or have waited long enough."""
        waiting = self._waiting()
        groups = frozenset(waiting) - held
        while True:
            can_move = pending["left"].isin(groups) & pending["entered"].isin(groups)
            counts = {}
            for group in groups:
                of_group = (pending["left"] == group) | (pending["entered"] == group)
                leaves = int((of_group & (pending["kind"] == "leaves")).sum())
                changes = int((of_group & (pending["kind"] == "changes") & can_move).sum())
                waits = int((of_group & (pending["kind"] == "waits")).sum())
                counts[group] = leaves + changes + max(waits - waiting[group], 0)
            full = frozenset(g for g, count in counts.items() if count >= self.rules.batch)
            if full == groups:
                return full
            groups = full

    def _applied(
        self, pending: pd.DataFrame, moving: frozenset[str], rng: np.random.Generator
    ) -> pd.DataFrame:
        """The last set with the changes of the moving groups."""
        kind = pending["kind"]
        leaves = (kind == "leaves") & pending["left"].isin(moving)
        changes = (
            (kind == "changes") & pending["left"].isin(moving) & pending["entered"].isin(moving)
        )
        stays = (kind != "waits") & ~leaves & ~changes
        joins = np.zeros(len(pending), dtype=bool)
        for group, waits in self._waiting().items():
            if group in moving:
                rows = np.flatnonzero((kind == "waits") & (pending["entered"] == group))
                joins[rng.permutation(rows)[waits:]] = True
        earlier = pending[stays][[_PERSON, "origin_country_last", "version_last"]]
        later = pending[changes | joins][[_PERSON, "origin_country_now", "version_now"]]
        parts = [part.set_axis(list(PERSON_COLUMNS), axis=1) for part in (earlier, later)]
        return pd.concat(parts, ignore_index=True)

    def _without_forgotten(self, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Let the forgotten leave, and others of their groups with them."""
        is_forgotten = people[_PERSON].isin(self.forgotten)
        if not is_forgotten.any():
            return people
        labels = _group_of(people["origin_country"], self.own)
        parts = []
        for group, rows in _by_group(people, labels):
            stay = rows[~rows[_PERSON].isin(self.forgotten)]
            if len(stay) < len(rows):
                stay = stay.iloc[rng.permutation(len(stay))]
                stay = _stepped_aside(stay, self.published, group, self.own, self.rules)
            parts.append(stay)
        return pd.concat(parts, ignore_index=True)


def _stepped_aside(
    people: pd.DataFrame,
    published: Sequence[Admitted],
    group: str,
    own: frozenset[str],
    rules: BatchRules,
) -> pd.DataFrame:
    """Return people of one group without as many as it takes to differ by a batch from each set.

    They come in random order: the first step aside first.
    """
    is_safe = np.ones(len(people) + 1, dtype=bool)
    for other in published:
        theirs = other.people[_group_of(other.people["origin_country"], own) == group]
        differing = _differing_as_more_step_aside(people, theirs)
        is_safe &= (differing == 0) | (differing >= rules.batch)
    left = len(people) - np.arange(len(people) + 1)
    is_safe &= left >= rules.batch  # a few who are left could not leave without being seen
    is_safe[-1] = True  # nobody is left to point at
    return people.iloc[int(np.argmax(is_safe)) :]


def _differing_as_more_step_aside(people: pd.DataFrame, theirs: pd.DataFrame) -> NDArray[np.int64]:
    """In how many people two groups differ when the first 0, 1, 2, ... of one step aside."""
    joined = people.merge(theirs, on=_PERSON, how="left", suffixes=("", "_theirs"))
    is_here_only = joined["version_theirs"].isna().to_numpy(dtype=bool)
    is_same = (joined["version"] == joined["version_theirs"]).to_numpy(dtype=bool)
    at_start = int(is_here_only.sum()) + len(theirs) - int(is_same.sum())
    steps = is_same.astype(np.int64) - is_here_only.astype(np.int64)
    return at_start + np.concatenate([[0], np.cumsum(steps)])


def _unsafe_groups(
    people: pd.DataFrame, published: Sequence[Admitted], own: frozenset[str], rules: BatchRules
) -> frozenset[str]:
    """Groups that differ from one that was published by some people, yet not by a batch."""
    unsafe: set[str] = set()
    for other in published:
        both = people.merge(other.people, on=[_PERSON, "version"], how="outer", indicator="side")
        differing = both[both["side"] != "both"]
        origin = differing["origin_country_x"].fillna(differing["origin_country_y"])
        names = pd.DataFrame({"group": _group_of(origin, own), "who": differing[_PERSON]})
        counts = names.drop_duplicates().groupby("group").size()
        unsafe |= {str(group) for group in counts[counts < rules.batch].index}
    return frozenset(unsafe)


def _first_groups(
    origins: pd.Series, rng: np.random.Generator, rules: BatchRules
) -> frozenset[str]:
    """Origins that are groups of their own; a rest that is too small takes in the smallest.

    The limit is drawn for each, so that it does not tell whether somebody completes an origin.
    """
    sizes = origins.value_counts()
    names = sorted(sizes.index)
    drawn = rules.own_group + rng.integers(rules.spread, size=len(names))
    limits = dict(zip(names, drawn, strict=True))
    own = [str(o) for o, n in sizes.items() if n >= limits[o] and o != REST_OF_WORLD]
    while own and not _is_large_or_empty(sizes, own, rules):
        own.pop()
    return frozenset(own)


def _grown_groups(last: Admitted, rules: BatchRules) -> frozenset[str]:
    """Groups of the last set, with those that have become large enough; the rest stays so too."""
    sizes = last.people["origin_country"].value_counts()
    own = set(last.origins)
    # No limit that was drawn for a first set is higher.
    limit = rules.own_group + rules.spread
    for origin, n in sizes.items():
        is_new = origin not in own and origin != REST_OF_WORLD and n >= limit
        if is_new and _is_large_or_empty(sizes, {*own, str(origin)}, rules):
            own.add(str(origin))
    return frozenset(own)


def _is_large_or_empty(sizes: pd.Series, own: Collection[str], rules: BatchRules) -> bool:
    rest = int(sizes[~sizes.index.isin(list(own))].sum())
    return rest == 0 or rest >= rules.own_group


def _group_of(origins: pd.Series, own: frozenset[str]) -> pd.Series:
    """Return the group of each origin; missing where the origin is."""
    return origins.where(origins.isin(own) | origins.isna(), REST_OF_WORLD)


def _by_group(people: pd.DataFrame, labels: pd.Series) -> list[tuple[str, pd.DataFrame]]:
    ordered = people.assign(_group=labels.to_numpy()).sort_values(_PERSON, ignore_index=True)
    return [(str(g), rows.drop(columns="_group")) for g, rows in ordered.groupby("_group")]


def _in_order(people: pd.DataFrame) -> pd.DataFrame:
    return people.sort_values(_PERSON, ignore_index=True)[list(PERSON_COLUMNS)]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**63))
