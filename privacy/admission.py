"""Which people a release may be made from: a set that changes by batches only.

Disclosure control of single tables cannot see what all tables together tell. Therefore the input is
held instead: everything about people that is published is made from an admitted set of records.
Between any two sets that were ever published, every origin group differs by nobody or by a batch
of people, so that no subtraction counts, names or times a single one.

- People who join, leave or change wait until there is a batch of them in their origin group.
  Groups too small to be shown apart are held together as one.
- A year that is added to everybody's records is taken over by itself: it carries neither a single
  leaver nor a correction of an earlier year with it.
- Some people of each group, chosen by the key, always wait. Nobody without the key can know
  whether a person is in what is published, not even in the first release.
- Somebody who is forgotten leaves at once. So that the next release does not point at them, others
  of the same group, chosen by the key, step aside with them until the batch is full.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from features.person_versions import NOTHING, Recorded, continued, is_open_part_other, until
from privacy.admitted_sets import (
    DEFAULT_RULES,
    PERSON_COLUMNS,
    Admitted,
    BatchRules,
    group_of,
    stepped_aside,
    unsafe_groups,
)
from talentcast.domain.types import REST_OF_WORLD

_PERSON: Final = "researcher_id"


def first_admitted(
    now: Recorded,
    published: Sequence[Admitted],
    rng: np.random.Generator,
    rules: BatchRules = DEFAULT_RULES,
) -> Admitted:
    """Return whom the first release of a population is made from.

    Args:
        now: Everybody in the records, with the last year of each published set.
        published: Every set behind an earlier release, of other populations with the same people.
        rng: Seeded by the key.
        rules: Sizes of batches.

    Returns:
        Nobody where all groups together are too small.
    """
    origins = now.people["origin_country"]
    groups = _first_groups(origins, rng, rules)
    waiting, kept = {}, []
    for group, rows in _by_group(now.people, group_of(origins, groups)):
        if len(rows) < rules.own_group:
            continue
        waiting[group] = rules.fewest_waiting + int(rng.integers(rules.spread))
        order = rng.permutation(len(rows))
        people = rows.iloc[order[waiting[group] :]]
        kept.append(stepped_aside(people, published, group, groups, rules).index)
    # Places, not rows: everybody in the records is held once, and the admitted once more.
    places = np.concatenate(kept) if kept else np.empty(0, dtype=np.int64)
    chosen = now.people.iloc[np.sort(places)]
    return Admitted(_with_closed(chosen, now.last_year), waiting, now.last_year)


def next_admitted(
    now: Recorded,
    standing: pd.DataFrame,
    last: Admitted,
    forgotten: frozenset[str],
    published: Sequence[Admitted],
    rng: np.random.Generator,
    rules: BatchRules = DEFAULT_RULES,
) -> Admitted:
    """Return whom the next release is made from: as the last one, or changed by whole batches.

    Args:
        now: Everybody in the records who is not forgotten, with the last year of each published
            set and its own.
        standing: `person_versions` of the records behind the last release, with the same years;
            the forgotten are missing.
        last: The set behind the last release, the forgotten included under any name.
        forgotten: Names in `last` of people who must leave at once.
        published: Every set behind an earlier release; `last` is among them.
        rng: Seeded by the key.
        rules: Sizes of batches.
    """
    # An origin becomes a group of its own by how many were admitted, which no single one changes.
    grown = _grown_groups(last, rules)
    people = _with_digests(last, standing)
    if unsafe_groups(people, published, grown, rules):
        grown = last.origins
    return _Step(now, people, last, forgotten, published, grown, rules).taken(rng)


@dataclass(frozen=True, eq=False)
class _Step:
    """From one admitted set to the next, with what is needed to decide on it."""

    now: Recorded
    people: pd.DataFrame
    last: Admitted
    forgotten: frozenset[str]
    published: Sequence[Admitted]
    own: frozenset[str]
    rules: BatchRules

    def taken(self, rng: np.random.Generator) -> Admitted:
        """Return the next set."""
        pending = self._pending()
        full_years = self._growing_groups(pending)
        held: frozenset[str] = frozenset()
        not_grown: frozenset[str] = frozenset()
        while True:  # a group that would point at somebody is held, which may hold others
            moving = self._full_groups(pending, held)
            growing = full_years - not_grown
            seed = np.random.default_rng(int(rng.integers(2**63)))
            people = self._applied(pending, moving, growing, seed)
            unsafe = unsafe_groups(people, self.published, self.own, self.rules)
            unsafe |= self._nearly_empty(people)
            if more := unsafe & moving:
                held |= more
            elif more := unsafe & growing:
                not_grown |= more
            else:
                break
        year = max(self.last.last_year, self.now.last_year) if growing else self.last.last_year
        return Admitted(_closed(self._without_forgotten(people, rng), year), self._waiting(), year)

    def _nearly_empty(self, people: pd.DataFrame) -> frozenset[str]:
        """Groups of which so few are left that no batch could ever leave."""
        sizes = group_of(people["origin_country"], self.own).value_counts()
        return frozenset(map(str, sizes.index[sizes < self.rules.batch]))

    def _waiting(self) -> dict[str, int]:
        first = min(self.last.waiting.values(), default=self.rules.fewest_waiting)
        groups = sorted({*self.own, *self.last.waiting, REST_OF_WORLD})
        return {group: self.last.waiting.get(group, first) for group in groups}

    def _pending(self) -> pd.DataFrame:
        """Everybody, with the group left and the group entered, and what of it is a change."""
        both = self.people.merge(
            self.now.people, on=_PERSON, how="outer", suffixes=("_last", "_now"), indicator="side"
        )
        left = group_of(both["origin_country_last"], self.own)
        entered = group_of(both["origin_country_now"], self.own)
        is_gone, is_new = both["side"] == "left_only", both["side"] == "right_only"
        stays = (both["side"] == "both").to_numpy(dtype=bool)
        closed = until(self.last.last_year)
        is_changed = stays & (both[f"{closed}_last"] != both[f"{closed}_now"])
        kind = np.select([is_gone, is_new, is_changed], ["leaves", "waits", "changes"], "stays")
        grows = np.zeros(len(both), dtype=bool)
        mine, theirs = (_side(both[stays], side) for side in ("last", "now"))
        grows[stays] = is_open_part_other(mine, theirs, self.last.last_year)
        # Somebody new who has no year on record that was closed: seen in the new years only.
        is_newcomer = is_new & (both[f"{closed}_now"] == NOTHING)
        return both.assign(
            left=left, entered=entered, kind=kind, grows=grows, is_newcomer=is_newcomer
        )

    def _growing_groups(self, pending: pd.DataFrame) -> frozenset[str]:
        """Groups with a batch of people of whom years are recorded that were not closed."""
        counts = {
            group: int((pending["grows"] & (pending["left"] == group)).sum())
            + self._joining(pending, group, pending["is_newcomer"])
            for group in self._waiting()
        }
        return frozenset(group for group, n in counts.items() if n >= self.rules.batch)

    def _joining(self, pending: pd.DataFrame, group: str, is_meant: pd.Series) -> int:
        """Most of those meant who may join: of each group some always wait."""
        waits = (pending["kind"] == "waits") & (pending["entered"] == group)
        return min(max(int(waits.sum()) - self._waiting()[group], 0), int((waits & is_meant).sum()))

    def _full_groups(self, pending: pd.DataFrame, held: frozenset[str]) -> frozenset[str]:
        """Groups with a batch of people who leave, change, or have waited long enough."""
        groups = frozenset(self._waiting()) - held
        while True:
            can_move = pending["left"].isin(groups) & pending["entered"].isin(groups)
            counts = {}
            for group in groups:
                of_group = (pending["left"] == group) | (pending["entered"] == group)
                leaves = int((of_group & (pending["kind"] == "leaves")).sum())
                changes = int((of_group & (pending["kind"] == "changes") & can_move).sum())
                joins = self._joining(pending, group, ~pending["is_newcomer"])
                counts[group] = leaves + changes + joins
            full = frozenset(g for g, count in counts.items() if count >= self.rules.batch)
            if full == groups:
                return full
            groups = full

    def _applied(
        self,
        pending: pd.DataFrame,
        moving: frozenset[str],
        growing: frozenset[str],
        rng: np.random.Generator,
    ) -> pd.DataFrame:
        """The last set with the changes of the moving groups and the years of the growing ones."""
        kind = pending["kind"]
        leaves = (kind == "leaves") & pending["left"].isin(moving)
        changes = (
            (kind == "changes") & pending["left"].isin(moving) & pending["entered"].isin(moving)
        )
        stays = (kind != "waits") & ~leaves & ~changes
        grows = stays & pending["grows"] & pending["left"].isin(growing)
        joins = np.zeros(len(pending), dtype=bool)
        for group, waits in self._waiting().items():
            rows = np.flatnonzero((kind == "waits") & (pending["entered"] == group))
            joins[rng.permutation(rows)[waits:]] = True
        is_newcomer, entered = pending["is_newcomer"], pending["entered"]
        joins &= np.where(is_newcomer, entered.isin(growing | moving), entered.isin(moving))
        since, years = self.last.last_year, self._years()
        earlier, later = _side(pending[grows], "last"), _side(pending[grows], "now")
        parts = [
            _side(pending[stays & ~grows], "last"),
            continued(earlier, later, since, years),
            _side(pending[changes | joins], "now"),
        ]
        return pd.concat(parts, ignore_index=True)

    def _years(self) -> list[int]:
        years = {self.last.last_year, self.now.last_year, *(s.last_year for s in self.published)}
        return sorted(years)

    def _without_forgotten(self, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Let the forgotten leave, and others of their groups with them."""
        is_forgotten = people[_PERSON].isin(self.forgotten)
        if not is_forgotten.any():
            return people
        labels = group_of(people["origin_country"], self.own)
        parts = []
        for group, rows in _by_group(people, labels):
            stay = rows[~rows[_PERSON].isin(self.forgotten)]
            if len(stay) < len(rows):
                stay = stay.iloc[rng.permutation(len(stay))]
                stay = stepped_aside(stay, self.published, group, self.own, self.rules)
            parts.append(stay)
        return pd.concat(parts, ignore_index=True)


