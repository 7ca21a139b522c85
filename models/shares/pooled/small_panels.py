"""Panels of a few parts: learn from small panels cut out of the reference panel at the same size.

Yearly shares of a few thousand authorships move by chance more than those of a million scholars do,
and the authors of a paper are counted together. Random groups of countries of the reference panel,
counted as coarsely as the small panel is, show how much of such movement lasts, and how large the
errors of forecasts are that were made of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.composition import close_logs
from features.panel import Panel
from models.shares.pooled.common import (
    CommonParameters,
    PooledSettings,
    forecast_with,
    learn_common,
)
from models.shares.pooled.direct import FIRST_ORIGIN
from models.shares.pooled.distribution import (
    N_FEATURES,
    ErrorModel,
    learn_error_models,
    volatility_features,
    weights_by_age,
)
from models.shares.pooled.forecaster import Pooled
from models.shares.pooled.history import History
from models.shares.pooled.panel_level import PanelLevel, learn_panel_level
from models.shares.protocol import Draws, FittedForecaster
from models.shares.sampling import stratified_orders
from talentcast.domain.types import REST_OF_WORLD

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SmallPanelSettings:
    """How small panels are cut, and how much an own past counts.

    Attributes:
        n_parts: Parts of all cut panels together.
        team_size: Authors that are counted together, on average.
        largest_group: Countries that make up one part at most.
        smallest_share: Of a part in the last year.
        prior_errors: Own errors that an even average of the two forecasts is worth.
        seed: Of the cuts.
    """

    n_parts: int = 120
    team_size: float = 2.0
    largest_group: int = 5
    smallest_share: float = 0.02
    prior_errors: float = 2.0
    seed: int = 7


@dataclass(frozen=True, eq=False)
class PastForecasts:
    """Errors of forecasts made at every past year, by two sets of parameters.

    Attributes:
        small: Shape (n_horizons, n_years, n_parts); with what small panels have in common.
        reference: Likewise, with what the countries of the reference panel have in common.
        features: Shape (n_years, n_parts, n_features), as they stood when the forecast was made.
    """

    small: FloatArray
    reference: FloatArray
    features: FloatArray

    def average(self, weight: float) -> FloatArray:
        """Return the errors of the average of both forecasts."""
        return weight * self.small + (1 - weight) * self.reference


class SmallPanels:
    """The pooled model for panels of a few parts; large panels are left to `Pooled`.

    The mean is an average of two forecasts, weighed by their own past errors: with parameters
    learned from small panels, and with those of the reference panel. The width comes from errors of
    small panels, times one level for the whole panel of which its own errors are evidence.
    """

    name = "pooled_small_panels"

    def __init__(self, pooled: Pooled, *, settings: SmallPanelSettings | None = None) -> None:
        self._pooled = pooled
        self._settings = settings or SmallPanelSettings()

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Learn from cut panels and from the panel's own past."""
        reference = self._pooled.usable_reference(panel)
        history = History.of(panel)
        if reference is None or history.n_years <= FIRST_ORIGIN + 1:
            return self._pooled.fit(panel, horizons)
        settings, n_horizons = self._pooled.settings, max(horizons)
        cuts = cut_panels(reference, panel, self._settings)
        small, _ = learn_common(cuts, settings, n_horizons=n_horizons)
        large, _ = learn_common(History.of(reference), settings, n_horizons=n_horizons)
        both = (small, large)
        own, past = _pasts(history, cuts, both, settings, n_horizons)
        weight = forecast_weight(
            own,
            prior_errors=self._settings.prior_errors,
            half_life=settings.distribution.half_life_years,
        )
        errors = learn_error_models(past.average(weight), past.features, settings.distribution)
        means = [
            forecast_with(common, history, settings, n_horizons=n_horizons).mean for common in both
        ]
        mean = weight * means[0] + (1 - weight) * means[1]
        level = learn_panel_level(errors, own.average(weight), own.features)
        scale = scale_before_closure(_scales(errors, own.features[-1], n_horizons), mean)
        return _FittedSmallPanel(panel, tuple(horizons), mean, scale, errors, level)


