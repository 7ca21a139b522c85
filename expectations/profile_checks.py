"""Checks of rows about people that nothing can be made of: each rule takes a profile of buckets.

A profile has one row per bucket and says of each kind of row which part of it, at least, was left
out: 0, `NOTABLE`, or `TOO_MANY`. Finer figures could hang on a single person.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from expectations.suite import Suite
from expectations.violations import Violations
from talentcast.domain.checks import Severity

NOTABLE: Final = 0.001
TOO_MANY: Final = 0.01
_KINDS: Final = {
    "missing_ids": ("MISSING_IDS", "without an id", "Give every row the id of its researcher."),
    "impossible_years": (
        "IMPOSSIBLE_YEARS",
        "of no year, before 1900, or after the files were written",
        "Correct the years, or leave the rows out.",
    ),
    "unknown_countries": (
        "UNKNOWN_COUNTRIES",
        "of a country that is not understood",
        "Use ISO 3166-1 codes, English names, or UNK where nobody knows.",
    ),
    "bad_numbers": (
        "BAD_NUMBERS",
        "with a weight, a count or a size that cannot be",
        "docs/data-dictionary.md says what each column may hold.",
    ),
    "duplicates": (
        "DUPLICATE_ROWS",
        "about the same person, year and country as another",
        "Keep one row for each; of several, one was taken.",
    ),
}

PROFILE: Final = Suite("input")


def _declare(column: str, code: str, what: str, advice: str) -> None:
    """Add two checks of one kind of row: some are told, too many stop the run."""

    def some(profile: pd.DataFrame) -> Violations:
        is_some = profile[column].between(NOTABLE, TOO_MANY, inclusive="left").any()
        return Violations(int(is_some), (), f"Up to 1 % of the rows are {what}.")

    def too_many(profile: pd.DataFrame) -> Violations:
        is_many = (profile[column] >= TOO_MANY).any()
        return Violations(int(is_many), (), f"More than 1 % of the rows are {what}.")

    for rule in (some, too_many):
        rule.__qualname__ = f"{rule.__name__}_{column}"  # by which rules are told apart
    PROFILE.check(
        code,
        message=f"They were left out. {advice}",
        threshold="0.1 % of the rows of a bucket",
        severity=Severity.WARNING,
    )(some)
    PROFILE.check(
        f"TOO_MANY_{code}", message=f"Nothing was made of them. {advice}", threshold="1 % of them"
    )(too_many)


for _column, _words in _KINDS.items():
    _declare(_column, *_words)


@PROFILE.check(
    "ODD_WEIGHTS",
    message="They are used as they are: only which weight of a year is largest matters.",
    threshold="0.1 % of a bucket's person-years",
    severity=Severity.WARNING,
)
def odd_weights(profile: pd.DataFrame) -> Violations:
    """Return whether the weights of notably many person-years do not sum to one."""
    observed = "The weights of some person-years do not sum to 1."
    return Violations(int((profile["odd_weights"] >= NOTABLE).any()), (), observed)
