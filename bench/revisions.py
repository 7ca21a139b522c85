"""What later vintages do to the figures that a forecast was made from.

A forecast is scored against what the source says years later. By then the source has found more
people, more in some countries than in others. A backtest on final data does not see this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.composition import close_logs
from features.panel import Panel
from models.shares.pooled.distribution import DistributionSettings, gamma_regression
from models.shares.protocol import Draws, FittedForecaster, Forecaster
from models.shares.sampling import stratified_normals
from talentcast.domain.errors import InputRejectedError

FloatArray = NDArray[np.float64]

#: Mean absolute value of a standard normal variable.
_MEAN_ABSOLUTE: Final = float(np.sqrt(2 / np.pi))
MIN_COMMON_COUNTRIES: Final = 10


@dataclass(frozen=True, eq=False)
class RevisionModel:
    """Size of revisions of log share by size of country.

    Attributes:
        coefficients: Of log mean absolute revision on 1, log count and its square.
        n_years: Years that both vintages cover and that were used.
        n_countries: Countries that both tell apart.
    """

    coefficients: FloatArray
    n_years: int
    n_countries: int

    def standard_deviation(self, counts: FloatArray) -> FloatArray:
        """Return the standard deviation of log share, by persons counted."""
        return np.asarray(np.exp(_size_terms(counts) @ self.coefficients) / _MEAN_ABSOLUTE)


def learn_revisions(
    earlier: Panel, later: Panel, *, leave_out: Collection[int] = ()
) -> RevisionModel:
    """Estimate how far log shares move between two vintages of a series.

    Args:
        earlier: The vintage that forecasts are made from.
        later: The vintage that they are scored against.
        leave_out: Years that may not be looked at, because they are going to be scored.

    Raises:
        InputRejectedError: ``NO_REVISIONS`` if the vintages have too little in common.
    """
    countries = [name for name in earlier.countries if name in later.countries]
    years = [
        year
        for year in earlier.counts.index.intersection(later.counts.index)
        if year not in set(leave_out)
    ]
    before, after = (
        np.log(vintage.shares().loc[years, countries].to_numpy(dtype=np.float64))
        for vintage in (earlier, later)
    )
    revisions = after - before
    seen = np.isfinite(revisions)
    if len(countries) < MIN_COMMON_COUNTRIES or not seen.any():
        raise InputRejectedError(
            "NO_REVISIONS",
            f"The vintages of {earlier.key.population} share {len(countries)} countries and "
            f"{len(years)} years; revisions need {MIN_COMMON_COUNTRIES} countries.",
        )
    counts = earlier.counts.loc[years, countries].to_numpy(dtype=np.float64)
    coefficients = gamma_regression(
        _size_terms(counts[seen]),
        np.abs(revisions[seen]) + 1e-6,
        np.ones(int(seen.sum())),
        DistributionSettings(ridge=1.0),
    )
    return RevisionModel(coefficients, len(years), len(countries))


class WithRevisions:
    """A forecaster of what a later vintage will say.

    Each country's log share gets one revision per draw, the same at every horizon: sources add
    people to a country for good.
    """

    def __init__(self, forecaster: Forecaster, revisions: RevisionModel) -> None:
        self.name = f"{forecaster.name}_with_revisions"
        self._forecaster, self._revisions = forecaster, revisions

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Fit the forecaster to the earlier vintage."""
        counts = panel.carried_forward().iloc[-1].to_numpy(dtype=np.float64)
        spread = self._revisions.standard_deviation(counts)
        return _FittedWithRevisions(self._forecaster.fit(panel, horizons), spread)


@dataclass(frozen=True, eq=False)
class _FittedWithRevisions:
    fitted: FittedForecaster
    spread: FloatArray

    @property
    def fallbacks(self) -> Mapping[str, str] | None:
        return self.fitted.fallbacks

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures as a later vintage will show them."""
        draws = self.fitted.sample(n_draws, rng)
        revisions = stratified_normals(n_draws, len(self.spread), rng) * self.spread
        return replace(draws, shares=close_logs(np.log(draws.shares) + revisions))


def _size_terms(counts: FloatArray) -> FloatArray:
    size = (np.log(counts) - 9) / 3
    return np.stack([np.ones_like(size), size, size**2], axis=-1)
