"""Do intervals hold? Coverage and scores by population, horizon and level, in one run.

Usage: python -m bench.calibration --data FOLDER [--figures FOLDER] [--panels 40] [--model NAME ...]

Populations: small panels made of random groups of countries (scopus, author counts, robotics),
counted like conference papers in teams; and, with `--figures`, yearly authorships of real venues.
Nothing looks ahead: the reference panel is cut at each origin; the first one chooses the parts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.shares import markdown, read_panel, write_section
from features.panel import Panel
from models.evaluation.backtest import Backtest, backtest_panel
from models.evaluation.quantiles import LEVELS
from models.evaluation.scores import weighted_interval_score
from models.shares.registry import ModelContext
from talentcast.domain.types import REST_OF_WORLD, CountingRule, Origin, SeriesKey

HORIZONS: Final = range(1, 6)
MODELS: Final = ["pooled", "pooled_borrowing", "sarimax110", "naive"]
#: Of the made-up conferences: authors a team, papers' authors in the first year, yearly growth.
TEAM, FIRST_TOTAL, GROWTH = 3.0, (300, 900), (0.05, 0.22)
SMALLEST_SHARE: Final = 0.02
#: Parts of a real venue: authorships in the first origin's year.
MIN_COUNT: Final = 50
BLOCK_YEARS: Final = 3
N_BOOTSTRAP: Final = 500


@dataclass(frozen=True, eq=False)
class ScoredPanels:
    """Panels that are scored together, and the origins they are scored at."""

    name: str
    panels: Sequence[Panel]
    origins: Sequence[Origin]


def small_panels(name: str, counts: pd.DataFrame, n_panels: int, *, seed: int) -> list[Panel]:
    """Return panels of three random groups of countries, counted in teams like a conference.

    Args:
        name: Of the population.
        counts: Years by countries, all counted.
        n_panels: How many.
        seed: Of groups and counts.
    """
    rng = np.random.default_rng(seed)
    found: list[Panel] = []
    while len(found) < n_panels:
        order = rng.permutation(counts.shape[1])
        ends = np.cumsum([*rng.integers(1, 4, 2), rng.integers(2, 8)])
        starts = [0, *ends[:-1]]
        parts = np.column_stack(
            [counts.iloc[:, order[a:b]].sum(axis=1) for a, b in zip(starts, ends, strict=True)]
        )
        shares = parts / parts.sum(axis=1, keepdims=True)
        if shares.min() < SMALLEST_SHARE:
            continue
        growth = np.exp(rng.uniform(*GROWTH) * np.arange(len(parts)))
        expected = shares * (rng.uniform(*FIRST_TOTAL) * growth)[:, None]
        drawn = np.maximum(rng.poisson(expected / TEAM) * TEAM, 1.0)
        table = pd.DataFrame(drawn, index=counts.index, columns=["AAA", "BBB", REST_OF_WORLD])
        found.append(Panel(SeriesKey(name, CountingRule.AUTHORSHIPS, "bench"), table))
    return found


def venue_panel(name: str, counts: pd.DataFrame, first: int) -> Panel:
    """Return a venue's parts as its first origin decides on them, the others as the rest."""
    past = counts.loc[:first].fillna(0)
    is_own = (past > 0).all() & (past.loc[first] >= MIN_COUNT)
    own = [country for country in counts.columns[is_own] if country not in (REST_OF_WORLD, "UNK")]
    parts = counts[own].mask(counts[own] <= 0)
    parts[REST_OF_WORLD] = counts.drop(columns=own).sum(axis=1).clip(lower=1)
    return Panel(SeriesKey(name, CountingRule.AUTHORSHIPS, "bench"), parts.astype(float))


def cells(result: Backtest, panel: Panel) -> pd.DataFrame:
    """Return one row per forecast of a part: `wis`, whether each interval held, and its labels."""
    keys = ["model", "origin_year", "horizon_years", "country"]
    table = result.quantiles[result.quantiles["country"] != REST_OF_WORLD]
    wide = table.pivot_table(index=[*keys, "target_year"], columns="quantile_level", values="value")
    shares = panel.shares().rename_axis(index="target_year").reset_index()
    truths = shares.melt("target_year", var_name="country", value_name="truth").dropna()
    joined = wide.reset_index().merge(truths, on=["target_year", "country"])
    predicted = np.log(joined[list(LEVELS)].to_numpy().T)
    truth = np.log(joined["truth"].to_numpy())
    level = {float(value): row for row, value in enumerate(LEVELS)}
    return joined[keys].assign(
        population=panel.key.population,
        wis=weighted_interval_score(predicted, truth),
        held_80=(truth >= predicted[level[0.1]]) & (truth <= predicted[level[0.9]]),
        held_95=(truth >= predicted[level[0.025]]) & (truth <= predicted[level[0.975]]),
    )


