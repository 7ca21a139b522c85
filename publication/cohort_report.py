"""What became of a roster of researchers, by origin and year, beside a comparison cohort."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from features.career_records import CareerRecords
from privacy.disclosure import (
    DEFAULT,
    Protection,
    rounded,
    rows_by,
    with_complements,
)
from sources.roster import Roster
from talentcast.domain.types import UNKNOWN_COUNTRY

ALL_ORIGINS: Final = "all"


def career_status(records: CareerRecords) -> pd.DataFrame:
    """Return status and location of each researcher in every year of the career.

    The status is `never_left`; `returned`, back at the origin; `abroad`, where the career abroad
    began; or `moved_on`, in yet another country. Years between two observations count as the
    earlier one; nothing is assumed after the last.

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
    protection: Protection = DEFAULT,
) -> pd.DataFrame:
    """Return the composition of a cohort by origin and year, with 95 % Wilson intervals.

    A cell of too few people is withheld, and with it the smallest other cell of its group where
    the total would give it away; a group of too few people is withheld whole. Counts are rounded
    and shares are made from rounded counts.

    Args:
        records: Careers.
        roster: Who is described.
        comparison: Who stands beside them; by default everybody else in the records.
        by: Composition by `status` or by `country` of location.
        protection: Limits of disclosure control.

    Returns:
        `cohort`, `origin_country` (or `all`), `year`, the column named by `by`, `researchers`,
        `share`, `lower_95`, `upper_95`, `unknown_share` (of the roster, not seen in that year),
        `is_suppressed`.
    """
    everybody = career_status(records)
    if comparison is None:
        others = frozenset(everybody["researcher_id"]) - roster.researcher_ids
        comparison = Roster("everybody_else", others)
    parts = [_composition(everybody, chosen, by, protection) for chosen in (roster, comparison)]
    return pd.concat(parts, ignore_index=True)


def _composition(
    everybody: pd.DataFrame, roster: Roster, by: str, protection: Protection
) -> pd.DataFrame:
    members = everybody[everybody["researcher_id"].isin(roster.researcher_ids)]
    both = pd.concat([members, members.assign(origin_country=ALL_ORIGINS)])
    group = ["origin_country", "year"]
    cells = both.groupby([*group, by], as_index=False).size().rename(columns={"size": "people"})
    totals = cells.groupby(group)["people"].transform("sum")
    is_hidden = _withheld(cells, totals, by, protection)
    shown = rounded(cells["people"].to_numpy(dtype=float), protection)
    total = np.maximum(rounded(totals.to_numpy(dtype=float), protection), protection.base)
    share = np.minimum(shown / total, 1)
    low, high = proportion_confint(share * total, total, method="wilson")
    seen = members.groupby("year")["researcher_id"].nunique() / max(len(roster.researcher_ids), 1)
    # As coarse as the counts: the share of the roster that is out of sight in a year.
    unknown = ((1 - cells["year"].map(seen)) * 20).round() / 20
    measures = {"researchers": shown, "share": share, "lower_95": low, "upper_95": high}
    return cells[[*group, by]].assign(
        cohort=roster.name,
        **{name: np.where(is_hidden, np.nan, values) for name, values in measures.items()},
        unknown_share=unknown,
        is_suppressed=is_hidden,
    )


def _withheld(
    cells: pd.DataFrame, totals: pd.Series, by: str, protection: Protection
) -> NDArray[np.bool_]:
    """Which cells to withhold, given that readers see the rows of all origins as well.

    Those are totals over origins: where an origin's cell is withheld for its size, so is the
    smallest other origin's cell of the same kind.
    """
    people = cells["people"].to_numpy(dtype=float)
    is_small = (people < protection.min_people) | (totals.to_numpy() < protection.min_people)
    is_origin = (cells["origin_country"] != ALL_ORIGINS).to_numpy()
    whole = rows_by(cells, ["origin_country", "year"])
    across = [rows[is_origin[rows]] for rows in rows_by(cells, ["year", by])]
    return with_complements(people, is_small, [*whole, *across], protection)
