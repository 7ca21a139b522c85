"""Counts from lists of accepted papers: which years of a conference can be used, and their sum.

A share among the authors whose country is known is not a share. A year is left out if its list is
incomplete, or if too many on it have no country; what is left out is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sources.author_countries import Work, count_by_country
from sources.cells import parse_numbers, parse_years
from sources.counts import CountsDefaults, to_counts
from sources.parse_notes import warning_note
from sources.tabular import TextTable
from talentcast.domain.countries import code_holds
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.provenance import ParsedCounts
from talentcast.domain.types import UNKNOWN_COUNTRY, CountingRule
from talentcast.populations.definition import PaperLists


@dataclass(frozen=True, slots=True)
class ListLimits:
    """When the list of a year can be used.

    Attributes:
        max_unknown_share: Largest part of the counts without a country.
        min_part_of_list: Fewest papers, as part of the median of the nearest usable years.
        near_years: So many years are near.
        min_years: Usable years that a population needs.
    """

    max_unknown_share: float = 0.20
    min_part_of_list: float = 0.50
    near_years: int = 3
    min_years: int = 3


LIMITS: Final = ListLimits()
_YEAR: Final = ["venue", "year", "counting_rule"]


def read_venue_counts(table: TextTable) -> pd.DataFrame:
    """Read counts by venue, year, rule and country.

    Returns:
        venue, year, counting_rule, country, count, papers, total, unknown_share, source_row. The
        last two numbers are of the venue's year by that rule and the same on each of its rows.

    Raises:
        InputRejectedError: ``TOTALS`` if a total or an unknown share is not that of the rows.
    """
    years, _ = parse_years(table.columns["year"], table.rows)
    texts = {
        name: pd.array(table.columns[name], dtype="str")
        for name in ("venue", "counting_rule", "country")
    }
    numbers = {
        name: parse_numbers(table.columns[name], table.rows, column=name)
        for name in ("count", "papers", "total", "unknown_share")
    }
    rows = pd.DataFrame(texts | numbers | {"year": years, "source_row": table.rows})
    _require_totals(rows, table.name)
    return rows


def rows_of_list(venue: str, year: int, works: Sequence[Work], rule: CountingRule) -> pd.DataFrame:
    """Count one list by one rule.

    Returns:
        As `read_venue_counts`; the source row is that of the country among those of the list.
    """
    counts = count_by_country(works, rule)
    total = sum(counts.values())
    return pd.DataFrame(
        {
            "venue": venue,
            "year": year,
            "counting_rule": str(rule),
            "country": list(counts),
            "count": list(counts.values()),
            "papers": float(len(works)),
            "total": total,
            "unknown_share": counts.get(UNKNOWN_COUNTRY, 0.0) / total,
            "source_row": range(1, len(counts) + 1),
        }
    )


def counts_of_lists(
    rows: pd.DataFrame,
    lists: PaperLists,
    rule: CountingRule,
    defaults: CountsDefaults,
    *,
    first_year: int,
    limits: ListLimits = LIMITS,
) -> ParsedCounts:
    """Add up the lists of a population in the years in which every one of them can be used.

    A country that stands in some year and not in another has nobody there: a row of zero.

    Args:
        rows: From `read_venue_counts`.
        lists: The venues.
        rule: How they count.
        defaults: Population and what else the rows do not say.
        first_year: Earlier years are not looked at.
        limits: When a list can be used.

    Raises:
        InputRejectedError: ``NOT_A_SHARE`` if fewer years than a forecast needs can be used.
    """
    own = rows[
        rows["venue"].isin(lists.venues)
        & rows["counting_rule"].eq(str(rule))
        & rows["year"].ge(first_year)
    ]
    reasons = unusable_years(own, limits)
    usable = own[~own["year"].isin(list(reasons))]
    said = [f"{year}: {reason}" for year, reason in sorted(reasons.items())]
    if usable["year"].nunique() < limits.min_years:
        raise InputRejectedError(
            "NOT_A_SHARE",
            f"{defaults.population}: {usable['year'].nunique()} years can be used, a forecast "
            f"needs {limits.min_years}. A share among those whose country is known is not a share. "
            f"{'; '.join(said[:5])}",
        )
    parsed = to_counts(_summed(usable, defaults.population), defaults)
    if not said:
        return parsed
    note = warning_note(
        defaults.population,
        "YEARS_LEFT_OUT",
        "; ".join(said),
        examples=said,
        message="A list is incomplete, or too many on it have no country; models see no such year.",
    )
    return ParsedCounts(parsed.counts, (*parsed.notes, note))


def unusable_years(rows: pd.DataFrame, limits: ListLimits = LIMITS) -> Mapping[int, str]:
    """Return the years in which a list cannot be used, and why.

    Args:
        rows: Of one counting rule, from `read_venue_counts`.
        limits: When a list can be used.
    """
    reasons: dict[int, list[str]] = {}
    for venue, listed in rows.drop_duplicates(["venue", "year"]).groupby("venue"):
        by_year = listed.set_index("year").sort_index()
        for year, papers in incomplete_lists(by_year["papers"], limits).items():
            reasons.setdefault(year, []).append(f"{venue} lists {papers:.0f} papers")
        too_many = by_year.loc[by_year["unknown_share"] > limits.max_unknown_share, "unknown_share"]
        for at, share in too_many.to_dict().items():
            said = f"{venue} has {share:.0%} without a country"
            reasons.setdefault(int(str(at)), []).append(said)
    return {year: ", ".join(said) for year, said in reasons.items()}


def incomplete_lists(papers: pd.Series, limits: ListLimits = LIMITS) -> Mapping[int, float]:
    """Return the years whose list is far shorter than those of the nearest complete years.

    Years are judged from the last one back, each by the complete years after it; the last ones by
    those before. A conference that grows is not taken for an incomplete list.

    Args:
        papers: By year.
        limits: How much shorter, and which years are near.

    Example:
        >>> dict(incomplete_lists(pd.Series({2015: 940, 2016: 48, 2017: 795, 2018: 815})))
        {2016: 48.0}
    """
    short: dict[int, float] = {}
    complete: list[float] = []
    for at, number in papers.sort_index(ascending=False).items():
        year = int(str(at))
        near = (complete or list(papers.loc[: year - 1]))[-limits.near_years :]
        if near and number < limits.min_part_of_list * np.median(near):
            short[year] = float(number)
        else:
            complete.append(float(number))
    return dict(sorted(short.items()))


def _summed(rows: pd.DataFrame, name: str) -> TextTable:
    """Return one row a year and country, as a file would hold it; row numbers are of the lists."""
    counts = rows.pivot_table(
        index="year", columns="country", values="count", aggfunc="sum", fill_value=0
    )
    first_row = rows.groupby("year")["source_row"].min().to_dict()
    kept = [
        (str(year), str(country), f"{count:.10g}", int(first_row[year]))
        for year, by_country in counts.to_dict("index").items()
        for country, count in by_country.items()
        if count > 0 or code_holds(str(country), int(str(year)))
    ]
    year, country, count, row = zip(*kept, strict=True)
    return TextTable(name, {"year": year, "country": country, "researchers": count}, row)


def _require_totals(rows: pd.DataFrame, name: str) -> None:
    unknown = rows["count"].where(rows["country"] == UNKNOWN_COUNTRY, 0.0)
    found = (
        rows.assign(unknown=unknown)
        .groupby(_YEAR)
        .agg(
            count=("count", "sum"),
            unknown=("unknown", "sum"),
            total=("total", "max"),
            share=("unknown_share", "max"),
        )
    )
    off = (found["count"] - found["total"]).abs() > 0.01 * found["total"].clip(lower=1)
    off |= (found["unknown"] / found["count"] - found["share"]).abs() > 0.001
    if off.any():
        venue, year, rule = found.index[off][0]
        raise InputRejectedError(
            "TOTALS",
            f"{name}: the rows of {venue} {year} ({rule}) do not add up to their total or unknown "
            "share. Count the list again.",
        )
