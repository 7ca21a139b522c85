"""Years that a source is still counting: what is in so far, and how full such years were before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from features.panel import Panel
from features.series import rows_of, series_axes
from features.unfinished_years import CountedSoFar, earlier_years, unfinished_years
from features.vintages import KnownCounts
from flows.steps.plan import Plan
from models.nowcast.continuation import PartialYear
from models.nowcast.triangle import StatedDelay, WatchedYear, completeness_at
from publication.nowcast_card import NowcastFact, nowcast_card
from publication.observations import observation_rows
from storage.paths import StorePath
from talentcast.config import Settings
from talentcast.domain.tables import OBSERVATIONS
from talentcast.domain.types import SeriesKey
from talentcast.populations.catalogue import all_populations
from talentcast.store.pointer import list_releases
from talentcast.store.reader import condition, read_frame

#: Keeps logarithms of parts finite in which nobody is counted yet.
_HALF: Final = 0.5


@dataclass(frozen=True, eq=False)
class Unfinished:
    """The unfinished years of one population, in order; none where there are none.

    Attributes:
        years: What the forecasts go on from.
        facts: What a reader should know about each of them.
    """

    years: tuple[PartialYear, ...] = ()
    facts: tuple[NowcastFact, ...] = ()


NONE_UNFINISHED: Final = Unfinished()


def unfinished_of(
    known: KnownCounts, panels: Sequence[Panel], settings: Settings
) -> dict[SeriesKey, Unfinished]:
    """Return the unfinished years of every population whose source says how it fills years up.

    How full they are is learned from the unfinished years in earlier releases, as far as there are
    any, and else what the file of the population states.
    """
    delays = _delays(settings)
    found: dict[SeriesKey, Unfinished] = {}
    for panel in panels:
        if (delay := delays.get(panel.key.population)) is None:
            continue
        observed = observation_rows(rows_of(known.counts, panel.key), panel)
        if years := unfinished_years(observed, panel):
            earlier = _earlier_states(panel.key, settings.releases)
            found[panel.key] = _estimated(years, observed, earlier, panel, delay)
    return found


def nowcast_cards(unfinished: Mapping[SeriesKey, Unfinished], plan: Plan) -> list[pd.DataFrame]:
    """Return a model card of each population with unfinished years."""
    return [
        nowcast_card(plan.of(key.population).default_model, key.population, one.facts)
        for key, one in unfinished.items()
    ]


def _delays(settings: Settings) -> Mapping[str, StatedDelay]:
    return {
        name: StatedDelay(one.counted_by_month, one.completeness_spread)
        for name, one in all_populations(settings.populations).items()
        if one.query is not None
    }


def _earlier_states(key: SeriesKey, root: StorePath) -> pd.DataFrame:
    """Return the provisional rows of `observations` of one series in all served releases."""
    where = condition("observations", series_axes(key) | {"is_provisional": True})
    frames = [
        read_frame("observations", release, root, where=where)
        for release in list_releases(root)
        if release.is_current and key.population in release.populations and release.has_rows
    ]
    rows = pd.concat(frames) if frames else pd.DataFrame(columns=list(OBSERVATIONS.column_names))
    return rows.assign(vintage=pd.to_datetime(rows["vintage"]))


def _estimated(
    years: Sequence[CountedSoFar],
    observed: pd.DataFrame,
    earlier: pd.DataFrame,
    panel: Panel,
    delay: StatedDelay,
) -> Unfinished:
    partial, facts = [], []
    for year in years:
        watched = [
            one
            for one in earlier_years(year, observed, earlier, panel)
            if delay.growth(one.first_age, one.last_age) > 0
        ]
        completeness = completeness_at(
            year.age_months,
            len(panel.countries),
            delay,
            [
                WatchedYear(
                    one.first_age,
                    one.last_age,
                    one.first.to_numpy() + _HALF,
                    one.last.to_numpy() + _HALF,
                )
                for one in watched
            ],
        )
        counts = year.counts.to_numpy() + _HALF
        partial.append(PartialYear(year.year, counts, completeness))
        learned_from = tuple(one.year for one in watched) if completeness.n_years else ()
        facts.append(NowcastFact(year.year, completeness.overall, learned_from))
    return Unfinished(tuple(partial), tuple(facts))
