"""How good forecasts of return flows were, beside a baseline, at the past years of one history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from models.coherence import flow_quantiles
from models.evaluation.quantiles import LEVELS
from models.evaluation.scores import COVERAGES, is_covered, weighted_interval_score
from models.returns.flows.history import PastFlow
from talentcast.domain.types import Target

#: The baseline: every origin's recent yearly rate of return goes on.
RECENT_RATE: Final = "recent_rate"
#: All origins with enough people, each counting once.
GROUP: Final = "origins"


def flow_score_rows(
    flows: Iterable[PastFlow],
    *,
    model: str,
    population: str,
    source: str,
    vintage: pd.Timestamp,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return `scores` rows of target `return_flow`, without `release_id`; WIS in persons.

    Args:
        flows: From `past_flows`.
        model: Name of the model that made them.
        population: Who is counted.
        source: Who counted.
        vintage: Of the records; past years were trained on it too, so the scores are pseudo.
        rng: Smooths the quantiles of small counts.
    """
    cells = flow_scores(flows, model, rng)
    if cells.empty:
        return cells
    means = cells.groupby(["model", "origin_year"], as_index=False).mean()
    rows = means.melt(["model", "origin_year"], var_name="metric", value_name="value")
    return rows.assign(
        target=str(Target.RETURN_FLOW),
        population=population,
        counting_rule="modal_country",
        source=source,
        horizon_years=1,
        country_group=GROUP,
        training_vintage=vintage,
        truth_vintage=vintage,
        is_pseudo_vintage=True,
    )


def flow_scores(flows: Iterable[PastFlow], model: str, rng: np.random.Generator) -> pd.DataFrame:
    """Score each flow and its baseline: `model`, `origin_year` and one column per metric."""
    return pd.DataFrame(
        [
            {"model": name, "origin_year": past.flow.landmark_year, **_cell(samples, past, rng)}
            for past in flows
            for name, samples in ((model, past.flow.samples), (RECENT_RATE, past.at_recent_rate))
        ]
    )


def _cell(samples: np.ndarray, past: PastFlow, rng: np.random.Generator) -> dict[str, float]:
    predicted = np.asarray(flow_quantiles(samples, LEVELS.tolist(), rng), dtype=np.float64)[:, None]
    truth = np.array([past.observed], dtype=np.float64)
    return {"wis": float(weighted_interval_score(predicted, truth)[0])} | {
        f"coverage_{percent}": float(is_covered(predicted, truth, percent=percent)[0])
        for percent in COVERAGES
    }
