"""Checks of a table of counts: each rule takes the table and returns what breaks it.

The table has the columns of `researcher_counts`, `source_row`, and `previous_researchers` and
`earlier_researchers`: the same cell as last accepted, and in the vintage before, or NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from expectations.suite import Suite
from expectations.violations import Violations, row_names, violating_rows, violations
from features.edge_years import MAX_FLOW_DROP, first_edge_year
from features.series import SERIES_COLUMNS
from talentcast.domain.checks import Severity
from talentcast.domain.countries import code_holds, known_codes
from talentcast.domain.tables import RESEARCHER_COUNTS
from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY, CountingRule

KEY: Final = list(RESEARCHER_COUNTS.key)
SERIES: Final = [*SERIES_COLUMNS, "vintage"]
_NUMBERS: Final = ("researchers", "arrivals", "departures")
_LARGEST: Final = RESEARCHER_COUNTS.column("researchers").maximum or np.inf

COUNTS: Final = Suite("counts")


@dataclass(frozen=True, slots=True)
class CountLimits:
    """What the checks of counts allow.

    Attributes:
        max_gap_years: Longest run of missing years inside the series of a notable country.
        notable_share: Share of a year's researchers from which a country is notable.
        max_missing_countries: Part of the countries that the latest year may lack.
        max_missing_share: Part of the researchers that those countries may have had.
        max_revision: Largest change of a closed year against the previous vintage.
        level_bounds: Smallest and largest typical ratio to the previous vintage.
        max_unknown_share: Largest share without a country.
        max_unknown_jump: Largest change of that share from year to year.
        max_flow_imbalance: Largest difference of arrivals and departures, as part of arrivals.
        max_flow_drop: Fall of moves per researcher that marks an unfinished year.
        min_years: Years a series needs.
        min_countries: Countries with that many years a population needs.
    """

    max_gap_years: int = 2
    notable_share: float = 0.001
    max_missing_countries: float = 0.10
    max_missing_share: float = 0.01
    max_revision: float = 0.10
    level_bounds: tuple[float, float] = (0.5, 2.0)
    max_unknown_share: float = 0.10
    max_unknown_jump: float = 0.05
    max_flow_imbalance: float = 0.01
    max_flow_drop: float = MAX_FLOW_DROP
    min_years: int = 3
    min_countries: int = 2


@COUNTS.check("NEG_COUNT", message="Counts cannot be negative.")
def negative_counts(counts: pd.DataFrame) -> Violations:
    """Return rows with a number below zero."""
    return violating_rows(counts, counts[list(_NUMBERS)].lt(0).any(axis=1))


@COUNTS.check(
    "RANGE",
    threshold="at most 1e9 persons",
    message="More persons than any country has: check the unit.",
)
def out_of_range(counts: pd.DataFrame) -> Violations:
    """Return rows with more persons than any country has."""
    return violating_rows(counts, counts[list(_NUMBERS)].gt(_LARGEST).any(axis=1))


@COUNTS.check("NON_FINITE", message="Leave out what was not counted.")
def not_finite(counts: pd.DataFrame) -> Violations:
    """Return rows whose count is missing or infinite."""
    infinite = pd.Series(np.isinf(counts[list(_NUMBERS)]).any(axis=1), index=counts.index)
    return violating_rows(counts, infinite | counts["researchers"].isna())


@COUNTS.check(
    "NOT_INTEGER",
    message="A modal country counts whole persons. Is a point a thousands separator, or is "
    "the counting rule `fractional`?",
)
def fractions_of_persons(counts: pd.DataFrame) -> Violations:
    """Return rows with a fraction under a rule that counts whole persons."""
    whole = [str(rule) for rule in CountingRule if rule.counts_whole_persons]
    fraction = counts["researchers"].mod(1).gt(0)
    return violating_rows(counts, counts["counting_rule"].isin(whole) & fraction)


@COUNTS.check(
    "YEAR_FUTURE",
    threshold="up to the year of the vintage",
    message="A year cannot be counted before it ends; check the year, or state the vintage.",
)
def future_years(counts: pd.DataFrame) -> Violations:
    """Return rows about a year after the vintage."""
    return violating_rows(counts, counts["year"] > counts["vintage"].dt.year)


@COUNTS.check(
    "UNKNOWN_CODE",
    message="Use ISO 3166-1 codes, English names, ROW or UNK; aliases are listed in "
    "sources/data/country_aliases.csv.",
)
def unknown_codes(counts: pd.DataFrame) -> Violations:
    """Return rows whose country is no known code."""
    return violating_rows(counts, ~counts["country"].isin(known_codes()))


@COUNTS.check(
    "COUNTRY_VALIDITY",
    message="The country did not exist in these years; use the code of its successor.",
)
def codes_out_of_time(counts: pd.DataFrame) -> Violations:
    """Return rows of a country in years in which it did not exist."""
    outside = [
        not code_holds(str(country), int(year))
        for country, year in zip(counts["country"], counts["year"], strict=True)
    ]
    return violating_rows(counts, pd.Series(outside, index=counts.index))


@COUNTS.check("DUP_KEY", message="The same row stands twice; remove one.")
def repeated_keys(counts: pd.DataFrame) -> Violations:
    """Return rows that repeat another row's key and numbers."""
    return violating_rows(counts, counts.duplicated([*KEY, "researchers"], keep="first"))