def interval(rows: pd.DataFrame, column: str, rng: np.random.Generator) -> tuple[float, float]:
    """Return the 95 % interval of a mean over resampled blocks of origins."""
    block = rows["origin_year"] // BLOCK_YEARS
    sums = rows.groupby(block)[column].agg(["sum", "size"]).to_numpy(dtype=float)
    drawn = rng.integers(0, len(sums), (N_BOOTSTRAP, len(sums)))
    total = sums[drawn].sum(axis=1)
    low, high = np.quantile(total[:, 0] / total[:, 1], [0.025, 0.975])
    return float(low), float(high)


def summary(rows: pd.DataFrame, population: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per model: WIS, its ratio to SARIMAX, and how often intervals held."""
    wis = rows.groupby("model")["wis"].mean()
    table = []
    for model, of_model in rows.groupby("model", sort=False):
        low, high = interval(of_model, "held_80", rng)
        by_horizon = of_model.groupby("horizon_years")["held_80"].mean()
        table.append(
            {
                "population": population,
                "model": str(model),
                "cells": len(of_model),
                "wis": float(wis[model]),
                "wis_to_sarimax": float(wis[model] / wis["sarimax110"]),
                "held_80": float(of_model["held_80"].mean()),
                "from": low,
                "to": high,
                "held_95": float(of_model["held_95"].mean()),
                **{f"h{horizon}": float(value) for horizon, value in by_horizon.items()},
            }
        )
    return pd.DataFrame(table)


def populations(data: Path, figures: Path | None, n_panels: int) -> Iterator[ScoredPanels]:
    """Yield what is scored."""
    for name, seed in (("scopus", 11), ("auth_scopus", 12)):
        counts = read_panel(data, name).carried_forward().drop(columns=REST_OF_WORLD)
        panels = small_panels(f"groups of {name}", counts, n_panels, seed=seed)
        yield ScoredPanels(f"groups of {name}", panels, [Origin(y) for y in range(2006, 2018)])
    if figures is None:
        return
    robotics = pd.read_csv(figures / "robotics_authors_by_country.csv", keep_default_na=False)
    counts = robotics.pivot_table(index="year", columns="country", values="authors")
    counts = counts.loc[:2023].dropna(axis=1)
    panels = small_panels("groups of robotics", counts, n_panels, seed=13)
    yield ScoredPanels("groups of robotics", panels, [Origin(y) for y in range(2010, 2021)])
    yield from venues(figures)


def venues(figures: Path) -> Iterator[ScoredPanels]:
    """Yield real venues with ten origins or more, all countries over 50 authorships."""
    table = pd.read_csv(figures / "conference_by_country.csv", keep_default_na=False)
    table = table[table["counting_rule"] == "authorships"]
    own = pd.read_csv(figures / "ai_conference_authorships.csv", keep_default_na=False)
    own = own.rename(columns={"population": "venue", "authorships": "value"})
    for name in ("icra", "iros", "nips", "neurips_authorships", "icml_authorships"):
        rows = (own if name.endswith("authorships") else table).query("venue == @name")
        counts = rows.pivot_table(index="year", columns="country", values="value", aggfunc="sum")
        counts = counts.reindex(pd.RangeIndex(counts.index.min(), counts.index.max() + 1))
        first = int(counts.index[0]) + 6
        panel = venue_panel(name, counts, first)
        while panel.counts.shape[1] < 3 and first < counts.index[-1] - 5:
            first += 1
            panel = venue_panel(name, counts, first)
        last = int(counts.index[-1])
        yield ScoredPanels(name, [panel], [Origin(year) for year in range(first, last)])


def main() -> None:
    """Run the comparison and write its section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--figures", type=Path)
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--model", nargs="+", default=MODELS)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    context = ModelContext(reference_panel=read_panel(arguments.data, "scopus"))
    rng = np.random.default_rng(0)
    tables = []
    for population in populations(arguments.data, arguments.figures, arguments.panels):
        rows = [
            cells(
                backtest_panel(
                    panel,
                    models=arguments.model,
                    origins=population.origins,
                    horizons=HORIZONS,
                    context=context,
                ),
                panel,
            )
            for panel in population.panels
        ]
        tables.append(summary(pd.concat(rows), population.name, rng))
        print(markdown(tables[-1]), flush=True)
    section = ["## Do intervals hold?", "", _EXPLAINED, "", markdown(pd.concat(tables))]
    write_section(arguments.out, "\n".join(section), "calibration")


_EXPLAINED: Final = (
    "Small panels: `wis` of log shares, its ratio to SARIMAX(1,1,0) in the same run, how often 80 "
    "and 95 % intervals held, with a 95 % interval from blocks of three origins, and 80 % by years "
    "ahead. Groups are made of random countries and counted in teams of three; venues are real, "
    "all countries over 50 authorships; the rest of the world is not scored. Pseudo vintages."
)

if __name__ == "__main__":
    main()
