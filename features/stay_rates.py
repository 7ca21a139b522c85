"""Published stay rates of foreign graduates, and arrivals a year where they stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

#: Years after graduation that the rates are about.
STAY_YEARS: Final = 5
#: Country whose foreign graduates are followed by surveys and registers.
HOST: Final = "USA"
#: Years of arrivals that are looked at.
_ARRIVAL_YEARS: Final = 5

_BY_ORIGIN: Final = "NSF 25-325 InfoBrief"
_FIVE_YEARS: Final = "percent 5-year"

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StayRate:
    """How many of one origin were still there five years later.

    Attributes:
        origin: Country code, or the name of a group of countries.
        rate: Between 0 and 1.
        n: Persons that it was counted of.
    """

    origin: str
    rate: float
    n: int


@dataclass(frozen=True, slots=True)
class StayRates:
    """Published five-year stay rates in `HOST`.

    Attributes:
        by_origin: Of the newest edition that tells origins apart.
        spread: Standard deviation of the logarithms of the odds of all published rates: how much
            rates of one edition may differ from those of the people who are forecast.
    """

    by_origin: tuple[StayRate, ...]
    spread: float


def stay_rates(figures: pd.DataFrame) -> StayRates:
    """Read the rates from `published_figures`.

    Raises:
        ValueError: If the figures hold none.
    """
    rows = figures[(figures["measure"] == "stay_rate") & (figures["location_iso3"] == HOST)]
    own = rows[rows["source"].str.startswith(_BY_ORIGIN) & rows["n_sample"].notna()]
    every = rows.loc[rows["unit"] == _FIVE_YEARS, "value"].to_numpy(dtype=float) / 100
    if own.empty or len(every) < 2:
        raise ValueError("The published figures hold no stay rates by origin.")
    found = zip(own["origin_iso3"], own["value"], own["n_sample"], strict=True)
    by_origin = tuple(StayRate(str(origin), value / 100, int(n)) for origin, value, n in found)
    return StayRates(by_origin, float(np.std(logit(every), ddof=1)))


def arrival_rates(counts: pd.DataFrame) -> FloatArray:
    """Return arrivals in `HOST` over its researchers in each of the last years that count them.

    Args:
        counts: Rows of one series: country, year, researchers, arrivals.

    Returns:
        Shape (n_years,), at most five; empty where arrivals are not counted.
    """
    own = counts[(counts["country"] == HOST) & counts["arrivals"].notna()]
    last = own.sort_values("year").tail(_ARRIVAL_YEARS)
    return (last["arrivals"] / last["researchers"]).to_numpy(dtype=np.float64)
