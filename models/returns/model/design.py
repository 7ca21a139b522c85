"""Numbers for the members: what a landmark looks like to a linear model and to a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import SplineTransformer

from features.country_groups import commonest, group_codes
from features.landmarks import NUMERIC_FEATURES

Matrix = NDArray[np.float64]

#: Features whose effect bends: splines in the linear members.
_SPLINE_FEATURES: Final = ("duration_years", "career_age_years", "log_cumulative_works")
#: Features that grow by one with every year after the landmark.
_AGEING_FEATURES: Final = ("duration_years", "career_age_years", "landmark_year")
_N_KNOTS: Final = 4
_N_ORIGINS: Final = 14
_N_HOSTS: Final = 10


@dataclass(frozen=True)
class Design:
    """How landmarks become matrices; everything in it was learned from training landmarks.

    Attributes:
        origins: Origin countries with a column of their own; others share one.
        hosts: Likewise, host countries.
        knots: Per spline feature, ascending.
        means: Mean of each column before the country columns.
        scales: Standard deviation of each of them.
        last_year: Later years count as this one: a trend is not carried beyond the data.
    """

    origins: tuple[str, ...]
    hosts: tuple[str, ...]
    knots: dict[str, tuple[float, ...]]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    last_year: int

    @classmethod
    def learn(cls, landmarks: pd.DataFrame) -> Self:
        """Choose countries, knots and scales from training landmarks."""
        quantiles = np.linspace(0, 1, _N_KNOTS)
        knots = {
            name: _distinct(np.quantile(landmarks[name].to_numpy(dtype=float), quantiles))
            for name in _SPLINE_FEATURES
        }
        origins = commonest(landmarks["origin_country"], _N_ORIGINS)
        hosts = commonest(landmarks["host_country"], _N_HOSTS)
        last_year = int(landmarks["landmark_year"].max())
        unscaled = cls(origins, hosts, knots, (), (), last_year)
        columns = unscaled._curves_and_numbers(landmarks, ahead_years=0)
        spread = columns.std(axis=0)
        return cls(
            origins,
            hosts,
            knots,
            tuple(columns.mean(axis=0).tolist()),
            tuple(np.where(spread > 1e-9, spread, 1.0).tolist()),
            last_year,
        )

    def linear(self, landmarks: pd.DataFrame, *, ahead_years: int = 0) -> Matrix:
        """Return scaled splines and numbers, then an indicator per country.

        Args:
            landmarks: From `features.landmarks`.
            ahead_years: Age the landmarks by this many years, for a member without steps.
        """
        columns = self._curves_and_numbers(landmarks, ahead_years=ahead_years)
        scaled = (columns - np.array(self.means)) / np.array(self.scales)
        return np.hstack([scaled, self._country_indicators(landmarks)])

    def trees(self, landmarks: pd.DataFrame) -> Matrix:
        """Return numbers as they are, then a code per country for trees with categories."""
        codes = [
            group_codes(landmarks["origin_country"], self.origins),
            group_codes(landmarks["host_country"], self.hosts),
        ]
        return np.column_stack([self._numbers(landmarks, NUMERIC_FEATURES, 0), *codes])

    def _curves_and_numbers(self, landmarks: pd.DataFrame, *, ahead_years: int) -> Matrix:
        plain = [name for name in NUMERIC_FEATURES if name not in self.knots]
        curves = [
            _spline(self._numbers(landmarks, [name], ahead_years), knots)
            for name, knots in self.knots.items()
        ]
        return np.hstack([*curves, self._numbers(landmarks, plain, ahead_years)])

    def _numbers(self, landmarks: pd.DataFrame, names: Sequence[str], ahead_years: int) -> Matrix:
        numbers = landmarks[list(names)].to_numpy(dtype=float, copy=True)
        for column, name in enumerate(names):
            if name in _AGEING_FEATURES:
                numbers[:, column] += ahead_years
            if name == "landmark_year":
                numbers[:, column] = np.minimum(numbers[:, column], self.last_year)
        return numbers

    def _country_indicators(self, landmarks: pd.DataFrame) -> Matrix:
        return np.hstack(
            [
                np.eye(len(kept) + 1)[group_codes(landmarks[column], kept)]
                for column, kept in (("origin_country", self.origins), ("host_country", self.hosts))
            ]
        )


def _spline(column: Matrix, knots: Sequence[float]) -> Matrix:
    """Cubic B-splines, constant beyond the outer knots; a straight line without inner range."""
    if len(knots) < 2:
        return column
    transformer = SplineTransformer(
        knots=np.array(knots)[:, None], degree=3, extrapolation="constant", include_bias=False
    )
    return np.asarray(transformer.fit(np.array(knots)[:, None]).transform(column))


def _distinct(knots: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(knot) for knot in np.unique(knots))
