"""What later vintages do to the shares that a forecast goes on from.

A forecast is about the first vintage in which its year counts as finished. By then the source has
found more people, in some countries more than in others, and all years of a country have moved
together. Nothing in one vintage tells how far: pairs of vintages do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from features.composition import close, close_logs
from features.panel import Panel
from features.vintage_pairs import SeenRevisions, seen_revisions
from models.shares.pooled.distribution import DistributionSettings, gamma_regression
from models.shares.protocol import Draws, FittedForecaster, Forecaster
from models.shares.sampling import stratified_orders
from models.shares.stock import StockDraws
from talentcast.domain.types import Origin

FloatArray = NDArray[np.float64]

#: Revisions have heavier tails than a normal distribution. The mean absolute value of a Student
#: variable with so many degrees of freedom is 1.
DEGREES_OF_FREEDOM: Final = 4
#: Countries that what other sources taught is worth against a population's own.
PRIOR_COUNTRIES: Final = 10.0
#: Fewer countries than this cannot tell size and age from chance.
MIN_COUNTRIES: Final = 10
_RIDGE: Final = DistributionSettings(ridge=1.0)


@dataclass(frozen=True)
class RevisionModel:
    """Mean absolute revision of log share, by share and by age of the year.

    Attributes:
        coefficients: Of its logarithm with one year between the vintages: on 1, size and its
            square, and 1 / (1 + age in years).
        log_shares: Smallest and largest one that anything is known of.
        level: Factor on all of them: the population's own, beside that of others.
        n_countries: Countries of the population that the level was learned from.
    """

    coefficients: tuple[float, float, float, float]
    log_shares: tuple[float, float]
    level: float = 1.0
    n_countries: int = 0

    def spread(
        self,
        shares: ArrayLike,
        *,
        years_between: ArrayLike,
        age_years: ArrayLike = 0.0,
    ) -> FloatArray:
        """Return the mean absolute revision of log share, in nats.

        It grows with the root of the time between the vintages: what was added to one says nothing
        about what is going to be added to the next.

        Args:
            shares: Positive; may be broadcast with the others.
            years_between: From the vintage at hand to the later one.
            age_years: Of the year that is revised; 0 for the last finished one.
        """
        terms = _terms(np.clip(np.log(shares), *self.log_shares), age_years)
        scale = self.level * np.exp(terms @ np.array(self.coefficients))
        return np.asarray(scale * np.sqrt(years_between))

    def at_level_of(self, seen: SeenRevisions) -> RevisionModel:
        """Return the model at a population's own level, shrunk to this one's.

        The years of a country are revised together, so that each country counts once.
        """
        expected = self.spread(
            seen.shares, years_between=seen.years_between, age_years=seen.age_years[:, None]
        )
        known = np.isfinite(seen.moved)
        relative = np.where(known, np.abs(seen.moved) / expected, 0.0).sum(axis=0)
        by_country = relative / np.maximum(known.sum(axis=0), 1)
        n_countries = seen.n_countries
        factor = (by_country.sum() + PRIOR_COUNTRIES) / (n_countries + PRIOR_COUNTRIES)
        return replace(self, level=self.level * float(factor), n_countries=n_countries)


def learn_revisions(seen: SeenRevisions) -> RevisionModel | None:
    """Learn the size of revisions from one pair of vintages; None from too few countries."""
    if seen.n_countries < MIN_COUNTRIES:
        return None
    known = np.isfinite(seen.moved)
    size = np.log(seen.shares)
    age = np.broadcast_to(seen.age_years[:, None], size.shape)
    moved = np.abs(seen.moved[known]) / np.sqrt(seen.years_between) + 1e-6
    rows = _terms(size[known], age[known])
    constant, linear, square, fresh = gamma_regression(rows, moved, np.ones(len(rows)), _RIDGE)
    within = float(size[known].min()), float(size[known].max())
    return RevisionModel((constant, linear, square, fresh), within)


#: What is expected of a source that was never seen to revise: the revisions of Scopus scholars in
#: 143 countries between the vintages of July 2022 and July 2024 (`python -m bench.vintages`).
OTHER_SOURCES: Final = RevisionModel((-4.013, -1.349, 0.143, 0.315), (-11.36, -1.52))


def revisions_of(earlier: Panel, later: Panel, *, years_between: float) -> RevisionModel:
    """Return the revisions of a population, shrunk to those of other sources."""
    return OTHER_SOURCES.at_level_of(seen_revisions(earlier, later, years_between=years_between))


def as_later_vintages_say(
    drawn: StockDraws, model: RevisionModel, panel: Panel, rng: np.random.Generator
) -> StockDraws:
    """Return draws of each year as the first vintage will show it that has finished the year.

    That vintage comes as many years after the one at hand as the year does after the last counted
    one. Totals stay as they are.

    Args:
        drawn: Shares and stocks as the vintage at hand would go on.
        model: Of revisions.
        panel: What the forecasts go on from.
        rng: Source of the revisions.
    """
    shares = close(panel.carried_forward().iloc[-1])
    horizons = np.array(drawn.draws.horizons, dtype=np.float64)[:, None]
    spread = model.spread(shares[None], years_between=horizons)
    now = revised(drawn.draws.shares, spread, rng)
    totals = drawn.stocks.sum(axis=2, keepdims=True)
    return StockDraws(replace(drawn.draws, shares=now), now * totals)


def revised(shares: FloatArray, spread: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return draws of shares as a later vintage will show them.

    Each country's log share gets one revision a draw, of the same rank at every horizon: sources
    add people to a country for good.

    Args:
        shares: Shape (n_horizons, n_draws, n_countries).
        spread: Shape (n_horizons, n_countries), from `RevisionModel.spread`.
        rng: Source of the revisions.
    """
    n_draws, n_countries = shares.shape[1:]
    levels = (np.arange(n_draws) + 0.5) / n_draws
    shocks = stdtrit(DEGREES_OF_FREEDOM, levels)[stratified_orders(n_draws, n_countries, rng)]
    return close_logs(np.log(shares) + shocks * spread[:, None, :])


