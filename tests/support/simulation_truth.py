"""What is true of simulated landmarks: outcomes and probabilities that no analyst sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.returns.model.incidence import expit
from models.simulation.careers import AT_HOME, ORIGINS, Floats, SimulatedCareers

Rows = NDArray[np.int64]


def true_returns(
    simulated: SimulatedCareers, landmarks: pd.DataFrame, horizons: Sequence[int]
) -> NDArray[np.bool_]:
    """Return whether the next place was home, and reached within each horizon.

    Args:
        simulated: Where the landmarks come from.
        landmarks: `researcher_id`, `landmark_year`; years that are abroad in truth.
        horizons: In years, ascending.

    Returns:
        Shape (n_landmarks, n_horizons).
    """
    rows, columns = _positions(simulated, landmarks)
    host = simulated.places[rows, columns]
    has_left = np.zeros(len(rows), dtype=bool)
    returned = np.zeros((len(rows), max(horizons)), dtype=bool)
    for step in range(1, max(horizons) + 1):
        place = simulated.places[rows, columns + step]
        returned[:, step - 1] = ~has_left & (place == AT_HOME)
        has_left |= place != host
    return np.asarray(np.cumsum(returned, axis=1)[:, [h - 1 for h in horizons]] > 0)


def true_probabilities(
    simulated: SimulatedCareers,
    landmarks: pd.DataFrame,
    horizons: Sequence[int],
    rng: np.random.Generator,
    *,
    n_paths: int = 40,
) -> Floats:
    """Return the best probability of return that an observer of everything visible could give.

    Known are the true state of the landmark and the whole way there; the frailty is not, and is
    averaged over what the way tells about it. No analyst can predict better. Ties to the origin
    wander on after the landmark: averaged over `n_paths` simulated paths; the rest is exact.

    Returns:
        Shape (n_landmarks, n_horizons).
    """
    rows, columns = _positions(simulated, landmarks)
    nodes, weights = _frailty_nodes(simulated.world.frailty_sd)
    posterior = weights * np.exp(_log_likelihood(simulated, rows, columns, nodes))
    posterior = posterior / posterior.sum(axis=1, keepdims=True)
    chances = np.zeros((len(rows), len(horizons)))
    for index, frailty in enumerate(nodes):
        at_node = _at_frailty(simulated, rows, columns, float(frailty), max(horizons), rng, n_paths)
        chances += posterior[:, [index]] * at_node[:, [h - 1 for h in horizons]]
    return chances


def _at_frailty(
    simulated: SimulatedCareers,
    rows: Rows,
    columns: Rows,
    frailty: float,
    n_steps: int,
    rng: np.random.Generator,
    n_paths: int,
) -> Floats:
    people = replace(simulated.people, frailty=np.full_like(simulated.people.frailty, frailty))
    place = simulated.places[rows, columns].astype(np.int64)
    duration = simulated.durations[rows, columns].astype(np.int64)
    year, stops = columns + simulated.world.first_year, people.exit_probability(rows)
    total = np.zeros((len(rows), n_steps))
    for _ in range(n_paths):
        tie, staying = simulated.ties[rows, columns], np.ones(len(rows))
        returned = np.zeros(len(rows))
        for step in range(n_steps):
            spell = duration + step
            p_return = expit(people.return_log_odds(rows, place, spell, tie, year + step + 1))
            p_onward = people.onward_probability(rows, spell)
            returned = returned + staying * p_return
            staying = staying * np.clip(1 - p_return - p_onward, 0, 1) * (1 - stops)
            noise = 0.08 * rng.standard_normal(len(rows))
            tie = np.clip(0.85 * tie + 0.15 * people.mean_tie[rows] + noise, 0, 1)
            total[:, step] += returned
    return total / n_paths


def _frailty_nodes(spread: float) -> tuple[Floats, Floats]:
    """Gauss-Hermite nodes and weights of a normal distribution around zero."""
    if spread == 0:
        return np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    return nodes * spread, weights / weights.sum()


def _log_likelihood(
    simulated: SimulatedCareers, rows: Rows, columns: Rows, nodes: Floats
) -> Floats:
    """Log likelihood of returns and stays up to the landmark, shape (n_landmarks, n_nodes)."""
    people, inverse = np.unique(rows, return_inverse=True)
    places = simulated.places[people].astype(np.int64)
    n_years = places.shape[1]
    running = np.zeros((len(people), n_years, len(nodes)))
    for column in range(1, n_years):
        before = places[:, column - 1]
        log_odds = simulated.people.return_log_odds(
            people,
            np.clip(before, 0, None),
            simulated.durations[people, column - 1].astype(np.int64),
            simulated.ties[people, column - 1],
            column + simulated.world.first_year,
        )
        without = (log_odds - simulated.people.frailty[people])[:, None] + nodes
        has_returned = places[:, [column]] == AT_HOME
        change = np.where(has_returned, np.log(expit(without)), np.log1p(-expit(without)))
        running[:, column] = running[:, column - 1] + np.where(before[:, None] >= 0, change, 0.0)
    return np.asarray(running[inverse, columns])


def is_truly_abroad(simulated: SimulatedCareers, landmarks: pd.DataFrame) -> NDArray[np.bool_]:
    """Return whether landmark and origin are what they seem.

    Someone first seen abroad seems to originate there.
    """
    rows, columns = _positions(simulated, landmarks)
    origin = np.array(ORIGINS)[simulated.people.origin[rows]]
    has_origin = landmarks["origin_country"].to_numpy() == origin
    return np.asarray((simulated.places[rows, columns] >= 0) & has_origin)


def _positions(simulated: SimulatedCareers, landmarks: pd.DataFrame) -> tuple[Rows, Rows]:
    rows = landmarks["researcher_id"].str.removeprefix("synthetic-").to_numpy(dtype=np.int64)
    years = landmarks["landmark_year"].to_numpy(dtype=np.int64)
    return rows, np.asarray(years - simulated.world.first_year, dtype=np.int64)
