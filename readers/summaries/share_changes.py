"""Why a country's share changed, in words and as steps from one year to another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from readers.summaries.series import Series
from readers.summaries.wording import percent, points, possessive, sentence

#: Terms in the order in which they are told, with what readers call them.
TERM_WORDS: Final = {
    "revision": "Earlier year revised",
    "arrivals": "Arrivals from abroad",
    "departures": "Departures",
    "net_entries": "Entries less exits",
    "own_growth": "Own growth",
    "total_growth": "Growth of all others",
    "coverage": "Country named more or less often",
}


@dataclass(frozen=True, eq=False)
class ShareChange:
    """One country's share in two years, and the steps between them.

    Attributes:
        steps: term, name, value, lower_80, upper_80; percentage points.
    """

    from_year: int
    year: int
    before: float
    after: float
    steps: pd.DataFrame = field(repr=False)


def share_change(changes: pd.DataFrame, series: Series, country: str) -> ShareChange | None:
    """Return the change over the longest span that is told; None where there is none.

    Args:
        changes: `share_changes` of the population.
        series: What is shown.
        country: Whose share.
    """
    rows = changes[
        (changes["country"] == country)
        & (changes["counting_rule"] == str(series.key.counting_rule))
        & (changes["source"] == series.key.source)
    ]
    if rows.empty:
        return None
    rows = rows[rows["from_year"] == rows["from_year"].min()]
    order = {term: number for number, term in enumerate(TERM_WORDS)}
    steps = rows.sort_values("term", key=lambda terms: terms.map(order), ignore_index=True)
    steps = steps.assign(name=steps["term"].map(TERM_WORDS))[
        ["term", "name", "value", "lower_80", "upper_80"]
    ]
    steps[["value", "lower_80", "upper_80"]] *= 100
    year = int(rows["year"].iloc[0])
    own = series.history[series.history["country"] == country].set_index("year")["share"]
    after = float(own[year])
    before = after - float(steps["value"].sum())
    return ShareChange(int(rows["from_year"].iloc[0]), year, before, after, steps)


def change_in_words(change: ShareChange, country: str, whole: str) -> str:
    """Say what moved a share, the largest step first."""
    moved = change.after - change.before
    verb = "rose" if moved > 0 else "fell"
    steps = change.steps.sort_values("value", key=lambda values: -values.abs())
    told = ", ".join(
        f"{name[0].lower()}{name[1:]} {points(value)}"
        for name, value in zip(steps["name"], steps["value"], strict=True)
    )
    return (
        f"{sentence(possessive(country))} share of {whole} {verb} from {percent(change.before)} in "
        f"{change.from_year} to {percent(change.after)} in {change.year}: {told}."
    )
