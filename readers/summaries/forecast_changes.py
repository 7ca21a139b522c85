"""What moved the forecast of a country's share since the release before, in words and as steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from readers.summaries.series import Series
from readers.summaries.share_steps import ShareSteps, in_order, rows_about
from readers.summaries.wording import percent, possessive, sentence

#: Causes in the order in which they are changed, with what readers call them.
CAUSE_WORDS: Final = {
    "code": "Changed code",
    "settings": "Changed settings",
    "model": "Another model",
    "revised_data": "Revised counts",
    "new_data": "New counts",
}


@dataclass(frozen=True, eq=False)
class ForecastChange:
    """The mean forecast of one year in two releases, and the steps between them.

    Attributes:
        previous_release_id: The earlier one.
        share: Steps: cause, name, value.
    """

    year: int
    previous_release_id: str
    share: ShareSteps


def forecast_change(changes: pd.DataFrame, series: Series, country: str) -> ForecastChange | None:
    """Return what moved the forecast of the last year that both releases have; None if nothing did.

    Args:
        changes: `forecast_changes` of the population.
        series: What is shown; years after its last one are not told.
        country: Whose share.
    """
    rows = rows_about(changes, series.key, country)
    rows = rows[rows["target_year"] <= series.target_year]
    if rows.empty:
        return None
    rows = rows[rows["target_year"] == rows["target_year"].max()]
    steps = in_order(rows, "cause", CAUSE_WORDS)[["cause", "name", "value"]]
    steps["value"] *= 100
    first = rows.iloc[0]
    return ForecastChange(
        int(first["target_year"]),
        str(first["previous_release_id"]),
        ShareSteps(100 * float(first["previous_share"]), steps),
    )


def forecast_change_in_words(change: ForecastChange, country: str, whole: str) -> str:
    """Say what moved a forecast, the largest step first."""
    share = change.share
    return (
        f"{sentence(possessive(country))} forecast share of {whole} in {change.year} {share.verb} "
        f"from {percent(share.before)} in release {change.previous_release_id} to "
        f"{percent(share.after)} on average: {share.told()}."
    )
