"""How often earlier ranges of a series held: what stands beside its headline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from readers.summaries.wording import percent

#: Newest forecast origins that are looked at.
LAST_ORIGINS: Final = 10
#: 80 % ranges that held less often than this, per cent, are not to be relied on.
DOUBTFUL_BELOW: Final = 70.0
#: Fewer origins than this tell too little.
FEWEST_ORIGINS: Final = 5
#: Scores of every country alike.
_GROUP: Final = "all"


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often the ranges meant to hold 8 outcomes in 10 held, over the newest origins.

    Attributes:
        held: Per cent of outcomes, every origin and horizon alike; None if none was scored.
        n_origins: How many origins were scored, `LAST_ORIGINS` at most.
        weakest: Horizon in years at which ranges held least often, and how often, per cent.
    """

    held: float | None
    n_origins: int
    weakest: tuple[int, float] | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether a reader must be warned."""
        return self.held is None or self.n_origins < FEWEST_ORIGINS or self.held < DOUBTFUL_BELOW

    def sentence(self) -> str:
        """Say it in one sentence.

        Example:
            >>> Reliability(43.0, 3).sentence()[:52]
            'Do not rely on the range: such ranges held 43% of ou'
            >>> Reliability(78.6, 10, (1, 76.0)).sentence()
            'Such ranges held 79% of outcomes at the last 10 origins.'
        """
        if self.held is None:
            return (
                "Do not rely on the range: no such range was ever checked, the counts are too few."
            )
        held = f"such ranges held {percent(self.held, digits=0)} of outcomes at the last "
        held += f"{self.n_origins} origin{'' if self.n_origins == 1 else 's'}"
        if self.n_origins < FEWEST_ORIGINS:
            return f"Do not rely on the range: {held}, too few to tell."
        if self.weakest is not None and self.weakest[1] < DOUBTFUL_BELOW:
            years, least = self.weakest
            held += f" ({percent(least, digits=0)} {years} year{'' if years == 1 else 's'} ahead)"
        if self.is_doubtful:
            return f"Do not rely on the range: {held}, not 80%."
        return f"{held[0].upper()}{held[1:]}."


def reliability(scores: pd.DataFrame, model: str) -> Reliability:
    """Return how often the 80 % ranges of a model held.

    Args:
        scores: `scores` rows of shares of one series.
        model: The model that is quoted.
    """
    rows = scores[
        (scores["model"] == model)
        & (scores["country_group"] == _GROUP)
        & (scores["metric"] == "coverage_80")
    ].dropna(subset=["value"])
    newest = sorted(rows["origin_year"].unique())[-LAST_ORIGINS:]
    rows = rows[rows["origin_year"].isin(newest)]
    if rows.empty:
        return Reliability(None, 0)
    by_horizon = 100 * rows.groupby("horizon_years")["value"].mean()
    weakest = int(str(by_horizon.idxmin())), float(by_horizon.min())
    return Reliability(100 * float(rows["value"].mean()), len(newest), weakest)
