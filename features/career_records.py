"""The person-level tables that careers are read from, kept together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import pandas as pd

from talentcast.domain.types import Origin

_Keep = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class CareerRecords:
    """Careers of a population with what else is known about each year.

    Attributes:
        careers: One row per researcher and year: `researcher_id`, `year`, `country` (modal),
            `works` and, where known, `first_author_works`, `last_author_works`, `team_size`.
        coauthor_countries: `researcher_id`, `year`, `country`, `coauthors`; may be empty.
        affiliation_weights: `researcher_id`, `year`, `country`, `weight`; may be empty.
        is_synthetic: The people do not exist; every output says so.
    """

    careers: pd.DataFrame
    coauthor_countries: pd.DataFrame
    affiliation_weights: pd.DataFrame
    is_synthetic: bool = False

    def known_by(self, origin: Origin) -> CareerRecords:
        """Keep the records dated in the origin year or before."""
        return self._each(lambda table: table[table["year"] <= origin.year])

    def after(self, origin: Origin) -> CareerRecords:
        """Keep the records dated after the origin year."""
        return self._each(lambda table: table[table["year"] > origin.year])

    def of(self, researcher_ids: Collection[str]) -> CareerRecords:
        """Keep the records of these researchers."""
        wanted = set(researcher_ids)
        return self._each(lambda table: table[table["researcher_id"].isin(wanted)])

    def without(self, researcher_ids: Collection[str]) -> CareerRecords:
        """Drop the records of these researchers."""
        unwanted = set(researcher_ids)
        return self._each(lambda table: table[~table["researcher_id"].isin(unwanted)])

    def _each(self, keep: _Keep) -> CareerRecords:
        return replace(
            self,
            careers=keep(self.careers),
            coauthor_countries=keep(self.coauthor_countries),
            affiliation_weights=keep(self.affiliation_weights),
        )
