"""Benchmarks of the return model, each one command and one table.

    python bench/returns.py peers FOLDER      real careers: this model, Cox, survival forests
    python bench/returns.py simulator         skill against what can be reached at all
    python bench/returns.py recovery          are known coefficients recovered?
    python bench/returns.py flows [FOLDER]    coverage of one-year return flows
    python bench/returns.py speed             25,000 landmarks on one thread

Set OMP_NUM_THREADS=1. `peers` needs lifelines and scikit-survival.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from simulation_truth import is_truly_abroad, true_probabilities, true_returns

from features.landmarks import landmark_table
from models.returns.evaluation.backtest import (
    BASELINE_MODEL,
    DEFAULT_MODEL,
    OWN_MODELS,
    BacktestPlan,
    returns_backtest,
)
from models.returns.evaluation.report import paired_difference
from models.returns.evaluation.scores import calibration_slope
from models.returns.flows.history import FlowHistory, past_flows
from models.returns.flows.scores import RECENT_RATE, flow_scores
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.incidence import cumulative_incidence
from models.returns.model.return_model import ReturnModel, TrainingTables, fit_return_model
from models.simulation.careers import (
    HOSTS,
    ORIGINS,
    CareerWorld,
    SimulatedCareers,
    host_effects,
    origin_effects,
    simulate_careers,
    true_tie_effect,
)
from sources.affiliations import read_career_records
from talentcast.domain.types import Origin

CUT = Origin(2017)
LAST_LANDMARK = 2020
HORIZONS = [1, 3, 5]


def main() -> None:
    """Run one benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["peers", "simulator", "recovery", "flows", "speed"])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=50)
    arguments = parser.parse_args()
    if arguments.what == "peers":
        show(peers(arguments.folder))
    elif arguments.what == "simulator":
        show(simulator(n_people=40_000, seeds=(1, 2, 3)))
    elif arguments.what == "recovery":
        show(recovery(n_runs=arguments.runs))
        show(slopes(seeds=(1, 2, 3)))
    elif arguments.what == "flows":
        show(flows(arguments.folder))
    else:
        show(speed())


def show(table: pd.DataFrame) -> None:
    """Print a table in full."""
    print(table.round(4).to_string(index=False))


def peers(folder: Path) -> pd.DataFrame:
    """Score this project's models and others' in one run, with paired differences."""
    from bench.return_peers import PEERS

    records = read_career_records(folder)
    plan = BacktestPlan(
        CUT,
        models=(*OWN_MODELS, *PEERS),
        last_landmark_year=LAST_LANDMARK,
        peers=PEERS,
    )
    history = LandmarkHistory.of(records)
    found = returns_backtest(history, plan)
    overall = found.scores[found.scores["group"] == "all"]
    wide = overall.pivot_table(
        index=["horizon_years", "model"], columns="metric", values="value", sort=False
    ).reset_index()
    landmarks = history.complete()
    scored = landmarks[landmarks["landmark_year"].between(CUT.year, LAST_LANDMARK)]
    rows = []
    for horizon in HORIZONS:
        for other in (BASELINE_MODEL, *PEERS):
            mean, low, high = paired_difference(
                found.predictions,
                scored,
                (DEFAULT_MODEL, other),
                horizon,
                n_bootstrap=1000,
                rng=np.random.default_rng(0),
            )
            rows.append((horizon, other, mean, low, high))
    columns = ["horizon_years", "log loss against", "difference", "lower_95", "upper_95"]
    show(pd.DataFrame(rows, columns=columns))
    for selection in found.selections:
        print(selection.choice, round(selection.blend_drift.ratio, 3), selection.reason)
    return wide