@COUNTS.check(
    "DUP_CONFLICT",
    message="The same year and country with different counts: find out which is right.",
)
def conflicting_keys(counts: pd.DataFrame) -> Violations:
    """Return rows that share a key but not the number."""
    distinct = counts.groupby(KEY)["researchers"].transform("nunique")
    return violating_rows(counts, distinct > 1)


@COUNTS.check(
    "GAP",
    severity=Severity.WARNING,
    message="These years stay missing in the model; nothing is filled in.",
)
def gaps(counts: pd.DataFrame) -> Violations:
    """Return all runs of missing years inside a country's series."""
    return missing_years(counts)


@COUNTS.check(
    "GAP_TOO_LONG",
    threshold="{max_gap_years} years in countries above {notable_share:.1%}",
    message="Add the missing years, or start the series after the gap.",
)
def long_gaps(counts: pd.DataFrame, *, max_gap_years: int, notable_share: float) -> Violations:
    """Return the long ones in countries of some size."""
    return missing_years(counts, longer_than=max_gap_years, notable_share=notable_share)


@COUNTS.check(
    "COVERAGE",
    threshold="{max_missing_countries:.0%} of the countries, "
    "{max_missing_share:.0%} of the researchers",
    message="Wait for the year to be finished, or set is_provisional for it.",
)
def thin_latest_year(
    counts: pd.DataFrame, *, max_missing_countries: float, max_missing_share: float
) -> Violations:
    """Return countries that the latest year lacks, if too many or too large; unless provisional.

    Args:
        counts: Table of counts.
        max_missing_countries: Part of the countries of the year before that may be absent.
        max_missing_share: Part of that year's researchers that they may have had.
    """
    absent: list[str] = []
    for _, series in counts.groupby(SERIES):
        latest = series["year"].max()
        last = series[series["year"] == latest]
        before = series[series["year"] == latest - 1]
        missing = before[~before["country"].isin(last["country"])]
        is_thin = (
            len(missing) > max_missing_countries * len(before)
            or missing["researchers"].sum() > max_missing_share * before["researchers"].sum()
        )
        if is_thin and not last["is_provisional"].any():
            absent += [f"{country} {latest}" for country in sorted(missing["country"])]
    return violations(absent)


@COUNTS.check("ALL_ZERO", message="Nobody anywhere: leave the year out.")
def years_of_zeros(counts: pd.DataFrame) -> Violations:
    """Return years in which every country counts nobody."""
    largest = counts.groupby([*SERIES, "year"], as_index=False)["researchers"].max()
    return violations(f"year {year}" for year in largest.loc[largest["researchers"] == 0, "year"])


