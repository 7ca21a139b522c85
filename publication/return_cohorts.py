"""Cohorts of returning researchers, behind disclosure control."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.coherence import flow_quantiles, flow_samples
from privacy.disclosure import (
    DEFAULT,
    WITHHELD,
    Protection,
    coarse_rate,
    protected_cells,
    rate_step,
    rounded,
)
from talentcast.domain.types import REST_OF_WORLD

ALL_HOSTS: Final = "all"
#: Years ahead for which cohorts are shown.
COHORT_HORIZONS: Final = (1, 3, 5)
#: An origin is shown by itself if its observed over expected returns may lie within these.
OE_LIMITS: Final = (0.8, 1.25)
_CELL: Final = ["origin_country", "host_group", "landmark_year"]
_MEASURES: Final = ["expected_returns", "return_probability", "lower_95", "upper_95"]


@dataclass(frozen=True, eq=False)
class PublishedCohorts:
    """Rows of `return_cohorts` without `release_id`, and what the next release must know.

    Attributes:
        rows: May be published.
        ledger: True counts behind them: for the restricted store only.
    """

    rows: pd.DataFrame
    ledger: pd.DataFrame


def publishable_origins(scores: pd.DataFrame, model: str) -> frozenset[str]:
    """Return the origins that may be shown by themselves; all others are pooled.

    Scores hold an origin only from 30 returns on. At every horizon scored, its interval of
    observed over expected returns must meet the limits.
    """
    chosen = scores[
        (scores["model"] == model)
        & (scores["metric"] == "observed_over_expected")
        & ~scores["group"].isin(["all", "pooled"])
    ]
    meets = (chosen["lower_95"] <= OE_LIMITS[1]) & (chosen["upper_95"] >= OE_LIMITS[0])
    by_origin = meets.groupby(chosen["group"]).all()
    return frozenset(str(name) for name in by_origin[by_origin].index)


def return_cohorts(
    landmarks: pd.DataFrame,
    probability: pd.DataFrame,
    *,
    population: str,
    origins: Collection[str],
    tau: float,
    rng: np.random.Generator,
    ledger: pd.DataFrame | None = None,
    protection: Protection = DEFAULT,
) -> PublishedCohorts:
    """Return cohorts by origin, group of hosts, landmark year and horizon.

    The row of all hosts lets a reader subtract, so that one withheld group takes another with it.
    Rates are as coarse as the rounded count they rest on, and the expected number is made from
    both, so that it adds nothing.

    Args:
        landmarks: Landmarks to describe, with `host_group`.
        probability: Of having returned; one row per landmark, one column per `COHORT_HORIZONS`.
        population: Who is counted.
        origins: Shown by themselves; others are pooled as `ROW`.
        tau: Spread of the shock that all of a cell share.
        rng: Source of the intervals.
        ledger: That of the last release.
        protection: Limits of disclosure control.
    """
    origin = landmarks["origin_country"]
    people = landmarks[["landmark_year"]].assign(
        origin_country=origin.where(origin.isin(set(origins)), REST_OF_WORLD),
        host_group=landmarks["host_group"],
    )
    cells = people.groupby(_CELL, as_index=False).size().rename(columns={"size": "people"})
    before = pd.DataFrame() if ledger is None else ledger
    counted = protected_cells(
        cells, before, key=_CELL, over="host_group", all_of=ALL_HOSTS, protection=protection
    )
    members, chances = _members(people), probability.to_numpy(dtype=float)
    rows = [
        _row(cell, chances[members[_key(cell)], at], horizon, tau, rng, protection)
        for cell in _records(counted)
        for at, horizon in enumerate(COHORT_HORIZONS)
    ]
    table = pd.DataFrame(rows).assign(population=population)
    keep = [*_CELL, "people", "is_withheld"]
    return PublishedCohorts(table, counted[keep])


def _members(people: pd.DataFrame) -> dict[tuple[str, str, int], NDArray[np.int64]]:
    """Rows of each cell, and of the total over hosts."""
    found: dict[tuple[str, str, int], NDArray[np.int64]] = {}
    for part in (people, people.assign(host_group=ALL_HOSTS)):
        indices: dict[Any, Any] = part.reset_index(drop=True).groupby(_CELL).indices
        found |= {(str(o), str(h), int(y)): np.asarray(i) for (o, h, y), i in indices.items()}
    return found


def _records(cells: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in cells.to_dict("records")]


def _row(
    cell: dict[str, Any],
    probability: NDArray[np.float64],
    horizon: int,
    tau: float,
    rng: np.random.Generator,
    protection: Protection,
) -> dict[str, Any]:
    row: dict[str, Any] = {name: cell[name] for name in _CELL} | {
        "horizon_years": horizon,
        "researchers_at_risk": pd.NA,
        **dict.fromkeys(_MEASURES, np.nan),
        "is_suppressed": bool(cell["is_withheld"]),
        "suppression_reason": WITHHELD if cell["is_withheld"] else None,
    }
    if row["is_suppressed"]:
        return row
    n_shown = float(rounded(np.array([float(cell["people"])]), protection)[0])
    step = rate_step(n_shown, protection)
    samples = flow_samples(probability, tau, rng)
    low, high = flow_quantiles(samples, [0.025, 0.975], rng) / len(probability)
    rate, lower, upper = coarse_rate(float(probability.mean()), (low, high), step)
    return row | {
        "researchers_at_risk": int(n_shown),
        "return_probability": rate,
        "expected_returns": round(rate * n_shown, 4),
        "lower_95": lower,
        "upper_95": upper,
    }


def _key(cell: dict[str, Any]) -> tuple[str, str, int]:
    return str(cell["origin_country"]), str(cell["host_group"]), int(cell["landmark_year"])
