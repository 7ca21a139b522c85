"""Figures that others published, shown only where they count the same thing in the same unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd


@dataclass(frozen=True, slots=True)
class ComparableFigure:
    """What a published figure must say to stand beside a population of ours."""

    population: str
    measure: str
    unit: str


#: A population that is not named here is never shown beside anybody's figures.
COMPARABLE: Final = {
    "neurips_authorships": ComparableFigure(
        "NeurIPS accepted-paper authorships", "work_share", "percent of authorships"
    ),
}


def reference_points(figures: pd.DataFrame, population: str) -> pd.DataFrame:
    """Return the published shares that may stand beside a population, in per cent.

    Args:
        figures: `published_figures` rows.
        population: A population of the release.

    Returns:
        Columns series, year, value, note (publisher and confidence); empty for most populations.
    """
    same = COMPARABLE.get(population)
    if same is None:
        return pd.DataFrame(columns=["series", "year", "value", "note"])
    kept = figures[
        (figures["population"] == same.population)
        & (figures["measure"] == same.measure)
        & (figures["unit"] == same.unit)
    ].dropna(subset=["location_iso3", "value"])
    return pd.DataFrame(
        {
            "series": kept["location_iso3"],
            "year": kept["year"],
            "value": kept["value"],
            "note": kept["publisher"] + " (" + kept["confidence"] + ")",
        }
    ).reset_index(drop=True)