def cut_panels(reference: Panel, panel: Panel, settings: SmallPanelSettings) -> History:
    """Return panels of random groups of countries, counted like the small panel, side by side.

    Args:
        reference: Panel with many countries; its last year is matched with that of `panel`.
        panel: Gives the number of parts and how many are counted each year.
        settings: Of the cuts.
    """
    counts = (
        reference.carried_forward()
        .drop(columns=REST_OF_WORLD, errors="ignore")
        .to_numpy(np.float64)
    )
    totals = panel.totals().ffill().bfill().to_numpy(dtype=np.float64)
    n_years, n_countries = counts.shape
    missing = max(n_years - len(totals), 0)
    total = np.concatenate([np.repeat(totals[:1], missing), totals])[-n_years:]
    n_parts = len(panel.countries)
    rng = np.random.default_rng([settings.seed, reference.origin.year, n_parts])
    smallest = min(settings.smallest_share, 0.3 / n_parts**1.5)
    n_panels, tries = max(settings.n_parts // n_parts, 8), 0
    found: list[FloatArray] = []
    while len(found) < n_panels and tries < 50 * n_panels:
        tries += 1
        ends = np.cumsum(rng.integers(1, settings.largest_group + 1, n_parts))
        order = rng.permutation(n_countries)
        if ends[-1] > n_countries:
            continue
        starts = np.concatenate([[0], ends[:-1]])
        grouped = [counts[:, order[a:b]].sum(axis=1) for a, b in zip(starts, ends, strict=True)]
        parts = np.column_stack(grouped)
        shares = parts / parts.sum(axis=1, keepdims=True)
        if shares[-1].min() >= smallest:
            teams = rng.poisson(shares * total[:, None] / settings.team_size)
            found.append(np.maximum(teams * settings.team_size, 1.0))
    logs = [np.log(each / each.sum(axis=1, keepdims=True)) for each in found]
    drawn = np.hstack(found)
    return History(np.hstack(logs), drawn, np.ones(drawn.shape, dtype=bool))


def past_forecasts(
    history: History,
    commons: tuple[CommonParameters, CommonParameters],
    settings: PooledSettings,
    *,
    n_horizons: int,
    first: int,
    window: int,
) -> PastForecasts:
    """Forecast at every past year, and set what came beside it.

    Args:
        history: Of one panel, or of several side by side.
        commons: Parameters learned from small panels, and those of the reference panel.
        settings: As those of the parameters.
        n_horizons: Years ahead.
        first: Position of the first year that is forecast from.
        window: A forecast sees the year and so many years before it, less one.
    """
    n_years, n_parts = history.log_shares.shape
    errors = np.full((2, n_horizons, n_years, n_parts), np.nan)
    features = np.full((n_years, n_parts, N_FEATURES), np.nan)
    for year in range(FIRST_ORIGIN, n_years):
        seen = history.between(max(0, year - window + 1), year + 1)
        features[year] = volatility_features(seen)[-1]
        ahead = min(n_horizons, n_years - 1 - year)
        if year < first or ahead == 0:
            continue
        actual = history.log_shares[year + 1 : year + 1 + ahead]
        is_seen = history.is_seen[year + 1 : year + 1 + ahead]
        for place, common in enumerate(commons):
            known = common.until(n_years - 1 - year)
            mean = forecast_with(known, seen, settings, n_horizons=n_horizons).mean
            errors[place, :ahead, year] = np.where(is_seen, actual - mean[:ahead], np.nan)
    return PastForecasts(errors[0], errors[1], features)


def forecast_weight(
    past: PastForecasts, *, prior_errors: float, half_life: float, n_horizons: int = 3
) -> float:
    """Return the weight of the forecast that learned from small panels, by its own past squares.

    One half without a past, as if `prior_errors` equal errors had been seen.
    """
    squares, n_errors = np.zeros(2), 0.0
    for horizon in range(1, min(n_horizons, len(past.small)) + 1):
        both = np.stack([past.small[horizon - 1], past.reference[horizon - 1]])
        # Errors over several years overlap: so many of them are worth one.
        weights = weights_by_age(both[0], half_life=half_life) / horizon
        squares += (weights * np.nan_to_num(both) ** 2).sum(axis=(1, 2)) / np.sqrt(horizon)
        n_errors += float(weights.sum())
    if n_errors == 0:
        return 0.5
    squares = squares + prior_errors * squares.mean() / n_errors
    return float(squares[1] / squares.sum())


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


def _pasts(
    history: History,
    cuts: History,
    commons: tuple[CommonParameters, CommonParameters],
    settings: PooledSettings,
    n_horizons: int,
) -> tuple[PastForecasts, PastForecasts]:
    """Return past forecasts of the panel, and of the cuts from as many years as it has."""
    window = history.n_years
    first = max(FIRST_ORIGIN, min(window, cuts.n_years - n_horizons - 1) - 1)
    own, past = (
        past_forecasts(each, commons, settings, n_horizons=n_horizons, first=start, window=window)
        for each, start in ((history, FIRST_ORIGIN), (cuts, first))
    )
    return own, past


def _scales(errors: Sequence[ErrorModel], features: FloatArray, n_horizons: int) -> FloatArray:
    rows: list[FloatArray] = []
    for horizon in range(1, n_horizons + 1):
        if horizon <= len(errors):
            rows.append(errors[horizon - 1].scale(features))
        else:
            rows.append(rows[-1] * horizon / (horizon - 1))
    return np.array(rows)


@dataclass(frozen=True, eq=False)
class _FittedSmallPanel:
    """Means and scales of shape (n_horizons, n_parts), a shape by horizon, a level for all."""

    panel: Panel
    horizons: tuple[int, ...]
    mean: FloatArray
    scale: FloatArray
    errors: tuple[ErrorModel, ...]
    level: PanelLevel
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw joint futures: one level a draw, independent deviations, then closure."""
        n_parts = len(self.panel.countries)
        levels = (np.arange(n_draws) + 0.5) / n_draws
        order = stratified_orders(n_draws, n_parts, rng)
        panel_level = rng.permutation(self.level.quantiles(levels))[:, None]
        shares = np.empty((len(self.horizons), n_draws, n_parts))
        for at, horizon in enumerate(self.horizons):
            shape = self.errors[min(horizon, len(self.errors)) - 1]
            deviations = shape.deviations(levels)[order] * self.scale[horizon - 1] * panel_level
            shares[at] = close_logs(self.mean[horizon - 1] + deviations)
        return Draws(self.panel.countries, self.panel.origin, self.horizons, shares)
