"""Forecasts from one vintage, scored against a later one.

The training data are as they stood back then, and what the source has added since belongs to the
error. How far sources revise is learned from the same two vintages, but never from the countries
that are scored with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from features.panel import Panel
from features.vintage_pairs import SeenRevisions, seen_revisions
from models.evaluation.backtest import Backtest, backtest_panel
from models.shares.later_vintage import (
    OTHER_SOURCES,
    RevisionModel,
    WithRevisions,
    learn_revisions,
)
from models.shares.protocol import Forecaster
from models.shares.registry import Factory, ModelContext, named
from talentcast.domain.types import Origin

N_FOLDS: Final = 5


def backtest_across_vintages(
    earlier: Panel,
    later: Panel,
    *,
    years_between: float,
    models: Sequence[str],
    origins: Sequence[Origin],
    horizons: Sequence[int],
    context: ModelContext | None = None,
) -> Backtest:
    """Fit models to an earlier vintage at past origins, and score what a later one says.

    Countries are in five folds; the revisions of a fold are learned from the other four, or taken
    from other sources where those are too few. Forecasts are about the later vintage.

    Args:
        earlier: Training data.
        later: The truth.
        years_between: From one vintage to the other.
        models: Names in the registry.
        origins: Last training years.
        horizons: Years ahead.
        context: Covariates and a reference panel; each origin sees only its past.
    """
    seen = seen_revisions(earlier, later, years_between=years_between)
    in_folds = revisions_in_folds(seen)
    factories = {
        name: _with_revisions(named(name), in_folds, earlier.origin, years_between)
        for name in models
    }
    return backtest_panel(
        earlier, models=factories, origins=origins, horizons=horizons, truth=later, context=context
    )


def revisions_in_folds(seen: SeenRevisions) -> Mapping[str, RevisionModel]:
    """Return for each country the model of revisions that the countries of other folds teach."""
    fold = np.arange(len(seen.countries)) % N_FOLDS
    learned = [
        learn_revisions(seen.of_countries(fold != one)) or OTHER_SOURCES for one in range(N_FOLDS)
    ]
    return {name: learned[at] for name, at in zip(seen.countries, fold, strict=True)}


def _with_revisions(
    factory: Factory,
    models: Mapping[str, RevisionModel],
    finished_until: Origin,
    years_between: float,
) -> Factory:
    def create(context: ModelContext) -> Forecaster:
        return WithRevisions(
            factory(context), models, finished_until=finished_until, years_between=years_between
        )

    return create
