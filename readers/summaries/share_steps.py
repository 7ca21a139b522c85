"""From one share to another by steps that sum to the difference, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from features.series import rows_of
from readers.summaries.wording import points
from talentcast.domain.types import SeriesKey

#: Percentage points; less is written as none.
_SMALLEST_SEEN: Final = 0.05


@dataclass(frozen=True, eq=False)
class ShareSteps:
    """Two shares of a country, and the steps between them.

    Attributes:
        before: Share that the steps begin at, per cent.
        steps: name, value and what else is told of each; percentage points.
    """

    before: float
    steps: pd.DataFrame = field(repr=False)

    @property
    def after(self) -> float:
        """Share that the steps lead to, per cent."""
        return self.before + float(self.steps["value"].sum())

    @property
    def verb(self) -> str:
        """Which way the share moved."""
        return "rose" if self.after > self.before else "fell"

    def told(self) -> str:
        """Name the steps, the largest first; those too small to be seen are left out."""
        steps = self.steps.sort_values("value", key=lambda values: -values.abs())
        seen = steps["value"].abs() >= _SMALLEST_SEEN
        steps = steps[seen] if seen.any() else steps
        return ", ".join(
            f"{name[0].lower()}{name[1:]} {points(value)}"
            for name, value in zip(steps["name"], steps["value"], strict=True)
        )


def rows_about(rows: pd.DataFrame, key: SeriesKey, country: str) -> pd.DataFrame:
    """Return the rows of a table that are about a country in a series."""
    of_series = rows_of(rows, key)
    return of_series[of_series["country"] == country]


def in_order(rows: pd.DataFrame, column: str, words: Mapping[str, str]) -> pd.DataFrame:
    """Return rows in the order of the words for a column, with the word as `name`."""
    order = {term: number for number, term in enumerate(words)}
    ordered = rows.sort_values(column, key=lambda terms: terms.map(order), ignore_index=True)
    return ordered.assign(name=ordered[column].map(words))
