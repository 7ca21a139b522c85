"""Earlier forecasts of the same series, to look back on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from readers.summaries.published_series import PublishedSeries
from readers.summaries.series import Series
from talentcast.store.release import Release


@dataclass(frozen=True, eq=False)
class Origin:
    """What one earlier release said."""

    year: int
    release_id: str
    series: Series


def earlier_origins(
    releases: Sequence[Release],
    offered: Mapping[str, Sequence[PublishedSeries]],
    offer: PublishedSeries,
    *,
    before: int,
    load: Callable[[Release, PublishedSeries], Series],
    most: int = 3,
) -> list[Origin]:
    """Return forecasts of the same series from earlier years, evenly spread, oldest first.

    Args:
        releases: Candidates, newest first.
        offered: What each release can show, by id.
        offer: The series that is looked back on.
        before: Only origins before this year.
        load: Reads a series.
        most: How many fans a chart can hold.
    """
    found: dict[int, Origin] = {}
    for release in releases:
        for candidate in offered.get(str(release.release_id), ()):
            if candidate.key != offer.key or candidate.scenario != offer.scenario:
                continue
            series = load(release, candidate)
            if series.origin_year < before:
                year = series.origin_year
                found.setdefault(year, Origin(year, str(release.release_id), series))
    years = sorted(found)
    if len(years) > most:
        step = (len(years) - 1) / (most - 1)
        years = [years[round(place * step)] for place in range(most)]
    return [found[year] for year in years]
