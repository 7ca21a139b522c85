"""What words and drawings of a forecast share: its quantile levels, and the tables of a fan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

#: Lower and upper quantile level of the ranges that readers are shown, the widest first.
RANGES: Final = ((0.025, 0.975), (0.1, 0.9), (0.25, 0.75))
LEVELS: Final = tuple(sorted({0.5, *(level for ends in RANGES for level in ends)}))


def field(level: float) -> str:
    """Return the column of a quantile level.

    Example:
        >>> field(0.025)
        'q025'
    """
    return f"q{round(1000 * level):03d}"


@dataclass(frozen=True, eq=False)
class Fan:
    """What a fan chart shows, in the unit of its axis.

    Attributes:
        history: series, year, value, is_provisional.
        quantiles: series, year, and one column per level of `LEVELS`, see `field`.
        labels: series, year, value, name, text, short, text_short: beside the end of each line.
        references: series, year, value, note: figures of others; may be empty.
        so_far: Like `history`: what is counted of years that are estimated; may be empty.
        last_past_year: Forecast years up to this one are past but not counted; None if none is.
    """

    history: pd.DataFrame
    quantiles: pd.DataFrame
    labels: pd.DataFrame
    references: pd.DataFrame
    so_far: pd.DataFrame
    last_past_year: int | None = None

    @property
    def series(self) -> list[str]:
        """Names of the lines, in alphabetical order."""
        return sorted(self.labels["series"])

    @property
    def last_counted(self) -> int:
        """Last year that was counted to its end."""
        return int(self.quantiles["year"].min()) - 1

    @property
    def nowcast_years(self) -> list[int]:
        """Years that are being counted, and estimated."""
        return sorted(int(year) for year in self.so_far["year"].unique())

    @property
    def counted_or_past(self) -> int:
        """Last year that had ended when the forecast was made, or had begun to be counted."""
        return max(self.last_counted, self.last_past_year or 0, *self.nowcast_years)