def simulator(*, n_people: int, seeds: tuple[int, ...]) -> pd.DataFrame:
    """Share of the attainable Brier skill, against the true outcomes of simulated careers."""
    rows = []
    for seed in seeds:
        simulated = simulate_careers(n_people, np.random.default_rng(seed))
        landmarks = true_landmarks(simulated)
        returned = true_returns(simulated, landmarks, HORIZONS)
        best = true_probabilities(simulated, landmarks, HORIZONS, np.random.default_rng(0))
        model = fit_return_model(
            TrainingTables.of(LandmarkHistory.of(simulated.records), CUT), seed=0
        )
        # Outcomes are true ones here, whenever they were seen.
        given = cumulative_incidence(model.hazards_of_moves(landmarks))
        given = given[:, [horizon - 1 for horizon in HORIZONS], 0]
        for column, horizon in enumerate(HORIZONS):
            happened = returned[:, column]
            reference = happened.mean() * (1 - happened.mean())
            limit, own = (((p[:, column] - happened) ** 2).mean() for p in (best, given))
            share = (reference - own) / (reference - limit)
            rows.append((seed, horizon, len(landmarks), reference, limit, own, share))
    columns = ["seed", "horizon_years", "landmarks", "base", "limit", "brier", "share_of_skill"]
    table = pd.DataFrame(rows, columns=columns)
    mean = table.groupby("horizon_years", as_index=False).mean().assign(seed="mean")
    return pd.concat([table, mean[columns]])


def fitted(simulated: SimulatedCareers) -> ReturnModel:
    """Fit on everything known by the cut."""
    history = LandmarkHistory.of(simulated.records)
    return fit_return_model(TrainingTables.of(history, CUT), seed=0)


def true_landmarks(simulated: SimulatedCareers) -> pd.DataFrame:
    """Landmarks after the cut that are what they seem."""
    landmarks = landmark_table(simulated.records)
    landmarks = landmarks[landmarks["landmark_year"].between(CUT.year, LAST_LANDMARK)]
    return landmarks[is_truly_abroad(simulated, landmarks)].reset_index(drop=True)


def recovery(*, n_runs: int, n_people: int = 20_000) -> pd.DataFrame:
    """How often 95 % intervals of a person-period logit cover the true coefficients.

    Unpenalised, on the true states, with frailty and the observation layer off.
    """
    hits: dict[str, list[bool]] = {}
    for run in range(n_runs):
        for name, covered in covered_coefficients(n_people, seed=run).items():
            hits.setdefault(name, []).append(covered)
    table = pd.DataFrame(
        [(name, len(found), float(np.mean(found))) for name, found in hits.items()],
        columns=["coefficient", "runs", "covered"],
    )
    total = ("all", int(table["runs"].sum()), float(np.average(table["covered"])))
    return pd.concat([table, pd.DataFrame([total], columns=list(table.columns))])


def covered_coefficients(n_people: int, *, seed: int) -> dict[str, bool]:
    """Fit one world without secrets and look whether each interval holds the truth."""
    world = CareerWorld(frailty_sd=0.0, is_every_year_seen=True)
    simulated = simulate_careers(n_people, np.random.default_rng(seed), world=world)
    places = simulated.places.astype(np.int64)
    rows, columns = np.nonzero(places[:, :-1] >= 0)
    now, years = places[rows, columns], columns + 1 + world.first_year
    tie = simulated.ties[rows, columns]
    known = simulated.people.return_log_odds(
        rows, now, simulated.durations[rows, columns].astype(np.int64), tie, years
    )
    origin = simulated.people.origin[rows]
    offset = known - origin_effects()[origin] - host_effects()[now] - true_tie_effect() * tie
    columns_of = {f"origin {name}": origin == i for i, name in enumerate(ORIGINS)}
    columns_of |= {f"host {name}": now == i for i, name in enumerate(HOSTS) if i > 0}
    matrix = np.column_stack([*columns_of.values(), tie]).astype(float)
    truth = np.concatenate(
        [
            origin_effects() + host_effects()[0],
            host_effects()[1:] - host_effects()[0],
            [true_tie_effect()],
        ]
    )
    is_return = places[rows, columns + 1] == -1
    fit = sm.GLM(is_return, matrix, family=sm.families.Binomial(), offset=offset).fit()
    low, high = fit.conf_int().T
    names = [*columns_of, "tie"]
    return {name: bool(low[i] <= truth[i] <= high[i]) for i, name in enumerate(names)}


