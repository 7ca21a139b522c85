"""The first gate: is this table of counts fit to forecast from?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from expectations.counts_rules import earlier_vintages, with_other_state
from expectations.run import run_checks
from expectations.suites import Check, contract_checks, rule_check
from talentcast.domain.checks import CheckReport, Severity, merge
from talentcast.domain.tables import RESEARCHER_COUNTS

_CHECKED_BY_RULES: Final = ("country", "researchers", "arrivals", "departures")


@dataclass(frozen=True, slots=True)
class CountLimits:
    """What the counts gate allows.

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
        approved_revisions: Populations whose revision someone has approved.
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
    max_flow_drop: float = 0.40
    min_years: int = 3
    min_countries: int = 2
    approved_revisions: frozenset[str] = field(default_factory=frozenset)


def check_counts(
    counts: pd.DataFrame,
    *,
    previous: pd.DataFrame | None = None,
    limits: CountLimits | None = None,
) -> CheckReport:
    """Check canonical counts, one population after the other.

    Args:
        counts: Columns of `researcher_counts` and `source_row`, as sources return them.
        previous: Counts of the last accepted vintage, to compare with; None if there is none.
        limits: What is allowed.

    Returns:
        Results whose `table` is the population.
    """
    allowed = limits or CountLimits()
    if counts.empty or "population" not in counts:
        return run_checks(
            counts, contract_checks(RESEARCHER_COUNTS), stage="counts", table=RESEARCHER_COUNTS.name
        )
    known = with_other_state(counts, previous, "previous_researchers")
    known = with_other_state(known, earlier_vintages(counts), "earlier_researchers")
    return merge(
        run_checks(
            rows.reset_index(drop=True),
            list(_suite(str(population), allowed)),
            stage="counts",
            table=str(population),
        )
        for population, rows in known.groupby("population", sort=True)
    )


def _suite(population: str, limits: CountLimits) -> Iterator[Check]:
    yield from contract_checks(RESEARCHER_COUNTS, checked_elsewhere=_CHECKED_BY_RULES)
    yield from _value_checks()
    yield from _key_checks()
    yield from _series_checks(limits)
    yield from _flow_checks(limits)
    yield from _revision_checks(population, limits)


def _value_checks() -> Iterator[Check]:
    yield rule_check("NEG_COUNT", "counts.negative_counts", message="Counts cannot be negative.")
    yield rule_check(
        "RANGE",
        "counts.out_of_range",
        threshold="at most 1e9 persons",
        message="More persons than any country has: check the unit.",
    )
    yield rule_check("NON_FINITE", "counts.not_finite", message="Leave out what was not counted.")
    yield rule_check(
        "NOT_INTEGER",
        "counts.fractions_of_persons",
        message="A modal country counts whole persons. Is a point a thousands separator, or is "
        "the counting rule `fractional`?",
    )
    yield rule_check(
        "YEAR_FUTURE",
        "counts.future_years",
        threshold="up to the year of the vintage",
        message="A year cannot be counted before it ends; check the year, or state the vintage.",
    )
    yield rule_check(
        "UNKNOWN_CODE",
        "counts.unknown_codes",
        message="Use ISO 3166-1 codes, English names, ROW or UNK; aliases are listed in "
        "talentcast/sources/data/country_aliases.csv.",
    )
    yield rule_check(
        "COUNTRY_VALIDITY",
        "counts.codes_out_of_time",
        message="The country did not exist in these years; use the code of its successor.",
    )


def _key_checks() -> Iterator[Check]:
    yield rule_check(
        "DUP_KEY", "counts.repeated_keys", message="The same row stands twice; remove one."
    )
    yield rule_check(
        "DUP_CONFLICT",
        "counts.conflicting_keys",
        message="The same year and country with different counts: find out which is right.",
    )


