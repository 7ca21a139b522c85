"""Forecasts that go on from years which are still being counted.

What a model draws for an unfinished year is what is known of it before anything is counted. What is
counted so far moves every draw (an ensemble Kalman update: Evensen 2003, equations 44 to 48, by
country, on log shares), and the years after it follow: the model is fitted again with the mean of
the nowcast as one more year, and each draw departs from that forecast by its own departure from
that mean, times a response.

The response follows from the spreads of the two fits. Where nothing is known of the unfinished
year, the spread of later years has to be that of the first fit; where everything is known, that of
the second. For linear models with normal errors one response does both, whatever is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.composition import close_logs
from features.panel import Panel
from models.nowcast.completeness import Completeness
from models.shares.protocol import Draws, FittedForecaster
from models.shares.sampling import stratified_normals
from models.shares.stock import StockDraws, sample_stocks
from talentcast.domain.types import Origin

FloatArray = NDArray[np.float64]
Fit = Callable[[Panel, Sequence[int]], FittedForecaster]

#: No country is known to be complete before the source says so.
_MOST_COMPLETE: Final = 0.995
#: Smallest variance of a draw: what is divided by.
_SMALLEST: Final = 1e-12


@dataclass(frozen=True, eq=False)
class PartialYear:
    """A year that a source has not finished counting.

    Attributes:
        counts: Shape (n_countries,), positive. Counted so far, in the parts of the panel.
        completeness: Of a year of its age.
    """

    year: int
    counts: FloatArray = field(repr=False)
    completeness: Completeness


@dataclass(frozen=True, eq=False)
class _Paths:
    """Logarithms of shares, shape (n_years, n_draws, n_countries), and of the totals of each."""

    shares: FloatArray
    totals: FloatArray

    @classmethod
    def of(cls, drawn: StockDraws) -> _Paths:
        """Take logarithms."""
        return cls(np.log(drawn.draws.shares), np.log(drawn.stocks.sum(axis=2)))

    def drawn(self, panel: Panel, origin: Origin, horizons: Sequence[int]) -> StockDraws:
        """Return shares that sum to 1 and the persons that they are of."""
        shares = close_logs(self.shares)
        draws = Draws(panel.countries, origin, tuple(horizons), shares)
        return StockDraws(draws, shares * np.exp(self.totals)[:, :, None])


def forecast_from(
    fit: Fit,
    panel: Panel,
    unfinished: Sequence[PartialYear],
    horizons: Sequence[int],
    *,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[list[StockDraws], FittedForecaster]:
    """Draw nowcasts and forecasts.

    Args:
        fit: Fits a new model to a panel, for horizons.
        panel: Of finished years.
        unfinished: The years right after its last one, in order; none for a plain forecast.
        horizons: Years after the last of all these years: 1, 2, and so on.
        n_draws: Number of joint draws.
        rng: Source of all of them.

    Returns:
        Draws by origin: each unfinished year at horizon 0, the last of them with the horizons that
        continue from it; draw i is one future throughout. And the model fitted to finished years.
    """
    ahead = range(1, len(unfinished) + max(horizons) + 1) if unfinished else horizons
    fitted = fit(panel, ahead)
    drawn = sample_stocks(fitted, panel, n_draws=n_draws, rng=rng)
    if not unfinished:
        return [drawn], fitted
    paths, done = _Paths.of(drawn), []
    for year in unfinished:
        now = _given_partial(_Paths(paths.shares[0], paths.totals[0]), year, rng)
        done.append(now)
        panel = _with_year(panel, year.year, now)
        rest = range(1, len(paths.shares))
        again = sample_stocks(fit(panel, rest), panel, n_draws=n_draws, rng=rng)
        paths = _continued(paths, now, _Paths.of(again))
    origins = [Origin(year.year) for year in unfinished]
    nowcasts = [
        _Paths(now.shares[None], now.totals[None]).drawn(panel, origin, (0,))
        for now, origin in zip(done, origins, strict=True)
    ]
    later = paths.drawn(panel, origins[-1], range(1, len(paths.shares) + 1))
    return [*nowcasts[:-1], _joined(nowcasts[-1], later.at(horizons))], fitted


def _given_partial(before: _Paths, year: PartialYear, rng: np.random.Generator) -> _Paths:
    """Move the draws of one year to what is counted of it; paths without the first axis."""
    completeness, counts = year.completeness, year.counts
    expected = before.shares.mean(axis=0)
    # Completeness of a country is relative: weighted with the shares expected, it is that of all.
    shares = close_logs(expected)
    level = np.log(shares @ np.exp(completeness.log_ratio))
    counted = np.minimum(
        completeness.overall * np.exp(completeness.log_ratio - level), _MOST_COMPLETE
    )
    at_hand = (counts + counts.sum() * shares) / 2
    noise = (1 - counted) / np.maximum(at_hand, 0.5)
    measured = np.log(counts / counts.sum()) - completeness.log_ratio + level
    moved = _updated(before.shares, measured, completeness.variance + noise, rng)
    total = np.log(counts.sum() / completeness.overall)
    totals = _updated(
        before.totals[:, None],
        np.array([total]),
        np.array([completeness.overall_variance + 1 / counts.sum()]),
        rng,
    )
    return _Paths(np.log(close_logs(moved)), totals[:, 0])


def _updated(
    draws: FloatArray, measured: FloatArray, variance: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Move draws, shape (n_draws, n_parts), towards perturbed measurements of each part."""
    prior = draws.var(axis=0)
    gain = prior / (prior + variance + _SMALLEST)
    error = stratified_normals(draws.shape[0], draws.shape[1], rng) * np.sqrt(variance)
    return np.asarray(draws + gain * (measured + error - draws))


def _continued(before: _Paths, now: _Paths, again: _Paths) -> _Paths:
    """Let the years after an unfinished one depart from a forecast as that year's draws do."""
    return _Paths(
        *(
            _departing(getattr(before, name), getattr(now, name), getattr(again, name))
            for name in ("shares", "totals")
        )
    )


def _departing(before: FloatArray, now: FloatArray, again: FloatArray) -> FloatArray:
    known, unknown = again.var(axis=1), before[1:].var(axis=1)
    years = np.arange(2, len(before) + 1).reshape(-1, *[1] * (now.ndim - 1))
    response = np.sqrt(np.maximum(unknown - known, 0) / (before[0].var(axis=0) + _SMALLEST))
    # A level and a trend that both moved by all of a departure answer with one more of it a year.
    response = np.minimum(response, 2 * years)
    return np.asarray(again + response[:, None] * (now - now.mean(axis=0)))


def _with_year(panel: Panel, year: int, now: _Paths) -> Panel:
    """Return the panel with the mean of a nowcast as one more year."""
    mean = close_logs(now.shares.mean(axis=0)) * np.exp(now.totals.mean())
    counts = panel.counts.copy()
    counts.loc[year] = mean
    return replace(panel, counts=counts)


def _joined(first: StockDraws, then: StockDraws) -> StockDraws:
    draws = replace(
        then.draws,
        horizons=(*first.draws.horizons, *then.draws.horizons),
        shares=np.concatenate([first.draws.shares, then.draws.shares]),
    )
    return StockDraws(draws, np.concatenate([first.stocks, then.stocks]))
