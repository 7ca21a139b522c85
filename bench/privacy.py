"""What protecting people costs in accuracy: `python -m bench.privacy FOLDER [--what flows]`.

FOLDER holds careers. Compared are everybody in the records, the people admitted to a release, and
for counts also rounding and holding every figure, and noise with a stated budget.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.career_counts import CareerTally, researcher_counts
from features.career_records import CareerRecords
from flows.steps.admit import recorded, records_of
from flows.steps.returns import tested_in_time
from models.returns.evaluation.backtest import DEFAULT_MODEL
from models.returns.flows.history import FlowHistory, past_flows
from models.returns.flows.scores import flow_scores
from models.returns.landmark_history import LandmarkHistory
from privacy.admission import first_admitted
from privacy.disclosure import protected_counts
from publication.return_cohorts import publishable_origins
from sources.affiliations import read_career_records
from talentcast.domain.types import CountingRule, Origin, SeriesKey, Vintage

KEY = SeriesKey("careers", CountingRule.MODAL_COUNTRY, "affiliations")
VINTAGE = Vintage.parse("2026-01-01")
SEEDS = range(3)
#: Privacy-loss budgets for the counts of one release, a person's whole career protected.
EPSILONS = (1.0, 4.0)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--what", choices=["counts", "flows", "origins"], action="append")
    asked = parser.parse_args()
    records = read_career_records(asked.folder)
    for what in asked.what or ["counts", "flows", "origins"]:
        print(TABLES[what](records).to_string(index=False), "\n")


def admitted(records: CareerRecords, seed: int) -> CareerRecords:
    """Return the records behind a first release, under a random key."""
    now = recorded(records)
    chosen = first_admitted(now, [], np.random.default_rng(seed))
    return records_of(chosen, records, now)


def counts(records: CareerRecords) -> pd.DataFrame:
    """How far published shares are from the true ones, in percentage points."""
    truth = counts_of(records)
    rng = np.random.default_rng(0)
    ways = {"every figure rounded and held": [protected_counts(truth)]}
    ways["admitted people, then rounded"] = [
        protected_counts(counts_of(admitted(records, seed))) for seed in SEEDS
    ]
    years = records.careers.groupby("researcher_id")["year"].agg(lambda y: y.max() - y.min() + 1)
    for epsilon in EPSILONS:
        # One person is in at most one country a year: the sum changes by the years of a career.
        scale = float(years.max()) / epsilon
        noise = rng.laplace(scale=scale, size=(len(SEEDS), len(truth)))
        ways[f"Laplace noise, budget {epsilon:g}"] = [
            truth.assign(researchers=np.maximum(truth["researchers"] + one, 0)) for one in noise
        ]
    rows = [
        {"way": way, "mean_error": np.mean([_share_error(truth, one) for one in made])}
        for way, made in ways.items()
    ]
    return pd.DataFrame(rows)


def flows(records: CareerRecords) -> pd.DataFrame:
    """Coverage of past one-year return flows."""
    return pd.DataFrame([{"way": way} | _flow_scores(kept) for way, kept in _ways(records)])


def origins(records: CareerRecords) -> pd.DataFrame:
    """Origins whose cohorts may be shown apart."""
    last = Origin(int(records.careers["year"].max()) - 1)
    rows = []
    for way, kept in _ways(records):
        scores = tested_in_time(LandmarkHistory.of(kept.known_by(last)), last, 0)
        shown = sorted(publishable_origins(scores, DEFAULT_MODEL))
        rows.append({"way": way, "people": kept.careers["researcher_id"].nunique(), "shown": shown})
    return pd.DataFrame(rows)


TABLES = {"counts": counts, "flows": flows, "origins": origins}


def counts_of(records: CareerRecords) -> pd.DataFrame:
    """Return the true counts of the people in some records."""
    return researcher_counts(CareerTally.of_parts(records), KEY, vintage=VINTAGE)


def _ways(records: CareerRecords) -> Iterator[tuple[str, CareerRecords]]:
    yield "everybody", records
    for seed in SEEDS:
        yield f"admitted people, key {seed}", admitted(records, seed)


def _share_error(truth: pd.DataFrame, made: pd.DataFrame) -> float:
    """Mean absolute error of shares of at least one percent, in percentage points."""
    both = pd.concat({"true": _shares(truth), "made": _shares(made)}, axis=1)
    both = both[both["true"] >= 0.01].dropna()
    errors: NDArray[np.float64] = (both["true"] - both["made"]).abs().to_numpy()
    return float(100 * errors.mean())


def _shares(table: pd.DataFrame) -> pd.Series:
    indexed = table.set_index(["year", "country"])["researchers"]
    return indexed / indexed.groupby("year").transform("sum")


def _flow_scores(records: CareerRecords) -> dict[str, float]:
    history = FlowHistory.of(LandmarkHistory.of(records), range(2006, 2025), seed=0)
    found = list(past_flows(history, np.random.default_rng(0)))
    scores = flow_scores(found, DEFAULT_MODEL, np.random.default_rng(0))
    own = scores[scores["model"] == DEFAULT_MODEL].mean(numeric_only=True)
    return {"cells": float(len(found)), "coverage_95": own["coverage_95"], "wis": own["wis"]}


if __name__ == "__main__":
    main()
