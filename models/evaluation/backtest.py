"""Rolling-origin evaluation: refit and forecast at past origins, score against what came.

The parts of the composition are decided with data up to the first origin only; the training window
expands; every origin draws from its own seed, so that results do not depend on the other origins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.composition import close
from features.panel import USUAL_RULE, Panel, PanelRule, build_panel
from models.evaluation.quantiles import LEVELS, quantiles
from models.evaluation.scores import Cell, Score, share_scores, stock_scores
from models.shares.protocol import Draws
from models.shares.registry import Factory, ModelContext, named
from models.shares.stock import sample_stocks
from talentcast.domain.errors import InputRejectedError, UsageError
from talentcast.domain.types import (
    REST_OF_WORLD,
    SCORED_HORIZONS,
    Origin,
    SeriesKey,
    Target,
)

SEED: Final = 20241123
N_DRAWS: Final = 1000
MIN_TRAINING_YEARS: Final = 3

FloatArray = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Backtest:
    """What the models said at past origins, and how it turned out.

    Attributes:
        quantiles: model, origin_year, horizon_years, target_year, country, quantile_level, value
            (a share).
        scores: model, origin_year, horizon_years, target, country_group, metric, value: named as
            in the published table.
    """

    quantiles: pd.DataFrame
    scores: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """Return the mean over origins and horizons: one row per model, one column per score.

        Columns are named by metric and group, as in `wis_top60`; those of stocks begin with
        `stock_`.
        """
        prefix = self.scores["target"].map({Target.SHARE.value: "", Target.STOCK.value: "stock_"})
        return self.scores.assign(
            score=prefix + self.scores["metric"] + "_" + self.scores["country_group"]
        ).pivot_table(index="model", columns="score", values="value", aggfunc="mean", sort=False)


def backtest(
    counts: pd.DataFrame,
    key: SeriesKey,
    *,
    models: Sequence[str],
    origins: Sequence[Origin],
    horizons: Sequence[int] = SCORED_HORIZONS,
    last_year: int | None = None,
    context: ModelContext | None = None,
    rule: PanelRule = USUAL_RULE,
    progress: Progress | None = None,
) -> Backtest:
    """Evaluate models on one series of a `researcher_counts` table.

    Args:
        counts: Rows of `researcher_counts` with one vintage of the series.
        key: The series.
        models: Names in the registry.
        origins: Last training years; one whose year is missing from the data is passed over.
        horizons: Years ahead.
        last_year: Ignore later years, neither for training nor as truth.
        context: Covariates and a reference panel; each origin sees only its past.
        rule: Which countries are forecast apart.
        progress: Told how many of how many fits are done.

    Raises:
        UsageError: If there is no origin, no such model, or nothing to score.
        InputRejectedError: If the series is too short for a panel.
    """
    if not origins:
        raise UsageError("A backtest needs at least one origin.", parameters=("origins",))
    panel = build_panel(counts, key, last_year=last_year, eligible_by=min(origins), rule=rule)
    return backtest_panel(
        panel,
        models=models,
        origins=origins,
        horizons=horizons,
        context=context,
        progress=progress,
    )


def backtest_panel(
    panel: Panel,
    *,
    models: Sequence[str] | Mapping[str, Factory],
    origins: Sequence[Origin],
    horizons: Sequence[int] = SCORED_HORIZONS,
    truth: Panel | None = None,
    context: ModelContext | None = None,
    n_draws: int = N_DRAWS,
    progress: Progress | None = None,
) -> Backtest:
    """Evaluate models on a panel whose parts were decided by the first origin.

    Args:
        panel: Training data.
        models: Names in the registry, or factories by name.
        origins: Last training years; one whose year is missing is passed over.
        horizons: Years ahead.
        truth: A later vintage to score against; `panel` itself by default. Countries that the
            panel does not tell apart are added to its `ROW`.
        context: Covariates and a reference panel; each origin sees only its past.
        n_draws: Joint draws per forecast.
        progress: Told how many of how many fits are done.
    """
    context = context or ModelContext()
    actual = panel if truth is None else _with_parts_of(panel, truth)
    usable = _usable_origins(panel, actual, origins, horizons)
    collected = _Collected(actual)
    factories = models if isinstance(models, Mapping) else {name: named(name) for name in models}
    total = len(factories) * len(usable)
    for done, (name, origin) in enumerate(product(factories, usable)):
        training = panel.until(origin)
        fitted = factories[name](context.until(origin)).fit(training, horizons)
        rng = np.random.default_rng([SEED, origin.year])
        drawn = sample_stocks(fitted, training, n_draws=n_draws, rng=rng)
        collected.add(name, drawn.draws, drawn.stocks, training)
        if progress is not None:
            progress(done + 1, total)
    return collected.result()


def _usable_origins(
    panel: Panel, actual: Panel, origins: Sequence[Origin], horizons: Sequence[int]
) -> list[Origin]:
    seen = set(panel.counts.dropna(how="all").index)
    scored = set(actual.counts.dropna(how="all").index)
    usable = [
        origin
        for origin in sorted(set(origins))
        if origin.year in seen
        and sum(year <= origin.year for year in seen) >= MIN_TRAINING_YEARS
        and any(origin.year + horizon in scored for horizon in horizons)
    ]
    if not usable:
        raise UsageError(
            f"None of the origins {min(origins).year} to {max(origins).year} has "
            f"{MIN_TRAINING_YEARS} years before it and a year after it to be scored. "
            f"The data run from {panel.counts.index[0]} to {actual.counts.index[-1]}."
        )
    return usable


def _with_parts_of(panel: Panel, truth: Panel) -> Panel:
    """Return the truth in the panel's parts; a country it lacks is missing."""
    own = [country for country in panel.countries if country != REST_OF_WORLD]
    parts = truth.counts.reindex(columns=own)
    if REST_OF_WORLD in panel.countries:
        others = truth.counts.drop(columns=own, errors="ignore")
        parts[REST_OF_WORLD] = others.sum(axis=1, min_count=1).clip(lower=1)
    elif set(truth.countries) - set(own):
        raise InputRejectedError(
            "PARTS_DIFFER", "The truth has countries that the training panel cannot hold."
        )
    return replace(panel, counts=parts)


