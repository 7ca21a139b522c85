"""Published stay rates of foreign graduates, and arrivals a year where they stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from talentcast.domain.types import Origin

#: Years after graduation that the rates are about.
STAY_YEARS: Final = 5
#: Country whose foreign graduates are followed by surveys and registers.
HOST: Final = "USA"
#: Years of arrivals that are looked at.
_ARRIVAL_YEARS: Final = 5
#: So many origins make a table by origin.
_MANY_ORIGINS: Final = 3
#: Units of rates that are about five years or more, of all or of one origin.
_FIVE_YEARS: Final = (
    "percent 5-year",
    "percent, lower bound, >=5 years",
    "count of 100 (=percent)",
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StayRate:
    """How many of one origin were still there five years later.

    Attributes:
        origin: Country code, or the name of a group of countries.
        rate: Between 0 and 1.
        graduates: How many it is about.
    """

    origin: str
    rate: float
    graduates: int


@dataclass(frozen=True, slots=True)
class StayRates:
    """Published five-year stay rates in `HOST`.

    Attributes:
        by_origin: Of the newest table that tells origins apart.
        spread: Standard deviation of the logarithms of the odds of all published rates: how much
            rates of one table may differ from those of the people who are forecast.
    """

    by_origin: tuple[StayRate, ...]
    spread: float


def stay_rates(figures: pd.DataFrame) -> StayRates:
    """Read the rates from `published_figures`.

    Raises:
        ValueError: If the figures hold none.
    """
    rows = figures[(figures["measure"] == "stay_rate") & (figures["location_iso3"] == HOST)]
    counted = rows[rows["n_sample"].notna()]
    tables = counted[counted.groupby("source")["origin_iso3"].transform("nunique") >= _MANY_ORIGINS]
    every = rows.loc[rows["unit"].isin(_FIVE_YEARS), "value"].to_numpy(dtype=float) / 100
    if tables.empty or len(every) < 2:
        raise ValueError("The published figures hold no stay rates by origin.")
    own = tables[tables["year"] == tables["year"].max()]
    found = zip(own["origin_iso3"], own["value"], own["n_sample"], strict=True)
    by_origin = tuple(StayRate(str(origin), value / 100, int(n)) for origin, value, n in found)
    return StayRates(by_origin, float(np.std(logit(every), ddof=1)))


def arrival_rates(counts: pd.DataFrame, until: Origin) -> FloatArray:
    """Return arrivals in `HOST` over its researchers in each of the last years that count them.

    Args:
        counts: Rows of one series: country, year, researchers, arrivals, is_provisional.
        until: Last year to look at. Provisional years, whose moves are not all seen, are left out.

    Returns:
        Shape (n_years,), at most five; empty where arrivals are not counted.
    """
    own = counts[
        (counts["country"] == HOST)
        & (counts["year"] <= until.year)
        & ~counts["is_provisional"].astype(bool)
        & counts["arrivals"].notna()
        & (counts["researchers"] > 0)
    ]
    last = own.sort_values("year").tail(_ARRIVAL_YEARS)
    return (last["arrivals"] / last["researchers"]).to_numpy(dtype=np.float64)