class WithRevisions:
    """A forecaster of what one later vintage will say, at all horizons.

    Args:
        forecaster: Goes on from the vintage at hand.
        models: Of revisions, by country; others, and the rest, are not revised.
        finished_until: Last year that the vintage at hand had finished.
        years_between: From the vintage at hand to the later one.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        models: Mapping[str, RevisionModel],
        *,
        finished_until: Origin,
        years_between: float,
    ) -> None:
        self.name = forecaster.name
        self._forecaster, self._models = forecaster, models
        self._finished_until, self._years_between = finished_until, years_between

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Fit the forecaster to the years of the panel."""
        shares = close(panel.carried_forward().iloc[-1])
        age = self._finished_until.year - panel.origin.year
        spread = np.zeros(len(shares))
        for at, country in enumerate(panel.countries):
            if (model := self._models.get(country)) is not None:
                spread[at] = model.spread(
                    shares[at], years_between=self._years_between, age_years=age
                )
        return _FittedWithRevisions(self._forecaster.fit(panel, horizons), spread)


@dataclass(frozen=True, eq=False)
class _FittedWithRevisions:
    fitted: FittedForecaster
    spread: FloatArray

    @property
    def fallbacks(self) -> Mapping[str, str] | None:
        return self.fitted.fallbacks

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        draws = self.fitted.sample(n_draws, rng)
        spread = np.broadcast_to(self.spread, (len(draws.horizons), len(self.spread)))
        return replace(draws, shares=revised(draws.shares, spread, rng))


def _terms(log_share: FloatArray, age_years: ArrayLike) -> FloatArray:
    fresh = 1 / (1 + np.asarray(age_years, dtype=np.float64))
    size, fresh = np.broadcast_arrays((log_share + 6) / 3, fresh)
    return np.stack([np.ones_like(size), size, size**2, fresh], axis=-1)
