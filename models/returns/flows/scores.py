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

#: The baseline: every origin's recent yearly rate of return goes on.
RECENT_RATE: Final = "recent_rate"


def flow_scores(flows: Iterable[PastFlow], model: str, rng: np.random.Generator) -> pd.DataFrame:
    """Score each flow and its baseline: `model`, `origin_year` and one column per metric."""
    return pd.DataFrame(
        [
            {"model": name, "origin_year": past.landmark_year, **_cell(samples, past, rng)}
            for past in flows
            for name, samples in ((model, past.samples), (RECENT_RATE, past.at_recent_rate))
        ]
    )


def _cell(samples: np.ndarray, past: PastFlow, rng: np.random.Generator) -> dict[str, float]:
    predicted = np.asarray(flow_quantiles(samples, LEVELS.tolist(), rng), dtype=np.float64)[:, None]
    truth = np.array([past.observed], dtype=np.float64)
    return {"wis": float(weighted_interval_score(predicted, truth)[0])} | {
        f"coverage_{percent}": float(is_covered(predicted, truth, percent=percent)[0])
        for percent in COVERAGES
    }
