"""How far a source may revise what a forecast goes on from, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from features.panel import Panel, build_panel
from features.series import series_axes, vintage_of
from features.vintage_pairs import EarlierVintage, earlier_vintage, is_early_enough
from features.vintages import KnownCounts
from flows.steps.plan import Plan
from models.shares.later_vintage import OTHER_SOURCES, RevisionModel, revisions_of
from publication.revision_card import revision_card, revision_text
from storage.paths import StorePath
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import SeriesKey, Vintage, VintageKind
from talentcast.store.pointer import list_releases
from talentcast.store.reader import condition, read_frame
from talentcast.store.release import Release


@dataclass(frozen=True, eq=False)
class Revisions:
    """What is known of the revisions of one series.

    Attributes:
        model: What the forecasts allow for; None where they are about the vintage at hand.
        earlier: The vintage that it was learned from; None where other sources stand in.
    """

    model: RevisionModel | None = None
    earlier: EarlierVintage | None = None


NO_REVISIONS: Final = Revisions()


def revisions_by_series(
    counts: pd.DataFrame, known: KnownCounts, panels: Sequence[Panel], root: StorePath | None
) -> dict[SeriesKey, Revisions]:
    """Return what is known of the revisions of every series.

    Pairs of vintages are looked for among the inputs and, with a store, in earlier releases.

    Args:
        counts: `researcher_counts` of the inputs, in all vintages.
        known: Those that were known on the as-of date.
        panels: Of them.
        root: Where earlier releases are; None to look at inputs only.
    """
    return {panel.key: _revisions(counts, known, panel, root) for panel in panels}


def _revisions(
    counts: pd.DataFrame, known: KnownCounts, panel: Panel, root: StorePath | None
) -> Revisions:
    if known.kinds[panel.key] is VintageKind.PSEUDO:
        # Later corrections are in these data already.
        return NO_REVISIONS
    vintage = vintage_of(known.counts, panel.key)
    earlier = earlier_vintage(counts, panel.key, vintage)
    if earlier is None and root is not None:
        earlier = _published_earlier(panel.key, vintage, root)
    if earlier is None:
        return Revisions(OTHER_SOURCES)
    try:
        before = build_panel(earlier.counts, panel.key, rule=panel.rule)
    except InputRejectedError:
        return Revisions(OTHER_SOURCES)
    model = revisions_of(before, panel, years_between=earlier.years_between)
    return Revisions(model, earlier)


def _published_earlier(key: SeriesKey, vintage: Vintage, root: StorePath) -> EarlierVintage | None:
    """Return the state of a series in the newest release that held a sufficiently old one.

    A release as of a past day may hold what was known later only; then an older one is looked at.
    """
    where = condition("observations", series_axes(key))
    early = [
        release
        for release in list_releases(root)
        if is_early_enough(release.as_of, vintage) and _holds(release, key)
    ]
    for release in sorted(early, key=lambda one: one.as_of.as_of, reverse=True):
        rows = read_frame("observations", release, root, where=where)
        if (found := earlier_vintage(rows, key, vintage)) is not None:
            return found
    return None


def _holds(release: Release, key: SeriesKey) -> bool:
    return release.is_current and release.has_rows and key.population in release.populations


def revision_cards(revisions: Mapping[SeriesKey, Revisions], plan: Plan) -> list[pd.DataFrame]:
    """Return a model card of each population: what its forecasts are about, and why."""
    said: dict[str, dict[str, str]] = {}
    for key, found in revisions.items():
        vintage = None if found.earlier is None else found.earlier.vintage
        series = f"{key.counting_rule}, {key.source}"
        said.setdefault(key.population, {})[series] = revision_text(found.model, vintage)
    return [
        revision_card(plan.of(population).default_model, population, by_series)
        for population, by_series in said.items()
    ]
