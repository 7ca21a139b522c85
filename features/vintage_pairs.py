"""Two vintages of one series: which ones to compare, and how far shares moved in between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.panel import Panel
from features.series import rows_of
from talentcast.domain.types import REST_OF_WORLD, SeriesKey, Vintage

FloatArray = NDArray[np.float64]

#: Last finished years of the earlier vintage that are compared; older ones are often padded.
COMPARED_YEARS: Final = 10
#: Vintages that are closer, in years, say little of what a year adds.
CLOSEST: Final = 0.5
_DAYS_A_YEAR: Final = 365.25


@dataclass(frozen=True, eq=False)
class EarlierVintage:
    """What a source said before.

    Attributes:
        counts: Rows of `researcher_counts` of one series and vintage.
        years_between: From that vintage to the one at hand.
    """

    counts: pd.DataFrame = field(repr=False)
    vintage: Vintage
    years_between: float


def earlier_vintage(
    counts: pd.DataFrame, key: SeriesKey, vintage: Vintage
) -> EarlierVintage | None:
    """Return the newest vintage at least half a year before one; None if there is none.

    Args:
        counts: Rows of `researcher_counts` in all vintages.
        key: The series.
        vintage: The one at hand.
    """
    rows = rows_of(counts, key)
    days = pd.to_datetime(rows["vintage"])
    usable = [day for day in days.unique() if is_early_enough(Vintage(day.date()), vintage)]
    if not usable:
        return None
    newest = Vintage(max(usable).date())
    return EarlierVintage(rows[days == max(usable)], newest, _years_between(newest, vintage))


def is_early_enough(earlier: Vintage, later: Vintage) -> bool:
    """Return whether two vintages are far enough apart to be compared."""
    return _years_between(earlier, later) >= CLOSEST


def _years_between(earlier: Vintage, later: Vintage) -> float:
    return (later.as_of - earlier.as_of).days / _DAYS_A_YEAR


@dataclass(frozen=True, eq=False)
class SeenRevisions:
    """How log shares moved between two vintages of one series.

    Attributes:
        countries: That both vintages tell apart, without the rest of the world.
        shares: Shape (n_years, n_countries), in the earlier vintage, among these countries.
        moved: Same shape, log share in the later vintage less that in the earlier, in nats; NaN
            where a vintage lacks the country or year.
        age_years: Shape (n_years,), years before the last finished one of the earlier vintage.
        years_between: From the earlier vintage to the later one.
    """

    countries: tuple[str, ...]
    shares: FloatArray = field(repr=False)
    moved: FloatArray = field(repr=False)
    age_years: NDArray[np.int64] = field(repr=False)
    years_between: float

    def of_countries(self, chosen: NDArray[np.bool_]) -> SeenRevisions:
        """Return the revisions of some countries, as shares among all of them."""
        names = tuple(np.array(self.countries)[chosen])
        return replace(
            self, countries=names, shares=self.shares[:, chosen], moved=self.moved[:, chosen]
        )

    @property
    def n_countries(self) -> int:
        """Countries that are counted in both vintages in at least one year."""
        return int(np.isfinite(self.moved).any(axis=0).sum())


def seen_revisions(earlier: Panel, later: Panel, *, years_between: float) -> SeenRevisions:
    """Compare the finished years that two vintages of a series have in common.

    Args:
        earlier: Its last year is the last one that the earlier vintage had finished.
        later: The later vintage.
        years_between: From one vintage to the other.
    """
    both = [name for name in earlier.countries if name in later.countries and name != REST_OF_WORLD]
    years = earlier.counts.index.intersection(later.counts.index)[-COMPARED_YEARS:]
    before, after = (panel.counts.loc[years, both] for panel in (earlier, later))
    counted = (before.notna() & after.notna()).to_numpy()
    shares, now = (
        table.div(table.where(counted).sum(axis=1), axis=0).to_numpy(dtype=np.float64)
        for table in (before, after)
    )
    moved = np.where(counted, np.log(now) - np.log(shares), np.nan)
    age = earlier.origin.year - years.to_numpy(dtype=np.int64)
    return SeenRevisions(tuple(both), shares, moved, age, years_between)
