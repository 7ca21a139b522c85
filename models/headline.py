"""Questions that joint samples answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.base import Draws
from talentcast.domain.errors import UsageError
from talentcast.domain.types import OutputType, Target


def probability_ahead(draws: Draws, first: str, second: str) -> pd.Series:
    """Return the probability that the first country's share exceeds the second's.

    Args:
        draws: Joint samples.
        first: Country code.
        second: Country code.

    Returns:
        Fraction of worlds, by `target_year`.

    Raises:
        UsageError: If a country is no part of the composition.
    """
    position = {country: place for place, country in enumerate(draws.countries)}
    if absent := {first, second} - set(position):
        raise UsageError(f"No part of this composition: {', '.join(sorted(absent))}.")
    ahead = draws.shares[:, :, position[first]] > draws.shares[:, :, position[second]]
    years = pd.Index([draws.origin.year + horizon for horizon in draws.horizons])
    return pd.Series(ahead.mean(axis=1), index=years.rename("target_year"), name="probability")


def probability_ahead_in(forecasts: pd.DataFrame, first: str, second: str) -> pd.Series:
    """Return the same from the published samples of one series and model.

    Args:
        forecasts: Rows of `forecasts` of one population, counting rule, source and model.
        first: Country code.
        second: Country code.

    Raises:
        UsageError: If a country has no samples there.
    """
    samples = forecasts[
        (forecasts["output_type"] == str(OutputType.SAMPLE))
        & (forecasts["target"] == str(Target.SHARE))
    ]
    if absent := {first, second} - set(samples["country"]):
        raise UsageError(f"No samples of: {', '.join(sorted(absent))}.")
    worlds = samples.pivot_table(
        index=["target_year", "output_type_id"], columns="country", values="value"
    )
    ahead = (worlds[first] > worlds[second]).astype(np.float64)
    return ahead.groupby("target_year").mean().rename("probability")
