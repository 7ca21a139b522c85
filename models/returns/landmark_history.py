"""Landmarks of a population, and what was known at any time of what followed them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.career_records import CareerRecords
from features.landmarks import landmark_table
from features.person_period import with_outcomes
from talentcast.domain.types import Origin


@dataclass(frozen=True, eq=False)
class LandmarkHistory:
    """Landmarks, and the records that show what became of them.

    The features of a landmark rest on records up to its year, so that one table serves every cut
    in time. What followed is looked up anew at each: whom one knows to have been followed up is
    itself news from later.

    Attributes:
        landmarks: From `features.landmarks.landmark_table`.
        careers: `researcher_id`, `year`, `country`.
    """

    landmarks: pd.DataFrame
    careers: pd.DataFrame

    @classmethod
    def of(cls, records: CareerRecords) -> LandmarkHistory:
        """Describe every observed year abroad."""
        return cls(landmark_table(records), records.careers)

    @property
    def last_year(self) -> int:
        """Last year with records."""
        return int(self.careers["year"].max())

    def known_by(self, origin: Origin) -> pd.DataFrame:
        """Return the landmarks up to a year, with their outcomes as they stood at its end."""
        landmarks = self.landmarks[self.landmarks["landmark_year"] <= origin.year]
        careers = self.careers[self.careers["year"] <= origin.year]
        return with_outcomes(landmarks.reset_index(drop=True), careers)

    def before(self, origin: Origin) -> pd.DataFrame:
        """Return the landmarks before a year, with their outcomes as they stood at its end."""
        table = self.known_by(origin)
        return table[table["landmark_year"] < origin.year].reset_index(drop=True)

    def complete(self) -> pd.DataFrame:
        """Return all landmarks with everything that followed."""
        return with_outcomes(self.landmarks, self.careers)
