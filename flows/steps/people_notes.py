"""What a reader of a release must know about how its people were chosen."""

from __future__ import annotations

from sources.parse_notes import warning_note
from talentcast.config import ENOUGH_PEOPLE
from talentcast.domain.checks import CheckResult


def new_ledger_note(population: str) -> CheckResult:
    """Warn that releases before and after this one can be subtracted."""
    return warning_note(
        population,
        "NEW_LEDGER",
        observed="The disclosure ledger of these people was begun anew.",
        threshold="One ledger for all releases",
        message="Earlier releases of these people and those from here on are not protected from "
        "being subtracted from each other. The reason is published with the release.",
    )


def withheld_returns_note(population: str, needed: int) -> CheckResult:
    """Say why a release has counts and shares of these people, and no more."""
    return warning_note(
        population,
        "RETURNS_WITHHELD",
        observed=f"Fewer than {needed:,} people",
        threshold=f"{needed:,} people or more",
        message="Return flows, cohorts and model cards are not published: who knows all the others "
        "could tell from them whether somebody is in it. Add people, or join this population with "
        "another.",
    )


def few_people_note(population: str) -> CheckResult:
    """Warn that returns are published of so few people that each counts for much."""
    return warning_note(
        population,
        "FEW_PEOPLE",
        observed=f"Fewer than {ENOUGH_PEOPLE:,} people",
        threshold=f"{ENOUGH_PEOPLE:,} people or more",
        message="Who knows all the others may tell from a first release whether somebody is in it: "
        "each counts for much. Add people, or keep cohorts and flows to yourself.",
    )
