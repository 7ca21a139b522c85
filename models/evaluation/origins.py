"""Which past origins a release scores itself on."""

from __future__ import annotations

from typing import Final

from features.panel import Panel
from talentcast.domain.types import Origin

#: Fewer years hold too few changes to learn an error distribution from.
MIN_TRAINING_YEARS: Final = 7
MAX_ORIGINS: Final = 10


def evaluation_origins(panel: Panel, *, at_most: int = MAX_ORIGINS) -> list[Origin]:
    """Return the latest origins that have enough years before them and one after; none if short.

    Origins with a missing year are passed over.
    """
    return origins_across(panel, panel, at_most=at_most)


def origins_across(training: Panel, truth: Panel, *, at_most: int = MAX_ORIGINS) -> list[Origin]:
    """Return the latest origins of a vintage that another one has counted a later year than."""
    years = [int(year) for year in training.counts.dropna(how="all").index]
    counted = truth.counts.dropna(how="all").index
    last = int(counted[-1]) if len(counted) else 0
    usable = [Origin(year) for year in years[MIN_TRAINING_YEARS - 1 :] if year < last]
    return usable[-at_most:]
