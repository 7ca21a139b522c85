"""Revisions: what a source says now about years that it had counted before."""

from __future__ import annotations

from typing import Final

import pandas as pd

from features.series import SERIES_COLUMNS
from talentcast.domain.tables import REVISIONS
from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY

_SERIES: Final = list(SERIES_COLUMNS)
_CELL: Final = [*_SERIES, "year", "country"]


def revision_rows(
    observations: pd.DataFrame, served: pd.DataFrame | None, counts: pd.DataFrame
) -> pd.DataFrame:
    """Return the `revisions` rows of a release; none where no series had an earlier state.

    Each series is compared with the newest vintage before its own, among the served release and
    the inputs; or with the served release if that holds other numbers under the same vintage.
    `ROW` and `UNK` are left out: what falls to them depends on the other rows.

    Args:
        observations: Of the new release.
        served: `observations` of the release served until now; None if there is none.
        counts: `researcher_counts` of the inputs, in all vintages.

    Returns:
        The contract's columns except `release_id`: cells counted in both states, revised or not.
    """
    now = _cells(observations)
    now = now[~now["country"].isin([REST_OF_WORLD, UNKNOWN_COUNTRY])]
    inputs = _beside(now, _cells(counts))
    states = [inputs[inputs["previous_vintage"] < inputs["vintage"]]]
    if served is not None:
        # Last, and so preferred below: it is what readers were told.
        states.append(_unlike(_beside(now, _cells(served))))
    pairs = pd.concat(states, ignore_index=True)
    newest = pairs.groupby(_SERIES)["previous_vintage"].transform("max")
    pairs = pairs[pairs["previous_vintage"] == newest].drop_duplicates(_CELL, keep="last")
    pairs = pairs.assign(ratio=pairs["researchers"] / pairs["previous_researchers"])
    return pairs.sort_values(_CELL, ignore_index=True)[list(REVISIONS.unpublished_columns)]


def _cells(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the counted cells with their vintage as a moment."""
    cells = counts.loc[counts["researchers"].notna(), [*_CELL, "vintage", "researchers"]]
    return cells.assign(vintage=pd.to_datetime(cells["vintage"]).astype("datetime64[us]"))


def _beside(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Put the cells of an earlier state beside those of today."""
    before = before[before["researchers"] > 0].rename(
        columns={"vintage": "previous_vintage", "researchers": "previous_researchers"}
    )
    return now.merge(before, on=_CELL)


def _unlike(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep series of an earlier vintage, and of the same one if their numbers are others."""
    is_other = pairs["researchers"] != pairs["previous_researchers"]
    differs = is_other.groupby([pairs[column] for column in _SERIES]).transform("any")
    is_earlier = pairs["previous_vintage"] < pairs["vintage"]
    is_same = pairs["previous_vintage"] == pairs["vintage"]
    return pairs[is_earlier | (is_same & differs)]
