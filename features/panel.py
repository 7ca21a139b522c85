"""Panels: yearly counts as a matrix of years by countries, ready for a forecaster."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from talentcast.domain.types import Origin, SeriesKey


@dataclass(frozen=True)
class Panel:
    """Counts of one population by one rule and source.

    Attributes:
        key: What is counted.
        counts: Index: every year from first to last, without gaps in the index. Columns: country
            codes, `ROW` last. Values in persons; a missing or provisional year is NaN, never a
            compressed index.
    """

    key: SeriesKey
    counts: pd.DataFrame

    @property
    def countries(self) -> tuple[str, ...]:
        """Parts of the composition, `ROW` last."""
        return tuple(str(country) for country in self.counts.columns)

    @property
    def origin(self) -> Origin:
        """Last year of the panel."""
        return Origin(int(self.counts.index[-1]))