@COUNTS.check(
    "ZERO_COUNT",
    severity=Severity.WARNING,
    message="Is nobody there, or was nobody counted? Leave the row out if the latter.",
)
def single_zeros(counts: pd.DataFrame) -> Violations:
    """Return rows that count nobody."""
    return violating_rows(counts, counts["researchers"] == 0)


@COUNTS.check(
    "MIN_HISTORY",
    threshold="{min_years} years in {min_countries} countries",
    message="Add years: nothing can be forecast from fewer.",
)
def short_history(counts: pd.DataFrame, *, min_years: int, min_countries: int) -> Violations:
    """Return series in which too few countries have enough years to forecast anything."""
    years = counts.groupby([*SERIES, "country"])["year"].nunique()
    enough = years.ge(min_years).groupby(level=SERIES).sum()
    short = enough[enough < min_countries]
    return violations(
        f"{' '.join(str(part) for part in key[:3])}: {number} countries with {min_years} years"
        for key, number in zip(short.index, short, strict=True)
    )


@COUNTS.check(
    "FLOWS_BALANCE",
    severity=Severity.WARNING,
    threshold="{max_flow_imbalance:.0%} of arrivals",
    message="Who leaves one country arrives in another: are countries left out?",
)
def flows_out_of_balance(counts: pd.DataFrame, *, max_flow_imbalance: float) -> Violations:
    """Return years in which arrivals and departures over all countries differ."""
    stated = counts.dropna(subset=["arrivals", "departures"])
    totals = stated.groupby([*SERIES, "year"], as_index=False)[["arrivals", "departures"]].sum()
    off = (totals["arrivals"] - totals["departures"]).abs() > max_flow_imbalance * totals[
        "arrivals"
    ]
    return violations(
        f"{year}: {arrivals:.0f} arrive, {departures:.0f} leave"
        for year, arrivals, departures in totals.loc[
            off, ["year", "arrivals", "departures"]
        ].itertuples(index=False)
    )


@COUNTS.check(
    "EDGE_YEARS",
    severity=Severity.WARNING,
    threshold="fall of {max_flow_drop:.0%}",
    message="The source has not seen all moves of these years; set is_provisional.",
)
def unflagged_edge_years(counts: pd.DataFrame, *, max_flow_drop: float) -> Violations:
    """Return last years whose moves per researcher collapse although nothing says provisional."""
    found: list[str] = []
    for _, series in counts.dropna(subset=["arrivals"]).groupby(SERIES):
        first = first_edge_year(series, max_flow_drop)
        if first is not None:
            is_flagged = series[series["year"] >= first].groupby("year")["is_provisional"].any()
            found += [f"year {year}" for year in is_flagged.index[~is_flagged]]
    return violations(found)


@COUNTS.check(
    "UNKNOWN_SHARE",
    severity=Severity.WARNING,
    threshold="{max_unknown_share:.0%}, jump {max_unknown_jump:.0%}",
    message="Shares of countries hide a changing part without a country.",
)
def unknown_share_too_high(
    counts: pd.DataFrame, *, max_unknown_share: float, max_unknown_jump: float
) -> Violations:
    """Return years with too large a share without a country, or a jump of that share."""
    is_unknown = counts["country"] == UNKNOWN_COUNTRY
    by_year = counts.assign(unknown=counts["researchers"].where(is_unknown, 0)).groupby(
        [*SERIES, "year"]
    )[["unknown", "researchers"]]
    totals = by_year.sum()
    share = totals["unknown"] / totals["researchers"]
    jump = share.groupby(level=SERIES).diff().abs()
    bad = share[(share > max_unknown_share) | (jump > max_unknown_jump)]
    years = bad.index.get_level_values("year")
    return violations(f"{year}: {value:.1%}" for year, value in zip(years, bad, strict=True))


