"""Sets of people behind releases, and in how many people two of them differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.person_versions import NOTHING, until
from talentcast.domain.types import REST_OF_WORLD

#: Columns of an admitted set: `closed` is the digest of the rows up to the last year of the set.
PERSON_COLUMNS: Final = ("researcher_id", "origin_country", "version", "closed")
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
        last_year: Years after this one are not closed yet.
    """

    people: pd.DataFrame = field(repr=False)
    waiting: Mapping[str, int]
    last_year: int

    @property
    def origins(self) -> frozenset[str]:
        """Origins that may be shown by themselves."""
        return frozenset(self.waiting) - {REST_OF_WORLD}


def stepped_aside(
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
        theirs = other.people[group_of(other.people["origin_country"], own) == group]
        for digest, their_digest in _digests(other):
            differing = _differing_as_more_step_aside(people, theirs, digest, their_digest)
            is_safe &= (differing == 0) | (differing >= rules.batch)
    left = len(people) - np.arange(len(people) + 1)
    is_safe &= left >= rules.batch  # a few who are left could not leave without being seen
    is_safe[-1] = True  # nobody is left to point at
    return people.iloc[int(np.argmax(is_safe)) :]


def _digests(other: Admitted) -> tuple[tuple[str, str], tuple[str, str]]:
    """Columns by which people are compared with those of a set: its closed years, and all."""
    return (until(other.last_year), "closed"), ("version", "version")


def _differing_as_more_step_aside(
    people: pd.DataFrame, theirs: pd.DataFrame, digest: str, their_digest: str
) -> NDArray[np.int64]:
    """In how many people two groups differ when the first 0, 1, 2, ... of one step aside."""
    known = theirs[theirs[their_digest] != NOTHING].set_index(_PERSON)[their_digest]
    other = known.reindex(people[_PERSON])
    is_here_only = other.isna().to_numpy(dtype=bool) & (people[digest] != NOTHING).to_numpy()
    is_same = people[digest].to_numpy() == other.to_numpy()
    at_start = int(is_here_only.sum()) + len(known) - int(is_same.sum())
    steps = is_same.astype(np.int64) - is_here_only.astype(np.int64)
    return at_start + np.concatenate([[0], np.cumsum(steps)])


def unsafe_groups(
    people: pd.DataFrame, published: Sequence[Admitted], own: frozenset[str], rules: BatchRules
) -> frozenset[str]:
    """Groups that differ from one that was published by some people, yet not by a batch."""
    unsafe: set[str] = set()
    columns = {digest for other in published for digest, _ in _digests(other)}
    known = {digest: _grouped(people, digest, own) for digest in columns}
    for other in published:
        for digest, their_digest in _digests(other):
            mine, theirs = known[digest], _grouped(other.people, their_digest, own)
            # Who changed the origin differs in both groups, anybody else in one.
            differing = {(name, group) for name, group, _ in mine ^ theirs}
            counts = Counter(group for _, group in differing)
            unsafe |= {group for group, n in counts.items() if n < rules.batch}
    return frozenset(unsafe)


def _grouped(people: pd.DataFrame, digest: str, own: frozenset[str]) -> set[tuple[str, str, str]]:
    """Name, group and digest of everybody of whom anything is on record in these years."""
    known = people[people[digest] != NOTHING]
    groups = group_of(known["origin_country"], own)
    return set(zip(known[_PERSON], groups, known[digest], strict=True))


def group_of(origins: pd.Series, own: frozenset[str]) -> pd.Series:
    """Return the group of each origin; missing where the origin is."""
    return origins.where(origins.isin(own) | origins.isna(), REST_OF_WORLD)
