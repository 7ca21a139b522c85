"""Read one series of a release from the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from talentcast.domain.types import CountingRule, OutputType, SeriesKey, Target
from talentcast.findings.joint_samples import Worlds
from talentcast.findings.series import Series, wide
from talentcast.store.reader import condition, read_frame, read_rows
from talentcast.store.release import Release

BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing a release can show: a series under a scenario, and the model to quote."""

    key: SeriesKey
    scenario: str
    model: str
    horizons: tuple[int, ...]


def offers(release: Release, root: Path) -> tuple[Offer, ...]:
    """Return what a release can show, by population, counting rule, source and scenario."""
    where = condition("forecasts", {"target": str(Target.SHARE)})
    rows = read_rows("forecasts", release, root, where=where)
    axes = ["population", "counting_rule", "source", "scenario", "model"]
    found = rows.group_by([*axes, "output_type", "horizon_years"]).aggregate([]).to_pandas()
    made = []
    for (population, rule, source, scenario), block in found.groupby(axes[:4], sort=True):
        # The model that readers should quote is the one whose samples are published.
        sampled = block.loc[block["output_type"] == OutputType.SAMPLE, "model"]
        model = str(sampled.iloc[0]) if len(sampled) else str(block["model"].iloc[0])
        horizons = sorted(int(h) for h in block["horizon_years"].unique())
        key = SeriesKey(population, CountingRule(rule), source)
        made.append(Offer(key, scenario, model, tuple(horizons)))
    return tuple(made)


def load_series(offer: Offer, release: Release, root: Path) -> Series:
    """Read observations, quantiles and joint samples of one offer."""
    axes = {
        "population": offer.key.population,
        "counting_rule": str(offer.key.counting_rule),
        "source": offer.key.source,
    }
    observed = read_frame("observations", release, root, where=condition("observations", axes))
    chosen = axes | {"scenario": offer.scenario, "model": offer.model}
    rows = read_frame("forecasts", release, root, where=condition("forecasts", chosen))

    def forecast(target: Target, output_type: OutputType) -> pd.DataFrame:
        return rows[(rows["target"] == str(target)) & (rows["output_type"] == str(output_type))]

    samples = forecast(Target.SHARE, OutputType.SAMPLE)
    return Series(
        key=offer.key,
        scenario=offer.scenario,
        model=offer.model,
        history=observed.assign(share=100 * observed["share"]),
        shares=wide(forecast(Target.SHARE, OutputType.QUANTILE), scale=100),
        stocks=wide(forecast(Target.STOCK, OutputType.QUANTILE), scale=1),
        worlds=Worlds.from_rows(samples) if len(samples) else None,
        names=country_names(release, root),
    )


def country_names(release: Release, root: Path) -> dict[str, str]:
    """Return country names by code."""
    if "country_names" not in release.tables:
        return {}
    names = read_frame("country_names", release, root)
    return dict(zip(names["country"], names["name"], strict=True))
