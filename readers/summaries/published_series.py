"""Read one series of a release from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from features.series import series_axes
from readers import cache
from readers.summaries.populations import are_of_one_family, is_about_ai, reading_order
from readers.summaries.reliability import Reliability, reliability
from readers.summaries.series import Series, arranged
from storage.paths import StorePath
from talentcast.domain.types import BASELINE, CountingRule, OutputType, SeriesKey, Target
from talentcast.store.release import Release

#: What a series needs of its forecasts.
_FORECAST: Final = (
    "country",
    "origin_year",
    "horizon_years",
    "target_year",
    "output_type_id",
    "value",
)


@dataclass(frozen=True, slots=True)
class PublishedSeries:
    """One thing a release can show: a series under a scenario, and the model to quote.

    Attributes:
        horizons: Years ahead; a nowcast is shown with any of them.
        last_counted: Last year before all forecasts and nowcasts.
    """

    key: SeriesKey
    scenario: str
    model: str
    horizons: tuple[int, ...]
    last_counted: int


def published_series(release: Release, root: StorePath) -> tuple[PublishedSeries, ...]:
    """Return what a release can show, in the order of `reading_order`, `baseline` first."""
    axes = ["population", "counting_rule", "source", "scenario", "model"]
    rows = cache.distinct(
        "forecasts",
        release,
        root,
        filters={"target": str(Target.SHARE)},
        columns=[*axes, "output_type", "horizon_years", "origin_year"],
    )
    made = []
    for group, block in rows.groupby(axes[:4], sort=True):
        population, rule, source, scenario = map(str, group)
        # The model that readers should quote is the one whose samples are published.
        sampled = block.loc[block["output_type"] == OutputType.SAMPLE, "model"]
        model = str(sampled.iloc[0]) if len(sampled) else str(block["model"].iloc[0])
        horizons = sorted(int(h) for h in block["horizon_years"].unique() if h > 0)
        key = SeriesKey(population, CountingRule(rule), source)
        last_counted = int((block["origin_year"] + block["horizon_years"]).min()) - 1
        made.append(PublishedSeries(key, scenario, model, tuple(horizons), last_counted))
    return tuple(sorted(made, key=_reading_order))


def _reading_order(published: PublishedSeries) -> tuple[object, ...]:
    is_changed = published.scenario != BASELINE
    return (
        *reading_order(published.key, published.last_counted),
        published.key.source,
        is_changed,
        published.scenario,
    )


def freshest_about_ai(available: Sequence[PublishedSeries]) -> PublishedSeries | None:
    """Return the AI series that was counted last, without a scenario; None if there is none."""
    found = (o for o in available if o.scenario == BASELINE and is_about_ai(o.key.population))
    return next(found, None)


def by_other_rules(shown: SeriesKey, available: Sequence[PublishedSeries]) -> list[PublishedSeries]:
    """Return the same works or people, counted by other rules, without a scenario."""
    return [
        one
        for one in available
        if one.scenario == BASELINE
        and one.key != shown
        and (
            one.key.population == shown.population
            or are_of_one_family(one.key.population, shown.population)
        )
    ]


def load_series(published: PublishedSeries, release: Release, root: StorePath) -> Series:
    """Read observations, quantiles and joint samples of one published."""
    axes = series_axes(published.key)
    observed = cache.rows("observations", release, root, filters=axes)
    chosen = axes | {"scenario": published.scenario, "model": published.model}

    def forecast(target: Target, output_type: OutputType) -> pd.DataFrame:
        wanted = chosen | {"target": str(target), "output_type": str(output_type)}
        return cache.rows("forecasts", release, root, filters=wanted, columns=_FORECAST)

    return arranged(
        published.key,
        scenario=published.scenario,
        model=published.model,
        observed=observed,
        shares=forecast(Target.SHARE, OutputType.QUANTILE),
        stocks=forecast(Target.STOCK, OutputType.QUANTILE),
        samples=forecast(Target.SHARE, OutputType.SAMPLE),
        names=country_names(release, root),
        as_of=release.as_of.as_of,
        reliability=reliability_of(published, release, root),
    )


def reliability_of(published: PublishedSeries, release: Release, root: StorePath) -> Reliability:
    """Return how often the ranges of the model that is quoted held."""
    if "scores" not in release.tables:
        return Reliability(None, 0)
    axes = series_axes(published.key) | {"target": str(Target.SHARE)}
    return reliability(cache.rows("scores", release, root, filters=axes), published.model)


def country_names(release: Release, root: StorePath) -> dict[str, str]:
    """Return country names by code."""
    if "country_names" not in release.tables:
        return {}
    names = cache.rows("country_names", release, root, filters={})
    return dict(zip(names["country"], names["name"], strict=True))
