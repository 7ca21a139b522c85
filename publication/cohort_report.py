"""What became of a roster of researchers, by origin and year, beside a comparison cohort."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

import numpy as np
import pandas as pd

from features.career_records import CareerRecords
from talentcast.domain.types import UNKNOWN_COUNTRY
from talentcast.sources.roster import Roster

Status = Literal["never_left", "returned", "abroad", "moved_on"]

#: never left origin; back at origin; abroad where the career abroad began; in yet another country.
STATUSES: Final[tuple[Status, ...]] = ("never_left", "returned", "abroad", "moved_on")
ALL_ORIGINS: Final = "all"
_NORMAL_95: Final = 1.959963984540054


def career_status(records: CareerRecords) -> pd.DataFrame:
    """Return status and location of each researcher in every year of the career.

    Years between two observations count as the earlier one; nothing is assumed after the last.

    Returns:
        `researcher_id`, `year`, `origin_country`, `country`, `status`.
    """
    careers = records.careers
    located = careers[careers["country"] != UNKNOWN_COUNTRY].sort_values(["researcher_id", "year"])
    person = located["researcher_id"]
    origin = located.groupby("researcher_id")["country"].transform("first")
    is_abroad = located["country"] != origin
    has_left = is_abroad.groupby(person).cummax()
    first_host = located["country"].where(is_abroad).groupby(person).transform("first").fillna("")
    status = np.select(
        [~has_left, ~is_abroad, located["country"] == first_host],
        ["never_left", "returned", "abroad"],
        default="moved_on",
    )
    seen = located[["researcher_id", "year", "country"]].assign(
        origin_country=origin, status=status
    )
    until = seen.groupby("researcher_id")["year"].shift(-1).fillna(seen["year"] + 1)
    years = (until - seen["year"]).astype(int)
    filled = seen.loc[seen.index.repeat(years)].reset_index(drop=True)
    offset = filled.groupby(["researcher_id", "year"]).cumcount()
    return filled.assign(year=filled["year"] + offset)


def cohort_report(
    records: CareerRecords,
    roster: Roster,
    *,
    comparison: Roster | None = None,
    by: Literal["status", "country"] = "status",
    min_people: int = 10,
) -> pd.DataFrame:
    """Return the composition of a cohort by origin and year, with 95 % Wilson intervals.

    A cell of too few people is withheld, and with it the smallest other cell of its group where
    the total would give it away; a group of too few people is withheld whole. Counts are rounded
    to 5 and shares are made from rounded counts.

    Args:
        records: Careers.
        roster: Who is described.
        comparison: Who stands beside them; by default everybody else in the records.
        by: Composition by `status` or by `country` of location.
        min_people: Smallest cell that is shown.

    Returns:
        `cohort`, `origin_country` (or `all`), `year`, the column named by `by`, `researchers`,
        `share`, `lower_95`, `upper_95`, `unknown_share` (of the roster, not seen in that year),
        `is_suppressed`.
    """
    everybody = career_status(records)
    if comparison is None:
        others = frozenset(everybody["researcher_id"]) - roster.researcher_ids
        comparison = Roster("everybody_else", others)
    parts = [_composition(everybody, chosen, by, min_people) for chosen in (roster, comparison)]
    return pd.concat(parts, ignore_index=True)


def wilson_interval(share: pd.Series, people: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the 95 % score interval of a share (Wilson 1927).

    Example:
        >>> low, high = wilson_interval(pd.Series([0.5]), pd.Series([100]))
        >>> round(float(low[0]), 3), round(float(high[0]), 3)
        (0.404, 0.596)
    """
    z2 = _NORMAL_95**2
    centre = (share + z2 / (2 * people)) / (1 + z2 / people)
    half = (
        _NORMAL_95 / (1 + z2 / people)
        * np.sqrt(share * (1 - share) / people + z2 / (4 * people**2))
    )  # fmt: skip
    return (centre - half).clip(lower=0), (centre + half).clip(upper=1)


def _composition(everybody: pd.DataFrame, roster: Roster, by: str, min_people: int) -> pd.DataFrame:
    members = everybody[everybody["researcher_id"].isin(roster.researcher_ids)]
    both = pd.concat([members, members.assign(origin_country=ALL_ORIGINS)])
    group = ["origin_country", "year"]
    cells = both.groupby([*group, by], as_index=False).size().rename(columns={"size": "people"})
    cells = cells.assign(total=cells.groupby(group)["people"].transform("sum"))
    is_hidden = _hidden(cells, group, min_people)
    shown = np.floor(cells["people"] / 5 + 0.5) * 5
    total = np.maximum(np.floor(cells["total"] / 5 + 0.5) * 5, 5)
    share = (shown / total).clip(upper=1)
    low, high = wilson_interval(share, total)
    seen = members.groupby("year")["researcher_id"].nunique() / max(len(roster.researcher_ids), 1)
    # As coarse as the counts: the share of the roster that is out of sight in a year.
    unknown = ((1 - cells["year"].map(seen)) * 20).round() / 20
    hidden = {
        name: column.mask(is_hidden)
        for name, column in {
            "researchers": shown, "share": share, "lower_95": low, "upper_95": high,
        }.items()
    }  # fmt: skip
    return cells[[*group, by]].assign(
        cohort=roster.name, **hidden, unknown_share=unknown, is_suppressed=is_hidden
    )


def _hidden(cells: pd.DataFrame, group: Collection[str], min_people: int) -> pd.Series:
    """Withhold small cells, and the smallest other one where the total gave a cell away.

    The rows of all origins are totals over origins as well: where an origin's cell is withheld for
    its size, so is the smallest other origin's cell of the same kind.
    """
    table = cells.reset_index(drop=True)
    people = table["people"].to_numpy()
    is_hidden = (people < min_people) | (table["total"].to_numpy() < min_people)
    is_origin = (table["origin_country"] != ALL_ORIGINS).to_numpy()
    kind = [name for name in table if name not in {"people", "total", "origin_country"}]
    whole = [np.asarray(rows) for rows in table.groupby(list(group)).indices.values()]
    across = [np.asarray(rows) for rows in table.groupby(kind).indices.values()]
    groups = [*whole, *(rows[is_origin[rows]] for rows in across)]
    changed = True
    while changed:
        changed = False
        for rows in groups:
            hidden = rows[is_hidden[rows]]
            shown = rows[~is_hidden[rows]]
            few = len(hidden) == 1 or people[hidden].sum() < min_people
            if len(hidden) and len(shown) and few:
                is_hidden[shown[np.argmin(people[shown])]] = True
                changed = True
    return pd.Series(is_hidden, index=cells.index)
