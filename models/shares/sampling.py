"""Draws from predictive distributions on log shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from features.composition import close_logs
from features.panel import Panel
from models.shares.protocol import Draws

FloatArray = NDArray[np.float64]


def stratified_orders(n_draws: int, n_parts: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return one random order of the draws per part, shape (n_draws, n_parts).

    Taking n_draws evenly spaced quantiles in these orders gives independent parts without sampling
    noise in the quantiles of any single one.
    """
    return rng.permuted(np.tile(np.arange(n_draws), (n_parts, 1)), axis=1).T


def stratified_normals(n_draws: int, n_parts: int, rng: np.random.Generator) -> FloatArray:
    """Return the same standard normal quantiles for each part, shape (n_draws, n_parts)."""
    quantiles = ndtri((np.arange(n_draws) + 0.5) / n_draws)
    return np.asarray(quantiles[stratified_orders(n_draws, n_parts, rng)])


@dataclass(frozen=True, eq=False)
class GaussianForecast:
    """A fitted forecaster: log shares are normal and independent over countries, then closed.

    Attributes:
        panel: Gives the parts and the origin.
        horizons: Years ahead, one per row of `mean`.
        mean: Shape (n_horizons, n_countries), of log shares.
        standard_deviation: Same shape.
        fallbacks: As in `models.shares.protocol.FittedForecaster`.
    """

    panel: Panel
    horizons: Sequence[int]
    mean: FloatArray
    standard_deviation: FloatArray
    fallbacks: Mapping[str, str] | None = None

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures; draw i has the same ranks at every horizon."""
        normals = stratified_normals(n_draws, self.mean.shape[1], rng)
        logs = self.mean[:, None, :] + self.standard_deviation[:, None, :] * normals[None]
        panel = self.panel
        return Draws(panel.countries, panel.origin, tuple(self.horizons), close_logs(logs))
