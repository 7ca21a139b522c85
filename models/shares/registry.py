"""Every share model by name. To add one: one file, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from features.panel import Panel
from models.shares.baselines import Drift, Naive
from models.shares.combination import Combination
from models.shares.hierarchical_ar1 import HierarchicalAR1
from models.shares.pooled.forecaster import Pooled
from models.shares.pooled.small_panels import SmallPanels
from models.shares.protocol import Forecaster
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Origin


@dataclass(frozen=True, eq=False)
class ModelContext:
    """What a model may use beside the panel it is fitted to.

    Attributes:
        covariates: `country_covariates` rows.
        reference_panel: A panel with many countries, from which a small composition may borrow
            what it cannot estimate itself.
    """

    covariates: pd.DataFrame | None = None
    reference_panel: Panel | None = None

    def until(self, origin: Origin) -> ModelContext:
        """Return the context without anything dated after the origin."""
        covariates = self.covariates
        if covariates is not None:
            covariates = covariates[covariates["year"] <= origin.year]
        reference = self.reference_panel
        return ModelContext(covariates, None if reference is None else reference.until(origin))


Factory = Callable[[ModelContext], Forecaster]

DEFAULT_MODEL: Final = "pooled"
#: Scored beside the default in every release.
BASELINES: Final = ("naive", "drift", "sarimax110")

MODELS: Final[Mapping[str, Factory]] = {
    "naive": lambda context: Naive(),
    "drift": lambda context: Drift(),
    "sarimax110": lambda context: _sarimax110(),
    "local_linear_trend": lambda context: _local_linear_trend(),
    "hierarchical_ar1": lambda context: HierarchicalAR1(),
    "pooled": lambda context: SmallPanels(_borrowing(context)),
    "pooled_borrowing": lambda context: _borrowing(context),
    "pooled_with_sarimax110": lambda context: Combination(
        "pooled_with_sarimax110", (create("pooled", context), create("sarimax110", context))
    ),
}


def _borrowing(context: ModelContext) -> Pooled:
    return Pooled(covariates=context.covariates, reference_panel=context.reference_panel)


# The library of state-space models takes seconds to import: only who uses one waits for it.


def _sarimax110() -> Forecaster:
    from models.shares.sarimax import Sarimax110

    return Sarimax110()


def _local_linear_trend() -> Forecaster:
    from models.shares.local_linear_trend import LocalLinearTrend

    return LocalLinearTrend()


def create(name: str, context: ModelContext | None = None) -> Forecaster:
    """Return a new, unfitted model.

    Raises:
        UsageError: If no model has that name.

    Example:
        >>> create("naive").name
        'naive'
    """
    return named(name)(context or ModelContext())


def named(name: str) -> Factory:
    """Return the factory of a model.

    Raises:
        UsageError: If no model has that name.
    """
    if name not in MODELS:
        raise UsageError(f"There is no model '{name}'. Choose from: {', '.join(MODELS)}.")
    return MODELS[name]