def slopes(*, seeds: tuple[int, ...], n_people: int = 40_000) -> pd.DataFrame:
    """Calibration slope against known probabilities, with frailty and observation layer on."""
    rows = []
    for seed in seeds:
        simulated = simulate_careers(n_people, np.random.default_rng(seed))
        landmarks = true_landmarks(simulated)
        returned = true_returns(simulated, landmarks, HORIZONS)
        best = true_probabilities(simulated, landmarks, HORIZONS, np.random.default_rng(0))
        given = cumulative_incidence(fitted(simulated).hazards_of_moves(landmarks))
        for column, horizon in enumerate(HORIZONS):
            own = given[:, horizon - 1, 0]
            outcome = calibration_slope(returned[:, column], own, np.ones(len(own)))
            rows.append((seed, horizon, outcome, _slope(best[:, column], own)))
    return pd.DataFrame(
        rows, columns=["seed", "horizon_years", "slope_of_outcomes", "slope_of_probabilities"]
    )


def flows(folder: Path | None) -> pd.DataFrame:
    """Coverage of rolling one-year-ahead return flows, real or simulated with shared shocks."""
    if folder is not None:
        records, years = read_career_records(folder), range(2006, 2025)
    else:
        world = CareerWorld(return_shocks=_shocks(np.random.default_rng(5)))
        simulated = simulate_careers(60_000, np.random.default_rng(11), world=world)
        records, years = simulated.records, range(2004, 2025)
    history = FlowHistory.of(LandmarkHistory.of(records), years, seed=0)
    found = list(past_flows(history, np.random.default_rng(0)))
    scores = flow_scores(found, DEFAULT_MODEL, np.random.default_rng(0))
    means = scores.groupby("model").mean(numeric_only=True).drop(columns="origin_year")
    observed = np.array([past.observed for past in found])
    forecast = {
        DEFAULT_MODEL: np.array([past.expected for past in found]),
        RECENT_RATE: np.array([past.expected_at_recent_rate for past in found]),
    }
    return means.assign(
        cells=len(found),
        observed=observed.sum(),
        forecast={name: values.sum() for name, values in forecast.items()},
        mean_error={name: np.abs(v - observed).mean() for name, v in forecast.items()},
    ).reset_index()


def speed() -> pd.DataFrame:
    """Seconds to fit on 25,000 landmarks, earlier cut included, and to score as many."""
    simulated = simulate_careers(33_000, np.random.default_rng(1))
    tables = TrainingTables.of(LandmarkHistory.of(simulated.records), CUT)
    rows = []
    for _ in range(3):
        start, cpu = time.perf_counter(), time.process_time()
        model = fit_return_model(tables, seed=0)
        model.incidence(tables.table.head(25_000))
        rows.append((len(tables.table), time.perf_counter() - start, time.process_time() - cpu))
    return pd.DataFrame(rows, columns=["landmarks", "seconds", "cpu_seconds"])


def _slope(best: NDArray[np.float64], own: NDArray[np.float64]) -> float:
    """Slope of the true log-odds on the predicted ones, by least squares."""
    x, y = (np.log(p / (1 - p)) for p in (np.clip(own, 1e-6, 1), np.clip(best, 1e-6, 1)))
    return float(np.cov(x, y)[0, 1] / np.var(x, ddof=1))


def _shocks(rng: np.random.Generator) -> dict[int, NDArray[np.float64]]:
    """Shocks that all people of an origin share, half of them common to all origins."""
    common, own, found = 0.0, np.zeros(len(ORIGINS)), {}
    for year in range(1995, 2035):
        common = 0.6 * common + rng.normal(0, 0.15)
        own = 0.6 * own + rng.normal(0, 0.15, len(ORIGINS))
        found[year] = common + own
    return found


if __name__ == "__main__":
    main()
