"""Panels of a few parts, or of few persons: learn from small panels cut out of the reference panel.

Several beliefs of how a panel goes on are held at once: nothing changes, its own trend goes on, it
does what small panels do, it does what the large one does. Each has its own errors, learned from
small panels. Futures are drawn from all of them, more from those that were right about this panel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.composition import close_logs
from features.panel import Panel
from models.shares.pooled.beliefs import Expected, expect, learn_beliefs
from models.shares.pooled.cut_panels import CutSettings, cut_panels
from models.shares.pooled.direct import FIRST_ORIGIN
from models.shares.pooled.distribution import ErrorModel, learn_error_models
from models.shares.pooled.forecaster import MIN_COUNTRIES, MIN_YEARS, Pooled
from models.shares.pooled.history import History
from models.shares.pooled.linear_pool import (
    EVIDENCE_HORIZONS,
    Judged,
    PoolSettings,
    panel_weights,
    prior_weights,
    width_factors,
)
from models.shares.pooled.panel_level import LevelPrior, PanelLevel, learn_panel_level
from models.shares.protocol import Draws, FittedForecaster
from models.shares.sampling import stratified_orders

FloatArray = NDArray[np.float64]

#: Where fewer are counted per part, chance in counting and in who comes is much of a change.
FEW_PER_PART: Final = 1000
#: Countries of the reference per part: groups hold three on average, and cut panels that share more
#: than half of all countries would hardly differ.
_COUNTRIES_PER_PART: Final = 6
#: A small panel has at least so many years: two growths.
_MIN_HISTORY: Final = 3
#: Levels at which shapes of errors are looked up.
_LEVELS: Final = np.arange(1, 200) / 200


@dataclass(frozen=True, slots=True)
class SmallPanelSettings:
    """How small panels are cut, how wide their errors are held to be, how beliefs are weighed."""

    cuts: CutSettings = field(default_factory=CutSettings)
    level: LevelPrior = field(default_factory=lambda: LevelPrior(mean=0.0))
    pool: PoolSettings = field(default_factory=PoolSettings)


class SmallPanels:
    """A linear pool of beliefs for small panels; large panels are left to `Pooled`."""

    name = "pooled"

    def __init__(self, pooled: Pooled, *, settings: SmallPanelSettings | None = None) -> None:
        self._pooled = pooled
        self._settings = settings or SmallPanelSettings()

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Learn from cut panels and from the panel's own past."""
        reference, settings = self._pooled.reference_panel, self._settings
        cuts = None
        if reference is not None and is_small(panel, reference):
            cuts = cut_panels(reference, panel, settings.cuts)
        if reference is None or cuts is None:
            return self._pooled.fit(panel, horizons)
        members, weights = self._pool(panel, reference, cuts, max(*horizons, EVIDENCE_HORIZONS))
        return _FittedPool(panel, tuple(horizons), members, weights)

    def _pool(
        self, panel: Panel, reference: Panel, cuts: History, n_horizons: int
    ) -> tuple[tuple[_Member, ...], FloatArray]:
        """Return the beliefs and their weights."""
        settings, pooled = self._settings, self._pooled.settings
        history, n_parts = History.of(panel), len(panel.countries)
        beliefs = learn_beliefs(cuts, History.of(reference), pooled, n_horizons=n_horizons)
        # Errors of forecasts from about as many years as the panel has.
        enough = min(history.n_years, cuts.n_years - EVIDENCE_HORIZONS - 1) - 1
        past = expect(cuts, beliefs, n_horizons=n_horizons, first=max(FIRST_ORIGIN, enough))
        own = expect(history, beliefs, n_horizons=n_horizons)
        models = [
            learn_error_models(errors, past.features, pooled.distribution) for errors in past.errors
        ]
        of_cuts = Judged(past.errors, _scales(models, past.features, n_horizons))
        of_own = Judged(own.errors, _scales(models, own.features, n_horizons))
        levels = _levels(models, own, settings.level)
        prior = prior_weights(of_cuts, settings.pool)
        weights = panel_weights(prior, _at_level(of_own, levels), settings.pool, n_parts=n_parts)
        by_cut = panel_weights(prior, of_cuts, settings.pool, n_parts=n_parts)
        factors = width_factors(
            of_cuts,
            np.repeat(by_cut, n_parts, axis=1),
            _shapes(models, n_horizons),
            _LEVELS,
            settings.pool.held,
        )
        widths = [pooled.distribution.width(horizon) for horizon in range(1, n_horizons + 1)]
        scales = of_own.scales[:, :, -1] * (factors * widths)[:, None]
        members = tuple(
            _Member(mean, scale_before_closure(scale, mean), errors, level)
            for mean, scale, errors, level in zip(own.mean, scales, models, levels, strict=True)
        )
        return members, weights[:, 0]


