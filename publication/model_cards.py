"""Model cards: what a reader must know before using a model of returns."""

from __future__ import annotations

import pandas as pd

from models.returns.evaluation.backtest import DEFAULT_MODEL
from models.returns.model.return_model import ReturnModel


def model_card(
    model: ReturnModel,
    *,
    population: str,
    is_synthetic: bool,
    scores: pd.DataFrame,
    sample: str | None = None,
    name: str = DEFAULT_MODEL,
) -> pd.DataFrame:
    """Return `model_cards` rows without `release_id`.

    Args:
        model: The model that made the release.
        population: Who is counted.
        is_synthetic: The people do not exist.
        scores: From `returns_backtest`; may be empty.
        sample: Who it was learned from, where not from all.
        name: Of the model.
    """
    chosen = model.selection
    used = model.drift
    facts = {
        "what_it_says": "Probability that a researcher observed abroad is observed in the country "
        "of origin within 1, 3 or 5 years, given that the career goes on being visible.",
        "intended_use": "Statistics of cohorts: expected returns by origin and group of hosts.",
        "not_for": "Decisions about a person: visa, hiring, funding, security vetting, contact "
        "lists, or any ranking of individuals.",
        "origin": "Country of the first observed affiliation. It is not nationality, place of "
        "birth or of training, and is never inferred from names.",
        "data_gaps": "Only publishing years are seen. Someone who falls silent is lost from sight, "
        "which weighting cannot repair; covered venues change over the years.",
        "training_window": f"Records up to {model.origin.year}; "
        f"about {_about(chosen.training_returns, 50)} landmarks with a return.",
        "choice": f"{chosen.choice}. {chosen.reason}",
        "drift": f"Log-odds of return shifted by log({used.ratio:.3f}): since the earlier cut "
        f"about {_about(used.observed, 10)} returns were seen, "
        f"{_about(used.expected, 10)} expected.",
        "subgroups": _subgroups(scores, name),
    }
    if sample is not None:
        facts["sample"] = sample
    if is_synthetic:
        facts["synthetic"] = "SYNTHETIC: these people do not exist. For demonstration only."
    return pd.DataFrame(
        {
            "model": name,
            "population": population,
            "topic": list(facts),
            "text": list(facts.values()),
        }
    )


def _about(number: float, step: int) -> int:
    """Return a number in whole steps: one person may stand for a dozen landmarks."""
    return round(number / step) * step


def _subgroups(scores: pd.DataFrame, model: str) -> str:
    if scores.empty:
        return "No returns were left for a test in time; nothing is known about subgroups."
    chosen = scores[(scores["model"] == model) & (scores["metric"] == "observed_over_expected")]
    return "Observed over expected returns, 95 % interval: " + "; ".join(
        f"{row.group}, {row.horizon_years} years: {row.value:.2f} "
        f"({row.lower_95:.2f} to {row.upper_95:.2f})"
        for row in chosen.itertuples()
    )
