"""What moved forecasts since the release before, one cause after the other."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import pandas as pd

from talentcast.domain.tables import FORECAST_CHANGES
from talentcast.domain.types import ReleaseId, SeriesKey

#: Below this a difference is rounding, not a cause.
_SMALLEST: Final = 1e-12


class Cause(StrEnum):
    """What can differ between two releases, in the order in which it is changed."""

    CODE = "code"
    SETTINGS = "settings"
    MODEL = "model"
    REVISED_DATA = "revised_data"
    NEW_DATA = "new_data"


def forecast_change_rows(
    before: pd.Series,
    steps: Iterable[tuple[Cause, pd.Series]],
    key: SeriesKey,
    *,
    model: str,
    previous: ReleaseId,
) -> pd.DataFrame:
    """Return the `forecast_changes` rows of one series.

    Each cause counts for what it moved the forecast by when it was changed after those before it.
    So the sum over the causes is the difference of the two releases exactly; another order would
    give each cause another part.

    Args:
        before: Mean forecast shares of the release before; index country, target_year.
        steps: Cause, and the shares once that is changed too; the last are those now published.
            Countries and years that one of them lacks are left out.
        key: What is forecast.
        model: Name of the model now.
        previous: Release compared with.

    Returns:
        The contract's columns except `release_id`.
    """
    found = list(steps)
    shares = pd.concat(
        [before, *(values for _, values in found)],
        axis=1,
        join="inner",
        keys=["before", *(str(cause) for cause, _ in found)],
    )
    moved = shares.diff(axis=1).assign(previous_share=shares["before"]).drop(columns="before")
    kept = ["country", "target_year", "previous_share"]
    rows = moved.reset_index().melt(kept, var_name="cause", value_name="value")
    return rows[rows["value"].abs() > _SMALLEST].assign(
        population=key.population,
        counting_rule=str(key.counting_rule),
        source=key.source,
        model=model,
        previous_release_id=str(previous),
    )[list(FORECAST_CHANGES.unpublished_columns)]
