"""Errors cross from one process to another, and say the same there."""

from __future__ import annotations

import pickle

import pytest

from talentcast.domain.errors import (
    ChecksFailedError,
    MissingColumnsError,
    TalentcastError,
    UsageError,
    YearsFailedError,
)

FAILED = ChecksFailedError("counts", ["NEG_COUNT"], "report.html")


@pytest.mark.parametrize(
    "error",
    [
        FAILED,
        MissingColumnsError("counts", ["year"], ["country"]),
        UsageError("no"),
        YearsFailedError({2012: FAILED}),
    ],
)
def test_an_error_survives_the_way_between_processes(error: TalentcastError) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.exit_code == error.exit_code
    assert back.__dict__.keys() == error.__dict__.keys()


def test_failed_years_end_with_the_exit_code_of_the_first() -> None:
    assert YearsFailedError({2013: UsageError("no"), 2012: FAILED}).exit_code == 3
