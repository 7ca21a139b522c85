"""Landmarks of a population, and what was known at any time of what followed them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from features.career_records import CareerParts, IdSpan, Mapper, is_among
from features.landmarks import landmark_table
from features.person_period import Exit, with_outcomes
from models.returns.person_sample import Draws, draws_of, halvings_for, is_drawn
from talentcast.domain.types import Origin

#: No fit learns more from more landmarks than these: beyond, people are sampled.
MOST_LANDMARKS: Final = 120_000
#: With fewer, models are fitted sooner than another process is started.
_WORTH_A_PROCESS: Final = 50_000


@dataclass(frozen=True, eq=False)
class LandmarkHistory:
    """Landmarks, and the records that show what became of them.

    The features of a landmark rest on records up to its year, so that one table serves every cut
    in time. What followed is looked up anew at each: whom one knows to have been followed up is
    itself news from later.

    Attributes:
        landmarks: From `features.landmarks.landmark_table`, of the people to learn from.
        careers: `researcher_id`, `year`, `country` of the same people.
        everybody: Landmarks of all people in the years that are asked about, with `is_return`: at
            origin in the year after, as was seen by then.
        last_year: Last year with records of anybody.
        halvings: How often the people to learn from were halved; 0 where they are all.
        is_synthetic: The people do not exist.
    """

    landmarks: pd.DataFrame
    careers: pd.DataFrame
    everybody: pd.DataFrame = field(repr=False)
    last_year: int
    halvings: int = 0
    is_synthetic: bool = False

    @classmethod
    def of(
        cls,
        parts: CareerParts,
        *,
        until: Origin | None = None,
        since: int | None = None,
        most: int = MOST_LANDMARKS,
        seed: int = 0,
        mapper: Mapper = map,
    ) -> LandmarkHistory:
        """Describe every observed year abroad.

        Args:
            parts: Records of the population, some people at a time.
            until: Later records are not looked at.
            since: First year in which everybody is asked about; None for all.
            most: Landmarks to learn from; beyond, people are sampled.
            seed: Of that sample.
            mapper: Describes the parts.
        """
        learned, everybody = _Learned(most, seed), []
        last_year, is_synthetic = 0, False
        for part in mapper(partial(_described, parts, until), parts.spans):
            last_year = max(last_year, part.last_year)
            is_synthetic |= part.is_synthetic
            year = part.landmarks["landmark_year"]
            everybody.append(part.landmarks[slice(None) if since is None else year >= since])
            learned.add(part.landmarks.drop(columns="is_return"), part.careers)
        return cls(
            learned.landmarks,
            learned.careers,
            pd.concat(everybody, ignore_index=True),
            last_year,
            learned.halvings,
            is_synthetic,
        )

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

    def fitted_by(self, mapper: Mapper) -> Mapper:
        """Return what fits models of these people: the mapper, where that is sooner."""
        return mapper if len(self.landmarks) >= _WORTH_A_PROCESS else map


class _Learned:
    """People to learn from: as many as fit, whatever comes after them."""

    def __init__(self, most: int, seed: int) -> None:
        self._most, self._seed, self.halvings = most, seed, 0
        self._landmarks: list[pd.DataFrame] = []
        self._careers: list[pd.DataFrame] = []
        self._draws: list[Draws] = []

    def add(self, landmarks: pd.DataFrame, careers: pd.DataFrame) -> None:
        """Take in the people of a part, and halve the sample if there are too many by now."""
        self._landmarks.append(landmarks)
        self._careers.append(careers)
        self._draws.append(draws_of(landmarks["researcher_id"], self._seed))
        # Who was left out before is missing from the count: a sample never grows again.
        self.halvings = max(self.halvings, halvings_for(np.concatenate(self._draws), self._most))
        if self.halvings > 0:
            self._halve()

    def _halve(self) -> None:
        for at, (landmarks, draws) in enumerate(zip(self._landmarks, self._draws, strict=True)):
            kept = is_drawn(draws, self.halvings)
            self._landmarks[at], self._draws[at] = landmarks[kept], draws[kept]
            names, careers = self._landmarks[at]["researcher_id"].unique(), self._careers[at]
            self._careers[at] = careers[is_among(careers["researcher_id"], names)]

    @property
    def landmarks(self) -> pd.DataFrame:
        return pd.concat(self._landmarks, ignore_index=True)

    @property
    def careers(self) -> pd.DataFrame:
        return pd.concat(self._careers, ignore_index=True)


@dataclass(frozen=True, eq=False)
class _Described:
    """Landmarks of some people, with `is_return`, and the careers of who has any."""

    landmarks: pd.DataFrame
    careers: pd.DataFrame
    last_year: int
    is_synthetic: bool


def _described(parts: CareerParts, until: Origin | None, span: IdSpan) -> _Described:
    """Describe some people, and whether each landmark was followed by a return."""
    part = parts.between(span)
    part = part if until is None else part.known_by(until)
    records, names = part.numbered()
    landmarks = landmark_table(records)
    # What is seen in the next year does not depend on anything that is seen later.
    seen = with_outcomes(landmarks, records.careers)
    is_return = (seen["next_exit"] == Exit.RETURN) & (seen["next_seen_years"] == 1)
    ids = pd.Series(names.take(landmarks["researcher_id"].to_numpy()), dtype="str")
    careers = part.careers[["researcher_id", "year", "country"]]
    return _Described(
        landmarks.assign(researcher_id=ids, is_return=is_return),
        careers[is_among(careers["researcher_id"], ids.unique())],
        int(part.careers["year"].max()),
        part.is_synthetic,
    )
