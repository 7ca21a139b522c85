"""In how many people two admitted sets differ, counted apart from the code that decides on them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from privacy.admitted_sets import Admitted
from talentcast.domain.types import REST_OF_WORLD


def smallest_difference(one: Admitted, other: Admitted, own: frozenset[str]) -> float:
    """Return the fewest people of an origin group in whom two sets differ, where they do.

    Args:
        one: A set.
        other: Another.
        own: Origins that are groups of their own.
    """
    differing = _versions(one) ^ _versions(other)
    groups = {(name, origin if origin in own else REST_OF_WORLD) for name, _, origin in differing}
    counts = Counter(group for _, group in groups)
    return float(min(counts.values(), default=np.inf))


def _versions(of: Admitted) -> set[tuple[str, str, str]]:
    people = of.people[["researcher_id", "version", "origin_country"]]
    return set(people.itertuples(index=False, name=None))
