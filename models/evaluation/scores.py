"""Scores of forecasts: lower is better for all but coverage.

Log shares are scored, so that a given relative error weighs the same in a large and a small
country. Gneiting and Raftery (2007) explain which scores are proper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.composition import clr
from models.evaluation.quantiles import LEVELS, quantiles
from talentcast.domain.types import Target

FloatArray = NDArray[np.float64]

COVERAGES: Final = (50, 80, 95)
#: Metrics that count countries, for a histogram of calibration; they are not published.
PIT_DECILES: Final = tuple(f"pit_decile_{number}" for number in range(1, 11))
#: Draws used for the energy score, whose cost grows with their square.
ENERGY_DRAWS: Final = 200


def pinball_loss(predicted: FloatArray, truth: FloatArray, *, levels: FloatArray) -> FloatArray:
    """Return the quantile loss (Koenker and Bassett 1978).

    Args:
        predicted: Shape (n_levels, ...).
        truth: Shape (...).
        levels: Shape (n_levels,), quantile levels.

    Returns:
        Shape (n_levels, ...), in units of the truth.

    Example:
        >>> pinball_loss(np.array([[0.0]]), np.array([2.0]), levels=np.array([0.9]))
        array([[1.8]])
    """
    error = truth[None] - predicted
    level = levels.reshape(-1, *[1] * truth.ndim)
    return np.maximum(level * error, (level - 1) * error)


def weighted_interval_score(
    predicted: FloatArray, truth: FloatArray, *, levels: FloatArray = LEVELS
) -> FloatArray:
    """Return twice the mean pinball loss over all levels (Bracher et al. 2021, eq. 3).

    Args:
        predicted: Shape (n_levels, ...).
        truth: Shape (...).
        levels: Shape (n_levels,), symmetric about .5.

    Returns:
        Shape (...), in units of the truth; the absolute error if only the median is given.
    """
    return np.asarray(2 * pinball_loss(predicted, truth, levels=levels).mean(axis=0))


def is_covered(
    predicted: FloatArray, truth: FloatArray, *, percent: int, levels: FloatArray = LEVELS
) -> NDArray[np.bool_]:
    """Tell where the truth lies inside the central interval of this percentage."""
    tail = (100 - percent) / 200
    lower = predicted[np.abs(levels - tail).argmin()]
    upper = predicted[np.abs(levels - (1 - tail)).argmin()]
    return np.asarray((truth >= lower) & (truth <= upper))


def energy_score(draws: FloatArray, truth: FloatArray) -> float:
    """Return the energy score with Aitchison distance, over the root of the number of parts.

    Gneiting and Raftery (2007), eq. 22, between centred log-ratios.

    Args:
        draws: Shape (n_draws, n_parts), positive shares.
        truth: Shape (n_parts,), positive shares.
    """
    sampled, actual = clr(draws), clr(truth)
    to_truth = np.linalg.norm(sampled - actual, axis=1).mean()
    products = sampled @ sampled.T
    squares = np.diag(products)
    between = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * products, 0)).mean()
    return float((to_truth - between / 2) / np.sqrt(truth.size))


def probability_integral_transform(draws: FloatArray, truth: FloatArray) -> FloatArray:
    """Return the fraction of draws below the truth, per part; uniform if calibrated."""
    return np.asarray((draws < truth).mean(axis=0))


@dataclass(frozen=True, eq=False)
class Cell:
    """One origin and horizon to be scored; arrays over countries, `ROW` among them.

    Attributes:
        history: Shape (n_years, n_countries), shares up to the origin; NaN where missing.
        at_origin: Shares at the origin, missing ones carried forward. They weigh the scores.
        truth: Shares in the target year; NaN where missing, and then not scored.
        is_rest: True for `ROW`, which counts in weighted scores only.
        n_top: How many of the largest countries make up the group `top60`.
    """

    history: FloatArray
    at_origin: FloatArray
    truth: FloatArray
    is_rest: NDArray[np.bool_]
    n_top: int = 60

    @property
    def top(self) -> NDArray[np.int64]:
        """Positions of the largest countries at the origin."""
        order = np.argsort(-self.at_origin, kind="stable")
        return np.asarray(order[~self.is_rest[order]][: self.n_top])


class Score(NamedTuple):
    """One score under its published names: what was scored, over which countries, and how."""

    target: str
    country_group: str
    metric: str
    value: float


def quantile_scores(predicted: FloatArray, cell: Cell) -> list[Score]:
    """Score quantiles of shares, shape (n_levels, n_countries): WIS and coverage."""
    log_truth, log_predicted = np.log(cell.truth), np.log(predicted)
    scores = group_means("wis", weighted_interval_score(log_predicted, log_truth), cell)
    for percent in COVERAGES:
        covered = is_covered(log_predicted, log_truth, percent=percent)
        scores += group_means(
            f"coverage_{percent}", np.where(np.isnan(cell.truth), np.nan, covered), cell
        )
    return scores


def share_scores(shares: FloatArray, predicted: FloatArray, cell: Cell) -> list[Score]:
    """Score one cell in shares.

    Args:
        shares: Shape (n_draws, n_countries).
        predicted: Shape (n_levels, n_countries), quantiles of the shares.
        cell: What is scored.
    """
    error = np.abs(predicted[len(LEVELS) // 2] - cell.truth)
    changes = np.diff(cell.history, axis=0)
    mean_change = np.nanmean(np.abs(changes), axis=0)
    mean_square = np.sqrt(np.nanmean(changes**2, axis=0))
    return [
        *quantile_scores(predicted, cell),
        *group_means("mase", _scaled(error, mean_change), cell),
        *group_means("rmsse", _scaled(error, mean_square), cell),
        Score(Target.SHARE.value, "panel", "energy_score", _energy_of_top(shares, cell)),
        *_pit_deciles(shares, cell),
    ]


def stock_scores(stocks: FloatArray, truth: FloatArray, cell: Cell) -> list[Score]:
    """Score log stocks of one cell: WIS and 80 % coverage over the 60 largest countries.

    Args:
        stocks: Shape (n_draws, n_countries), in persons.
        truth: Shape (n_countries,), in persons; NaN where missing.
        cell: The same cell in shares.
    """
    predicted, log_truth = np.log(quantiles(stocks[:, cell.top])), np.log(truth[cell.top])
    covered = is_covered(predicted, log_truth, percent=80)
    return [
        Score(Target.STOCK.value, "top60", metric, _mean(values))
        for metric, values in (
            ("wis", weighted_interval_score(predicted, log_truth)),
            ("coverage_80", np.where(np.isnan(log_truth), np.nan, covered)),
        )
    ]


def group_means(metric: str, values: FloatArray, cell: Cell) -> list[Score]:
    """Return the means of one score per country: weighted by share, of the top 60, and of all.

    Args:
        metric: Name of the score.
        values: Shape (n_countries,); NaN where not scored.
        cell: What was scored.
    """
    scored = np.isfinite(values)
    weights = np.where(scored, cell.at_origin, 0.0)
    total = weights.sum()
    weighted = float(np.where(scored, values, 0.0) @ weights / total) if total > 0 else np.nan
    means = {
        "weighted": weighted,
        "top60": _mean(values[cell.top]),
        "all": _mean(values[~cell.is_rest]),
    }
    return [Score(Target.SHARE.value, group, metric, mean) for group, mean in means.items()]


def _pit_deciles(shares: FloatArray, cell: Cell) -> list[Score]:
    """Count the largest countries by tenth of the probability integral transform."""
    below = probability_integral_transform(shares, cell.truth)[cell.top]
    below = below[np.isfinite(cell.truth[cell.top])]
    counts = np.histogram(below, bins=np.linspace(0, 1, 11))[0]
    return [
        Score(Target.SHARE.value, "top60", metric, float(count))
        for metric, count in zip(PIT_DECILES, counts, strict=True)
    ]


def _scaled(error: FloatArray, usual: FloatArray) -> FloatArray:
    """Return errors in units of the usual change; a share that never changed has no such unit."""
    return np.divide(error, usual, out=np.full_like(error, np.nan), where=usual > 0)


def _mean(values: FloatArray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def _energy_of_top(shares: FloatArray, cell: Cell) -> float:
    top = cell.top[np.isfinite(cell.truth[cell.top])]
    step = max(1, len(shares) // ENERGY_DRAWS)
    return energy_score(
        _with_rest(shares[::step][:ENERGY_DRAWS], top), _with_rest(cell.truth[None], top)[0]
    )


def _with_rest(shares: FloatArray, top: NDArray[np.int64]) -> FloatArray:
    rest = np.nansum(shares, axis=1) - shares[:, top].sum(axis=1)
    # No rest is left when the top is all there is.
    return np.column_stack([shares[:, top], np.maximum(rest, 1e-12)])