@COUNTS.check(
    "REVISION",
    can_be_approved=True,
    threshold="{max_revision:.0%} of a closed year",
    message="History changed. If that is right, approve the revision of this population.",
)
def revisions(counts: pd.DataFrame, *, max_revision: float, notable_share: float) -> Violations:
    """Return cells of closed years that the last accepted release had otherwise."""
    return revised_cells(counts, "previous_researchers", max_revision, notable_share)


@COUNTS.check(
    "VINTAGE_REVISION",
    severity=Severity.WARNING,
    threshold="{max_revision:.0%} of a closed year",
    message="The vintages in this file differ; backtests on the newest one flatter the model.",
)
def vintage_revisions(
    counts: pd.DataFrame, *, max_revision: float, notable_share: float
) -> Violations:
    """Return cells of closed years that an earlier vintage of the same file had otherwise."""
    return revised_cells(counts, "earlier_researchers", max_revision, notable_share)


@COUNTS.check(
    "LEVEL_SHIFT",
    can_be_approved=True,
    threshold="{level_bounds[0]:g} to {level_bounds[1]:g} times",
    message="The whole series moved: check the unit (persons or thousands?).",
)
def shifted_levels(counts: pd.DataFrame, *, level_bounds: Sequence[float]) -> Violations:
    """Return series whose typical cell is a multiple or a fraction of what it was."""
    shared = counts[counts["previous_researchers"].gt(0)]
    ratio = shared["researchers"] / shared["previous_researchers"]
    typical = ratio.groupby([shared[column] for column in SERIES]).median()
    off = typical[(typical < level_bounds[0]) | (typical > level_bounds[1])]
    return violations(
        f"{key[0]}: {value:.4g} times the previous vintage"
        for key, value in zip(off.index, off, strict=True)
    )


def missing_years(
    counts: pd.DataFrame, *, longer_than: int = 0, notable_share: float = 0.0
) -> Violations:
    """Return runs of missing years inside a country's series.

    Args:
        counts: Table of counts.
        longer_than: Runs of up to this many years are not returned.
        notable_share: Countries whose mean share is smaller are not returned.
    """
    ordered = counts[[*SERIES, "country", "year", "researchers"]].sort_values("year")
    ordered["share"] = _share_of_year(ordered)
    by_country = ordered.groupby([*SERIES, "country"])
    before = by_country["year"].shift(1)
    years_missing = ordered["year"] - before - 1
    notable = by_country["share"].transform("mean") >= notable_share
    found = ordered.assign(first=before + 1)[(years_missing > longer_than) & notable]
    found = found.sort_values(["country", "year"])
    return violations(
        f"{country} {int(first)}" if first == year - 1 else f"{country} {int(first)}-{year - 1}"
        for country, first, year in zip(
            found["country"], found["first"], found["year"], strict=True
        )
    )


def revised_cells(
    counts: pd.DataFrame, against: str, max_revision: float, notable_share: float
) -> Violations:
    """Return cells of closed years that differ from an earlier state by more than the limit.

    `ROW` and `UNK` are not compared: what falls to them depends on the other rows.

    Args:
        counts: Table of counts.
        against: Column with the earlier state.
        max_revision: Largest change allowed, as part of the earlier number.
        notable_share: Cells with a smaller share of their year are not returned.
    """
    is_country = ~counts["country"].isin([REST_OF_WORLD, UNKNOWN_COUNTRY])
    shared = counts[counts[against].gt(0) & ~counts["is_provisional"] & is_country]
    last = shared.groupby(SERIES)["year"].transform("max")
    closed = shared[shared["year"] < last]
    change = (closed["researchers"] - closed[against]).abs()
    notable = _share_of_year(counts).loc[closed.index] >= notable_share
    bad = closed[(change > max_revision * closed[against]) & notable]
    names = row_names(bad)
    return violations(
        f"{name}: {old:g} -> {new:g}"
        for name, old, new in zip(names, bad[against], bad["researchers"], strict=True)
    )


def _share_of_year(counts: pd.DataFrame) -> pd.Series:
    total = counts.groupby([*SERIES, "year"])["researchers"].transform("sum")
    return counts["researchers"] / total