def is_small(panel: Panel, reference: Panel) -> bool:
    """Tell whether a panel is forecast as a small one, and the reference can be cut like it."""
    n_years, n_parts = panel.counts.shape
    reference_years, n_countries = reference.counts.shape
    too_alike = n_countries < _COUNTRIES_PER_PART * n_parts
    if n_years < _MIN_HISTORY or reference_years < MIN_YEARS or too_alike:
        return False
    per_part = float(panel.carried_forward().iloc[-1].sum()) / n_parts
    return n_years < MIN_YEARS or n_parts < MIN_COUNTRIES or per_part < FEW_PER_PART


def scale_before_closure(scale: FloatArray, mean: FloatArray, *, steps: int = 30) -> FloatArray:
    """Return scales of independent deviations that are `scale` once the composition is closed.

    Closing subtracts the common deviation: a part with share p keeps (1 - p) of its own and takes
    p of the others'. In a composition of a few parts that is much; among 100 it is next to nothing.

    Args:
        scale: Shape (n_horizons, n_parts), wanted after closure.
        mean: Same shape, log shares.
        steps: Of the fixed-point iteration.
    """
    share = close_logs(mean)
    wanted = scale**2
    before = wanted.copy()
    for _ in range(steps):
        common = share**2 * before
        after = (1 - share) ** 2 * before + common.sum(axis=1, keepdims=True) - common
        step = (wanted / np.maximum(after, 1e-15)) ** 0.7
        before = np.clip(before * step, 0.25 * wanted, 25 * wanted)
    return np.asarray(np.sqrt(before))


def _scales(
    models: Sequence[Sequence[ErrorModel]], features: FloatArray, n_horizons: int
) -> FloatArray:
    """Return expected absolute errors, shape (n_beliefs, n_horizons, n_years, n_parts)."""
    return np.stack([_scales_of_one(errors, features, n_horizons) for errors in models])


def _scales_of_one(
    errors: Sequence[ErrorModel], features: FloatArray, n_horizons: int
) -> FloatArray:
    rows: list[FloatArray] = []
    for horizon in range(1, n_horizons + 1):
        if horizon <= len(errors):
            rows.append(errors[horizon - 1].scale(features))
        else:
            rows.append(rows[-1] * horizon / (horizon - 1))
    return np.array(rows)


def _shapes(models: Sequence[Sequence[ErrorModel]], n_horizons: int) -> FloatArray:
    """Return quantiles of error / scale, shape (n_beliefs, n_horizons, n_levels)."""
    return np.array(
        [
            [errors[min(place, len(errors) - 1)].deviations(_LEVELS) for place in range(n_horizons)]
            for errors in models
        ]
    )


def _levels(
    models: Sequence[Sequence[ErrorModel]], own: Expected, prior: LevelPrior
) -> list[PanelLevel]:
    return [
        learn_panel_level(errors, past, own.features, prior)
        for errors, past in zip(models, own.errors, strict=True)
    ]


def _at_level(judged: Judged, levels: Sequence[PanelLevel]) -> Judged:
    """Return the scales at one level for all beliefs: a restless panel speaks against none."""
    mean = np.mean([level.log_levels @ level.probabilities for level in levels])
    return replace(judged, scales=judged.scales * np.exp(mean))


@dataclass(frozen=True, eq=False)
class _Member:
    """A belief: means and scales of shape (n_horizons, n_parts), shapes by horizon, a level."""

    mean: FloatArray
    scale: FloatArray
    errors: tuple[ErrorModel, ...]
    level: PanelLevel

    def log_parts(
        self, n_draws: int, horizons: Sequence[int], rng: np.random.Generator
    ) -> FloatArray:
        """Draw logarithms of parts, not closed, shape (n_horizons, n_draws, n_parts)."""
        levels = (np.arange(n_draws) + 0.5) / n_draws
        order = stratified_orders(n_draws, self.mean.shape[1], rng)
        panel_level = rng.permutation(self.level.quantiles(levels))[:, None]
        drawn = []
        for horizon in horizons:
            shape = self.errors[min(horizon, len(self.errors)) - 1]
            deviations = shape.deviations(levels)[order] * self.scale[horizon - 1] * panel_level
            drawn.append(self.mean[horizon - 1] + deviations)
        return np.array(drawn)


@dataclass(frozen=True, eq=False)
class _FittedPool:
    """Beliefs and their weights, which sum to 1."""

    panel: Panel
    horizons: tuple[int, ...]
    members: tuple[_Member, ...]
    weights: FloatArray
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures: as many of each belief as its weight says, in random order."""
        ends = np.round(np.concatenate([[0], np.cumsum(self.weights)]) * n_draws).astype(int)
        drawn = [
            member.log_parts(n, self.horizons, rng)
            for member, n in zip(self.members, np.diff(ends), strict=True)
            if n > 0
        ]
        logs = rng.permutation(np.concatenate(drawn, axis=1), axis=1)
        return Draws(self.panel.countries, self.panel.origin, self.horizons, close_logs(logs))
