"""Earlier forecasts of the same series, to look back on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from readers.summaries.published_series import PublishedSeries
from readers.summaries.series import Series
from talentcast.store.release import Release


@dataclass(frozen=True, eq=False)
class EarlierForecast:
    """What one earlier release said, and the last year that was counted for it."""

    last_counted: int
    release_id: str
    series: Series

    def shares(self, country: str, *, until: int) -> pd.DataFrame:
        """Return the forecast shares of a country up to a year."""
        rows = self.series.shares
        return rows[(rows["country"] == country) & (rows["year"] <= until)]


def earlier_forecasts(
    releases: Sequence[Release],
    published: Mapping[str, Sequence[PublishedSeries]],
    wanted: PublishedSeries,
    *,
    before: int,
    load: Callable[[Release, PublishedSeries], Series],
    most: int = 3,
) -> list[EarlierForecast]:
    """Return forecasts of the same series from earlier years, evenly spread, oldest first.

    Args:
        releases: Candidates, newest first.
        published: What each release can show, by id.
        wanted: The series that is looked back on.
        before: Only what was made from counts that end before this year.
        load: Reads a series.
        most: How many fans a chart can hold.
    """
    found: dict[int, EarlierForecast] = {}
    for release in releases:
        for candidate in published.get(str(release.release_id), ()):
            if candidate.key != wanted.key or candidate.scenario != wanted.scenario:
                continue
            series = load(release, candidate)
            year = series.last_counted
            if year < before:
                found.setdefault(year, EarlierForecast(year, str(release.release_id), series))
    years = sorted(found)
    if len(years) > most:
        step = (len(years) - 1) / (most - 1)
        years = [years[round(place * step)] for place in range(most)]
    return [found[year] for year in years]
