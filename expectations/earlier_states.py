"""The same cells of a table of counts as they were known before."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from features.series import SERIES_COLUMNS

_SERIES: Final = list(SERIES_COLUMNS)


def with_other_state(counts: pd.DataFrame, other: pd.DataFrame | None, name: str) -> pd.DataFrame:
    """Add the same cells of another state of the data as a column.

    Args:
        counts: Table of counts.
        other: Another table of counts; None gives NaN. On both sides only the newest vintage of
            each series is compared.
        name: Name of the new column.
    """
    cell = [*_SERIES, "year", "country"]
    if other is None or other.empty:
        return counts.assign(**{name: np.nan})
    cells = other[_is_newest(other)].drop_duplicates(cell).set_index(cell)["researchers"]
    index = pd.MultiIndex.from_frame(counts[cell])
    there = pd.Series(cells.reindex(index).to_numpy(), index=counts.index)
    return counts.assign(**{name: there.where(_is_newest(counts))})


def earlier_vintages(counts: pd.DataFrame) -> pd.DataFrame | None:
    """Return the rows that are not of the newest vintage of their series; None if all are."""
    earlier = counts[~_is_newest(counts)]
    return None if earlier.empty else earlier


def _is_newest(counts: pd.DataFrame) -> pd.Series:
    return counts["vintage"] == counts.groupby(_SERIES)["vintage"].transform("max")