def _with_digests(last: Admitted, standing: pd.DataFrame) -> pd.DataFrame:
    """Return the people of a set with the digests of their records; none for the forgotten."""
    people = last.people[[_PERSON, "origin_country"]]
    return people.merge(standing, on=_PERSON, how="left").fillna("")


def _side(pending: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return one side of a comparison under the names that its columns had before."""
    ends = f"_{side}"
    names = {c: c.removesuffix(ends) for c in pending.columns if c.endswith(ends)}
    return pending[[_PERSON, *names]].rename(columns=names)


def _closed(people: pd.DataFrame, last_year: int) -> pd.DataFrame:
    """Return the rows of a set, in the order of their names."""
    return _with_closed(people, last_year).sort_values(_PERSON, ignore_index=True)


def _with_closed(people: pd.DataFrame, last_year: int) -> pd.DataFrame:
    rows = people.assign(closed=people[until(last_year)])[list(PERSON_COLUMNS)]
    return rows.reset_index(drop=True)


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


def _by_group(people: pd.DataFrame, labels: pd.Series) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of one group after the other, by name; the index holds their places."""
    numbered = people.reset_index(drop=True)
    by_name = numbered[_PERSON].argsort().to_numpy()
    codes, groups = pd.factorize(labels, sort=True)
    by_group = by_name[np.argsort(codes[by_name], kind="stable")]
    ends = np.cumsum(np.bincount(codes, minlength=len(groups)))
    for group, start, end in zip(groups, [0, *ends], ends, strict=False):
        yield str(group), numbered.iloc[by_group[start:end]]