class _Collected:
    """Quantiles and scores, gathered forecast by forecast."""

    def __init__(self, actual: Panel) -> None:
        self._countries = np.array(actual.countries)
        self._counts = actual.counts
        self._shares = actual.shares()
        self._is_rest = self._countries == REST_OF_WORLD
        self._forecasts: list[tuple[str, int, int]] = []
        self._quantiles: list[FloatArray] = []
        self._scores: list[tuple[str, int, int, str, str, str, float]] = []

    def add(self, model: str, draws: Draws, stock_draws: FloatArray, training: Panel) -> None:
        """Take in one forecast, and score the horizons whose truth is there."""
        predicted = quantiles(draws.shares, axis=1)
        history = training.shares().to_numpy(dtype=np.float64)
        latest = close(training.carried_forward().iloc[-1])
        for at, horizon in enumerate(draws.horizons):
            label = (model, draws.origin.year, horizon)
            year = draws.origin.year + horizon
            self._forecasts.append(label)
            self._quantiles.append(predicted[at].T)
            if year not in self._counts.index or self._counts.loc[year].isna().all():
                continue
            truth = self._shares.loc[year].to_numpy(dtype=np.float64)
            cell = Cell(history, at_origin=latest, truth=truth, is_rest=self._is_rest)
            true_counts = self._counts.loc[year].to_numpy(dtype=np.float64)
            found = share_scores(draws.shares[at], predicted[at], cell)
            found += stock_scores(stock_draws[at], true_counts, cell)
            self._scores += [(*label, *score) for score in found]

    def result(self) -> Backtest:
        """Return everything as two tables."""
        n_countries, n_levels = len(self._countries), len(LEVELS)
        models, origins, horizons = (
            np.repeat(np.array(column), n_countries * n_levels)
            for column in zip(*self._forecasts, strict=True)
        )
        quantile_rows = pd.DataFrame(
            {
                "model": models,
                "origin_year": origins,
                "horizon_years": horizons,
                "target_year": origins + horizons,
                "country": np.tile(np.repeat(self._countries, n_levels), len(self._forecasts)),
                "quantile_level": np.tile(LEVELS, n_countries * len(self._forecasts)),
                "value": np.concatenate([values.ravel() for values in self._quantiles]),
            }
        )
        columns = ["model", "origin_year", "horizon_years", *Score._fields]
        return Backtest(quantile_rows, pd.DataFrame(self._scores, columns=columns))
