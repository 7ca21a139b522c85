"""In how many people two admitted sets differ, counted apart from the code that decides on them."""

from __future__ import annotations

import numpy as np

from talentcast.domain.types import REST_OF_WORLD
from talentcast.privacy.admission import Admitted


def smallest_difference(one: Admitted, other: Admitted, own: frozenset[str]) -> float:
    """Return the fewest people of an origin group in whom two sets differ, where they do.

    Args:
        one: A set.
        other: Another.
        own: Origins that are groups of their own.
    """
    both = one.people.merge(
        other.people, on=["researcher_id", "version"], how="outer", indicator=True
    )
    differing = both[both["_merge"] != "both"]
    origin = differing["origin_country_x"].fillna(differing["origin_country_y"])
    group = origin.where(origin.isin(own), REST_OF_WORLD)
    counts = differing.assign(group=group).groupby("group")["researcher_id"].nunique()
    return float(counts.min()) if len(counts) else np.inf