def _series_checks(limits: CountLimits) -> Iterator[Check]:
    yield rule_check(
        "GAP",
        "counts.gaps",
        severity=Severity.WARNING,
        message="These years stay missing in the model; nothing is filled in.",
    )
    yield rule_check(
        "GAP_TOO_LONG",
        "counts.gaps",
        options={"longer_than": limits.max_gap_years, "notable_share": limits.notable_share},
        threshold=f"{limits.max_gap_years} years in countries above {limits.notable_share:.1%}",
        message="Add the missing years, or start the series after the gap.",
    )
    yield rule_check(
        "COVERAGE",
        "counts.thin_latest_year",
        options={
            "max_countries": limits.max_missing_countries,
            "max_share": limits.max_missing_share,
        },
        threshold=f"{limits.max_missing_countries:.0%} of the countries, "
        f"{limits.max_missing_share:.0%} of the researchers",
        message="Wait for the year to be finished, or set is_provisional for it.",
    )
    yield rule_check(
        "ALL_ZERO", "counts.years_of_zeros", message="Nobody anywhere: leave the year out."
    )
    yield rule_check(
        "ZERO_COUNT",
        "counts.single_zeros",
        severity=Severity.WARNING,
        message="Is nobody there, or was nobody counted? Leave the row out if the latter.",
    )
    yield rule_check(
        "MIN_HISTORY",
        "counts.short_history",
        options={"min_years": limits.min_years, "min_countries": limits.min_countries},
        threshold=f"{limits.min_years} years in {limits.min_countries} countries",
        message="Add years: nothing can be forecast from fewer.",
    )
    yield rule_check(
        "UNKNOWN_SHARE",
        "counts.unknown_share_too_high",
        severity=Severity.WARNING,
        options={"limit": limits.max_unknown_share, "max_jump": limits.max_unknown_jump},
        threshold=f"{limits.max_unknown_share:.0%}, jump {limits.max_unknown_jump:.0%}",
        message="Shares of countries hide a changing part without a country.",
    )


def _flow_checks(limits: CountLimits) -> Iterator[Check]:
    yield rule_check(
        "FLOWS_BALANCE",
        "counts.flows_out_of_balance",
        severity=Severity.WARNING,
        options={"tolerance": limits.max_flow_imbalance},
        threshold=f"{limits.max_flow_imbalance:.0%} of arrivals",
        message="Who leaves one country arrives in another: are countries left out?",
    )
    yield rule_check(
        "EDGE_YEARS",
        "counts.unflagged_edge_years",
        severity=Severity.WARNING,
        options={"max_drop": limits.max_flow_drop},
        threshold=f"fall of {limits.max_flow_drop:.0%}",
        message="The source has not seen all moves of these years; set is_provisional.",
    )


def _revision_checks(population: str, limits: CountLimits) -> Iterator[Check]:
    is_approved = population in limits.approved_revisions
    severity = Severity.WARNING if is_approved else Severity.ERROR
    options = {"max_revision": limits.max_revision, "notable_share": limits.notable_share}
    threshold = f"{limits.max_revision:.0%} of a closed year"
    yield rule_check(
        "REVISION",
        "counts.revised_cells",
        severity=severity,
        options={**options, "against": "previous_researchers"},
        threshold=threshold,
        message=f"History changed. If that is right: --approve-revision {population} "
        "--approved-by NAME --reason TEXT",
    )
    yield rule_check(
        "VINTAGE_REVISION",
        "counts.revised_cells",
        severity=Severity.WARNING,
        options={**options, "against": "earlier_researchers"},
        threshold=threshold,
        message="The vintages in this file differ; backtests on the newest one flatter the model.",
    )
    yield rule_check(
        "LEVEL_SHIFT",
        "counts.shifted_levels",
        severity=severity,
        options={"bounds": list(limits.level_bounds)},
        threshold=f"{limits.level_bounds[0]:g} to {limits.level_bounds[1]:g} times",
        message="The whole series moved: check the unit (persons or thousands?).",
    )
