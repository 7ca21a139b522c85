"""Why a country's share changed, in words and as steps from one year to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from readers.summaries.series import Series
from readers.summaries.share_steps import ShareSteps, in_order, rows_about
from readers.summaries.wording import percent, possessive, sentence

#: Terms in the order in which they are told, with what readers call them.
TERM_WORDS: Final = {
    "revision": "Earlier year revised",
    "arrivals": "Arrivals from abroad",
    "departures": "Departures",
    "entries": "Seen for the first time",
    "exits": "Not seen any more",
    "net_entries": "Entries less exits",
    "own_growth": "Own growth",
    "total_growth": "Growth of all others",
    "coverage": "Unknown countries",
}
_RANGE: Final = ["value", "lower_80", "upper_80"]


@dataclass(frozen=True, eq=False)
class ShareChange:
    """One country's share in two years, and the steps between them.

    Attributes:
        share: Steps: term, name, value, lower_80, upper_80.
    """

    from_year: int
    year: int
    share: ShareSteps


def share_change(changes: pd.DataFrame, series: Series, country: str) -> ShareChange | None:
    """Return the change over the longest span that is told; None where there is none.

    Args:
        changes: `share_changes` of the population.
        series: What is shown.
        country: Whose share.
    """
    rows = rows_about(changes, series.key, country)
    if rows.empty:
        return None
    rows = rows[rows["from_year"] == rows["from_year"].min()]
    steps = in_order(rows, "term", TERM_WORDS)[["term", "name", *_RANGE]]
    steps[_RANGE] *= 100
    year = int(rows["year"].iloc[0])
    own = series.history[series.history["country"] == country].set_index("year")["share"]
    before = float(own[year]) - float(steps["value"].sum())
    return ShareChange(int(rows["from_year"].iloc[0]), year, ShareSteps(before, steps))


def change_in_words(change: ShareChange, country: str, whole: str) -> str:
    """Say what moved a share, the largest step first."""
    share = change.share
    return (
        f"{sentence(possessive(country))} share of {whole} {share.verb} from "
        f"{percent(share.before)} in {change.from_year} to {percent(share.after)} in "
        f"{change.year}: {share.told()}."
    )
