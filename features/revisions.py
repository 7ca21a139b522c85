"""Revisions: what a source says now about years that it had counted before."""

from __future__ import annotations

from typing import Final

import pandas as pd

from features.vintages import SERIES_COLUMNS
from talentcast.domain.tables import REVISIONS
from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY

_COLUMNS: Final = tuple(name for name in REVISIONS.column_names if name != "release_id")
_CELL: Final = [*SERIES_COLUMNS, "year", "country"]


def revision_rows(
    observations: pd.DataFrame, served: pd.DataFrame | None, counts: pd.DataFrame
) -> pd.DataFrame:
    """Return the `revisions` rows of a release; none where no series had an earlier vintage.

    Each series is compared with the newest vintage before its own, among the served release and
    the inputs. `ROW` and `UNK` are left out: what falls to them depends on the other rows.

    Args:
        observations: Of the new release.
        served: `observations` of the release served until now; None if there is none.
        counts: `researcher_counts` of the inputs, in all vintages.

    Returns:
        The contract's columns except `release_id`: cells counted in both vintages, revised or not.
    """
    states = [state[[*_CELL, "vintage", "researchers"]] for state in (counts, served)
              if state is not None]  # fmt: skip
    earlier = pd.concat(states, ignore_index=True)
    earlier["vintage"] = pd.to_datetime(earlier["vintage"]).astype("datetime64[us]")
    now = observations.assign(
        vintage=pd.to_datetime(observations["vintage"]).astype("datetime64[us]")
    )
    now = now[now["researchers"].notna() & ~now["country"].isin([REST_OF_WORLD, UNKNOWN_COUNTRY])]
    own = now.groupby(list(SERIES_COLUMNS))["vintage"].max().rename("own")
    earlier = earlier.join(own, on=list(SERIES_COLUMNS))
    earlier = earlier[(earlier["vintage"] < earlier["own"]) & earlier["researchers"].gt(0)]
    newest = earlier.groupby(list(SERIES_COLUMNS))["vintage"].transform("max")
    # The served release comes last and wins: it is what readers were told.
    previous = earlier[earlier["vintage"] == newest].drop_duplicates(_CELL, keep="last")
    previous = previous.rename(
        columns={"vintage": "previous_vintage", "researchers": "previous_researchers"}
    )
    both = now.merge(previous[[*_CELL, "previous_vintage", "previous_researchers"]], on=_CELL)
    both["ratio"] = both["researchers"] / both["previous_researchers"]
    return both.sort_values(_CELL, ignore_index=True)[list(_COLUMNS)]
