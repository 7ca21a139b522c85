"""Pick series out of a `researcher_counts` table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from talentcast.domain.errors import UsageError
from talentcast.domain.types import CountingRule, SeriesKey, Vintage

#: What tells one series from another.
SERIES_COLUMNS: Final = ("population", "counting_rule", "source")


def series_keys(counts: pd.DataFrame) -> list[SeriesKey]:
    """Return the series in a `researcher_counts` table, sorted."""
    found = counts[list(SERIES_COLUMNS)].drop_duplicates().itertuples(index=False, name=None)
    return sorted(
        SeriesKey(str(population), CountingRule(str(counting_rule)), str(source))
        for population, counting_rule, source in found
    )


def rows_of(counts: pd.DataFrame, key: SeriesKey) -> pd.DataFrame:
    """Return the rows of one series."""
    return counts[
        (counts["population"] == key.population)
        & (counts["counting_rule"] == str(key.counting_rule))
        & (counts["source"] == key.source)
    ]


def series_axes(key: SeriesKey) -> dict[str, str]:
    """Return the filter that picks the rows of a series."""
    return {
        "population": key.population,
        "counting_rule": str(key.counting_rule),
        "source": key.source,
    }


def vintage_of(counts: pd.DataFrame, key: SeriesKey) -> Vintage:
    """Return the newest vintage of one series."""
    return Vintage(rows_of(counts, key)["vintage"].max().date())


def select_populations(counts: pd.DataFrame, populations: Sequence[str]) -> pd.DataFrame:
    """Return the rows of some populations; all of them if none is named.

    Raises:
        UsageError: If a named population is not there.
    """
    if not populations:
        return counts
    known = sorted(counts["population"].unique())
    if unknown := sorted(set(populations) - set(known)):
        raise UsageError(f"No population {unknown} in the sources. They hold: {', '.join(known)}.")
    return counts[counts["population"].isin(populations)]


def other_populations(counts: pd.DataFrame, populations: Sequence[str]) -> frozenset[str]:
    """Return the populations beside those that are named; none if none is.

    Raises:
        UsageError: If a named population is not there.
    """
    wanted = select_populations(counts, populations)
    return frozenset(counts["population"]) - frozenset(wanted["population"])
