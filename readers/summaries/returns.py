"""Return cohorts in words and cells; a withheld cell never looks like a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from readers.summaries.headlines import Headline
from readers.summaries.series import NOT_A_COUNTRY
from readers.summaries.wording import EN_DASH, count, in_sentence, odds, sentence

WITHHELD = "withheld"
TOO_RECENT = "too recent"
#: Group that stands for all groups together.
EVERY_HOST: Final = "all"
_HOSTS: Final = {
    EVERY_HOST: "All together",
    "usa": "United States",
    "asia_pacific": "Asia and the Pacific",
    "other": "Other countries",
}
#: Landmark years shown at once.
NEWEST = 8


def returns_headline(cohorts: pd.DataFrame, names: Mapping[str, str]) -> Headline:
    """Say where returns are most likely, and how sure that is, from cells that may be shown."""
    shown = cohorts[~cohorts["is_suppressed"]].dropna(subset=["return_probability"])
    if shown.empty:
        return Headline(
            "Every cohort in this release is withheld to protect people",
            (("Cohorts of few researchers are never shown.", False),),
        )
    horizon = int(shown["horizon_years"].max())
    year = int(shown.loc[shown["horizon_years"] == horizon, "landmark_year"].max())
    newest = shown[(shown["horizon_years"] == horizon) & (shown["landmark_year"] == year)]
    by_origin = (
        _every_host(newest)
        .groupby("origin_country")[["expected_returns", "researchers_at_risk"]]
        .sum()
    )
    part = (by_origin["expected_returns"] / by_origin["researchers_at_risk"]).dropna()
    largest = main_origin(newest)
    name = in_sentence(names.get(largest, largest))
    origin = "" if largest in NOT_A_COUNTRY else f"first seen in {name} and "
    title = (
        f"{sentence(odds(float(part[largest])))} researchers {origin}abroad in {year} are "
        f"expected back within {horizon} years"
    )
    people = count(float(by_origin["researchers_at_risk"][largest]))
    between = (
        f"Between origins the part runs from {100 * part.min():.0f}% to {100 * part.max():.0f}%. "
        if len(part) > 1
        else ""
    )
    body = (
        (f"Of about {people} observed abroad. {between}", False),
        ("Cohorts, not people: nothing here is about an individual.", True),
    )
    return Headline(title, body)


def main_origin(cohorts: pd.DataFrame) -> str:
    """Return the country most researchers abroad were first seen in; the rest of the world last."""
    people = _every_host(cohorts).groupby("origin_country")["researchers_at_risk"].sum()
    named = people.drop(labels=NOT_A_COUNTRY, errors="ignore")
    return str((named if len(named) else people).idxmax())


def _every_host(cohorts: pd.DataFrame) -> pd.DataFrame:
    """Return the totals over groups of hosts, or the groups where a release holds no totals."""
    totals = cohorts[cohorts["host_group"] == EVERY_HOST]
    return totals if len(totals) else cohorts


def newest_cohorts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cohorts of the newest landmark years."""
    years = sorted(rows["landmark_year"].unique())[-NEWEST:]
    return rows[rows["landmark_year"].isin(years)]


def cohort_cells(
    rows: pd.DataFrame, horizons: Sequence[int], *, last_year: int
) -> list[list[tuple[str, bool]]]:
    """Return the cells of a cohort table: text, and whether it stands in place of a number.

    Args:
        rows: `return_cohorts` rows of one origin.
        horizons: One column each, in years.
        last_year: Last year of data; a cohort without a row whose horizon ends later is too recent.
    """
    table = []
    cohorts = rows.groupby(["landmark_year", "host_group"], sort=True)
    for _, cohort in cohorts:
        year, group = int(cohort["landmark_year"].iloc[0]), str(cohort["host_group"].iloc[0])
        by_horizon = {int(row["horizon_years"]): row for row in cohort.to_dict("records")}
        people = cohort["researchers_at_risk"].dropna()
        is_hidden = bool(cohort["is_suppressed"].all()) or people.empty
        line = [(str(year), False), (host_words(group), False)]
        line.append((WITHHELD, True) if is_hidden else (count(float(people.iloc[0])), False))
        line += [_cell(by_horizon.get(h), year + h > last_year) for h in horizons]
        table.append(line)
    return table


def host_words(group: str) -> str:
    """Return how to speak of a group of host countries.

    Example:
        >>> host_words("usa"), host_words("western_europe")
        ('United States', 'Western europe')
    """
    plain = group.replace("_", " ")
    return _HOSTS.get(group, plain[:1].upper() + plain[1:])


def _cell(row: Mapping[Any, Any] | None, ends_after_data: bool) -> tuple[str, bool]:
    if row is None:
        return (TOO_RECENT if ends_after_data else WITHHELD), True
    middle, low, high = (row[n] for n in ("return_probability", "lower_95", "upper_95"))
    if row["is_suppressed"] or pd.isna(middle):
        return WITHHELD, True
    interval = f" ({100 * low:.0f}{EN_DASH}{100 * high:.0f})" if pd.notna(low) else ""
    return f"{100 * middle:.0f}%{interval}", False
