"""What moved between two releases."""

from __future__ import annotations

import pandas as pd

from readers.fan import field
from readers.summaries.series import NOT_A_COUNTRY, Series
from readers.summaries.wording import percent, points

MEDIAN = field(0.5)


def share_changes(before: Series, after: Series, *, year: int, largest: int = 10) -> pd.DataFrame:
    """Return the countries whose forecast share of one year moved most.

    Returns:
        Columns country, name, before, after (per cent), change (points) and text, largest first.
    """
    median = [
        series.shares[series.shares["year"] == year].set_index("country")[MEDIAN]
        for series in (before, after)
    ]
    both = pd.concat(median, axis=1, keys=["before", "after"], join="inner").reset_index()
    both = both[~both["country"].isin(NOT_A_COUNTRY)]
    both = both.assign(change=both["after"] - both["before"])
    both = both.assign(
        name=[after.names.get(code, code) for code in both["country"]],
        text=[
            f"{percent(now)} ({points(moved)})"
            for now, moved in zip(both["after"], both["change"], strict=True)
        ],
    )
    order = both["change"].abs().sort_values(ascending=False, kind="stable").index
    return both.loc[order].head(largest).reset_index(drop=True)


def common_years(before: Series, after: Series) -> list[int]:
    """Return the years that both releases forecast."""
    return sorted({int(year) for year in before.shares["year"]} & set(after.shares["year"]))
