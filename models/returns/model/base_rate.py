"""Duration by origin: what any model of returns has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.country_groups import commonest, group_codes
from features.person_period import Exit, years_at_risk
from models.returns.model.incidence import Hazards
from models.returns.model.members import STEPS

#: Lower ends of the bands of years abroad.
_BANDS: Final = (0, 1, 2, 3, 5, 10)
_N_ORIGINS: Final = 14
_EXITS: Final = (Exit.RETURN, Exit.THIRD_COUNTRY)


@dataclass(frozen=True, eq=False)
class BaseRate:
    """Yearly hazards by years abroad and origin country, shrunk where few were observed.

    Attributes:
        origins: Origins with rates of their own; others share the last row.
        rates: Shape (n_origins + 1, n_bands, 2): return and third country.
    """

    origins: tuple[str, ...]
    rates: NDArray[np.float64]

    def hazards(self, landmarks: pd.DataFrame) -> Hazards:
        """Return yearly hazards of return and of a third country for `STEPS` years."""
        rows = group_codes(landmarks["origin_country"], self.origins)
        duration = landmarks["duration_years"].to_numpy(dtype=float)
        bands = [_band(duration + step) for step in range(STEPS)]
        return np.stack([self.rates[rows, band] for band in bands], axis=1)


def fit_base_rate(landmarks: pd.DataFrame, *, prior_years: float = 20.0) -> BaseRate:
    """Learn hazards from each year at risk exactly once, between consecutive observations.

    Rates of an origin are shrunk towards those of all origins at the same duration, and these
    towards the overall rate, as if `prior_years` more person-years had been seen at that rate.

    Args:
        landmarks: With outcomes.
        prior_years: Strength of the shrinkage, in person-years.
    """
    years = years_at_risk(landmarks)
    origins = commonest(landmarks["origin_country"], _N_ORIGINS)
    shape = (len(origins) + 1, len(_BANDS))
    cell = (
        group_codes(years["origin_country"], origins),
        _band(years["duration_years"].to_numpy()),
    )
    at_risk = np.zeros(shape)
    np.add.at(at_risk, cell, 1.0)
    rates = np.zeros((*shape, 2))
    for index, kind in enumerate(_EXITS):
        exits = np.zeros(shape)
        np.add.at(exits, cell, (years["exit"] == kind).to_numpy(dtype=float))
        overall = (exits.sum() + 0.5) / (at_risk.sum() + 10.0)
        by_band = (exits.sum(axis=0) + prior_years * overall) / (at_risk.sum(axis=0) + prior_years)
        rates[:, :, index] = (exits + prior_years * by_band) / (at_risk + prior_years)
    return BaseRate(origins, rates)


def _band(duration: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(np.searchsorted(_BANDS, duration, side="right") - 1)
