"""Questions that only joint samples answer: order, leads and sums across countries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talentcast.domain.errors import UsageError


@dataclass(frozen=True, eq=False)
class JointDraws:
    """Joint samples of one series: each draw is one possible future of all countries.

    Attributes:
        years: Target years, rising.
        countries: Codes, in the order of the last axis.
        shares: Shape (n_years, n_draws, n_countries), 0 to 1.
    """

    years: tuple[int, ...]
    countries: tuple[str, ...]
    shares: NDArray[np.float64]

    @classmethod
    def from_rows(cls, samples: pd.DataFrame) -> JointDraws:
        """Arrange `forecasts` rows of one series, model, scenario and target.

        Args:
            samples: Rows whose `output_type` is `sample`.

        Raises:
            UsageError: If there are none.
        """
        if samples.empty:
            raise UsageError("There are no joint samples of this series in this release.")
        years, draws, countries = (
            np.unique(samples[name].to_numpy(), return_inverse=True)
            for name in ("target_year", "output_type_id", "country")
        )
        shares = np.full([len(axis) for axis, _ in (years, draws, countries)], np.nan)
        shares[years[1], draws[1], countries[1]] = samples["value"].to_numpy()
        if len(samples) != shares.size or np.isnan(shares).any():
            raise UsageError("Joint samples of more than one series, model or target are mixed.")
        return cls(tuple(map(int, years[0])), tuple(map(str, countries[0])), shares)

    def of(self, country: str) -> NDArray[np.float64]:
        """Return one country's share, shape (n_years, n_draws).

        Raises:
            UsageError: If the country is no part of the composition.
        """
        if country not in self.countries:
            raise UsageError(
                f"'{country}' is not forecast here. There are {', '.join(self.countries)}."
            )
        return self.shares[:, :, self.countries.index(country)]

    def ahead(self, first: str, second: str) -> pd.Series:
        """Return the probability that the first country's share is the larger one, by year."""
        ahead = (self.of(first) > self.of(second)).mean(axis=1)
        index = pd.Index(self.years, name="target_year")
        return pd.Series(ahead, index=index, name="probability")

    def ahead_at_some_time(self, first: str, second: str, *, by: int) -> float:
        """Return the probability that the first is ahead in at least one year up to `by`.

        Raises:
            UsageError: If `by` lies outside the forecast.
        """
        upto = self._within(by)
        ahead = self.of(first)[:upto] > self.of(second)[:upto]
        return float(ahead.any(axis=0).mean())

    def above(self, country: str, share: float, *, year: int) -> float:
        """Return the probability that a share ends above a value in one year."""
        return float((self.of(country)[self._within(year) - 1] > share).mean())

    def lead_above(self, first: str, second: str, lead: float, *, year: int) -> float:
        """Return the probability that the first leads the second by more than `lead`."""
        place = self._within(year) - 1
        return float((self.of(first)[place] - self.of(second)[place] > lead).mean())

    def _within(self, year: int) -> int:
        if year not in self.years:
            raise UsageError(
                f"The forecast covers {self.years[0]} to {self.years[-1]}; {year} is outside."
            )
        return self.years.index(year) + 1


def order_changes(
    joint_draws: JointDraws,
    last: pd.Series,
    *,
    years: tuple[int, int],
    among: int = 12,
    least: float = 0.05,
) -> pd.DataFrame:
    """Return pairs whose order may change: 5 to 99 per cent likely to be reversed.

    Args:
        joint_draws: Joint samples.
        last: Last counted share by country; `ROW` left out.
        years: An early and a late target year; the late one decides and orders.
        among: Only the countries with the largest shares.
        least: Pairs below this probability are left out.

    Returns:
        Columns behind, ahead (today's order), early, late (probability of the reverse).
    """
    ranked = [str(country) for country in last.sort_values(ascending=False).index][:among]
    early, late = (joint_draws.years.index(year) for year in years)
    place = [joint_draws.countries.index(country) for country in ranked]
    shares = joint_draws.shares[:, :, place]
    rows = [
        (
            ranked[lower],
            ranked[upper],
            float((shares[early, :, lower] > shares[early, :, upper]).mean()),
            float((shares[late, :, lower] > shares[late, :, upper]).mean()),
        )
        for upper in range(len(ranked))
        for lower in range(upper + 1, len(ranked))
    ]
    table = pd.DataFrame(rows, columns=["behind", "ahead", "early", "late"])
    in_play = table[table["late"].between(least, 0.99)]
    return in_play.sort_values("late", ascending=False).reset_index(drop=True)
