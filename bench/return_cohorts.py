"""How often intervals of cohorts hold what was seen of them later.

    python -m bench.return_cohorts FOLDER

At each cut a cohort is everybody of one origin who was abroad in that year, or those of them in one
group of hosts, from ten people on. Their probabilities come from a model of other people, fitted on
what was known then, and the spread of shocks from the years before, as in a release. Some returns
are never seen, because people are lost from sight: the interval is thinned by the chance to be
followed, which one cut has in common. Set OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.career_records import CareerRecords
from features.country_groups import host_groups
from flows.steps.returns import recent_flows
from models.coherence import flow_quantiles, flow_samples
from models.returns.evaluation.backtest import DEFAULT_MODEL, BacktestPlan, returns_backtest
from models.returns.evaluation.censoring import Labels, labels_at
from models.returns.flows.calibration import calibrate
from models.returns.landmark_history import LandmarkHistory
from privacy.disclosure import DEFAULT
from publication.return_cohorts import COHORT_HORIZONS
from sources.affiliations import read_career_records
from talentcast.domain.types import Origin

#: What is learned from, and the cut that is looked at once.
EARLIER_CUTS: Final = range(2008, 2017)
LAST_CUT: Final = 2017
_LEVELS: Final = (0.025, 0.1, 0.9, 0.975)


@dataclass(frozen=True)
class Held:
    """One cohort at one horizon: whether its intervals hold the returns that were seen."""

    cut: int
    horizon_years: int
    by: str
    people: int
    returns: int
    in_80: bool
    in_95: bool


def main() -> None:
    """Print the part of cohorts whose intervals hold, by horizon."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    records = read_career_records(parser.parse_args().folder)
    history = LandmarkHistory.of(records)
    for name, cuts in (("earlier cuts", EARLIER_CUTS), ("last cut", [LAST_CUT])):
        held = pd.DataFrame([one for cut in cuts for one in cohorts_at(records, history, cut)])
        print(f"\n{name}: {cuts[0]} to {cuts[-1]}")
        print(summary(held).round(3).to_string())


def summary(held: pd.DataFrame) -> pd.DataFrame:
    """Return cohorts, returns and coverage by horizon, and over all."""
    figures = {
        "cohorts": ("people", "size"),
        "people": ("people", "sum"),
        "returns": ("returns", "sum"),
        "in_80": ("in_80", "mean"),
        "in_95": ("in_95", "mean"),
    }
    by_horizon = held.groupby(["by", "horizon_years"]).agg(**figures)
    return pd.concat([by_horizon, held.assign(by="all").groupby("by").agg(**figures)])


def cohorts_at(records: CareerRecords, history: LandmarkHistory, cut: int) -> Iterator[Held]:
    """Predict the cohorts of a year from what was known then, and count who was seen to return."""
    tau = shock_at(records, cut)
    plan = BacktestPlan(Origin(cut), models=(DEFAULT_MODEL,), n_bootstrap=0)
    predicted = returns_backtest(history, plan).predictions.set_index(
        ["researcher_id", "landmark_year", "horizon_years"]
    )["probability"]
    table = history.complete()
    people = table[table["landmark_year"] == cut].reset_index(drop=True)
    people = people.assign(host_group=host_groups(people["host_country"]))
    rng = np.random.default_rng(cut)
    for horizon in COHORT_HORIZONS:
        keys = people[["researcher_id", "landmark_year"]].assign(horizon_years=horizon)
        chances = predicted.reindex(pd.MultiIndex.from_frame(keys)).to_numpy(dtype=float)
        labels = labels_at(people, horizon)
        yield from _held(people, chances, labels, tau, horizon, rng)


def shock_at(records: CareerRecords, cut: int) -> float:
    """Return the spread of shocks as a release of that year would have learned it."""
    known = LandmarkHistory.of(records, until=Origin(cut))
    return calibrate(recent_flows(known, Origin(cut), seed=0).cells, cut).tau


def _held(
    people: pd.DataFrame,
    chances: NDArray[np.float64],
    labels: Labels,
    tau: float,
    horizon: int,
    rng: np.random.Generator,
) -> Iterator[Held]:
    seen = labels.is_return & (labels.weight > 0)
    chance_to_be_seen = 1 / labels.weight[seen].mean() if seen.any() else 1.0
    year = int(people["landmark_year"].iloc[0])
    for by, rows in _cohorts(people):
        counted = rng.binomial(flow_samples(chances[rows], tau, rng), chance_to_be_seen)
        low_95, low_80, high_80, high_95 = flow_quantiles(counted, _LEVELS, rng)
        n = int(seen[rows].sum())
        in_80, in_95 = bool(low_80 <= n <= high_80), bool(low_95 <= n <= high_95)
        yield Held(year, horizon, by, len(rows), n, in_80, in_95)


def _cohorts(people: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield the rows of every cohort that is large enough to be shown."""
    for by in (["origin_country"], ["origin_country", "host_group"]):
        for rows in people.groupby(by).indices.values():
            if len(rows) >= DEFAULT.min_people:
                yield " and ".join(by), np.asarray(rows)


if __name__ == "__main__":
    main()
