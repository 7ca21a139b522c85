"""Model card of revisions: which vintage forecasts are about, and how far sources may revise."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from models.shares.later_vintage import RevisionModel
from talentcast.domain.types import REVISION_TOPIC, Vintage


def revision_card(model: str, population: str, by_series: Mapping[str, str]) -> pd.DataFrame:
    """Return `model_cards` rows without `release_id`.

    Args:
        model: That is quoted.
        population: Who is counted.
        by_series: What `revision_text` says of each series of the population.
    """
    texts = sorted(set(by_series.values()))
    if len(texts) > 1:
        texts = [f"{series}: {text}" for series, text in sorted(by_series.items())]
    return pd.DataFrame(
        {
            "model": [model],
            "population": [population],
            "topic": [REVISION_TOPIC],
            "text": [" ".join(texts)],
        }
    )


def revision_text(revisions: RevisionModel | None, earlier: Vintage | None) -> str:
    """Return which vintage forecasts are about, and how far sources may revise until then.

    Args:
        revisions: What forecasts allow for; None if they are about the vintage at hand.
        earlier: Vintage that this was learned from; None where other sources stand in.

    Example:
        >>> revision_text(None, None)[:52]
        'Forecasts are about the vintage of the counts, which'
    """
    if revisions is None:
        return (
            "Forecasts are about the vintage of the counts, which holds later corrections: "
            "ranges do not allow for revisions."
        )
    about = "Forecasts are about the first vintage in which their year counts as finished. "
    if earlier is None:
        return (
            f"{about}Ranges allow for revisions like those of Scopus scholars: no vintage of these "
            "counts at least half a year older is known."
        )
    return (
        f"{about}Ranges allow for revisions of {revisions.level:.2f} times the size of those of "
        f"Scopus scholars, as {revisions.n_countries} countries were revised since {earlier.as_of}."
    )
