"""Errors cross from one process to another, and say the same there."""

from __future__ import annotations

import pickle
import re

import pytest

from talentcast.cli.failures import line_of
from talentcast.domain import errors
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


def test_the_tree_in_the_docstring_is_that_of_the_classes() -> None:
    def tree(kind: type[TalentcastError], depth: int = 1) -> list[tuple[str, str, str]]:
        below = [line for child in kind.__subclasses__() for line in tree(child, depth + 1)]
        return [("    " * depth, kind.__name__, str(kind.exit_code)), *below]

    said = re.findall(r"^( +)(\w+Error) +(\d|that)", errors.__doc__ or "", re.MULTILINE)
    computed = ("    " * 2, "YearsFailedError", "that")  # its exit code is another error's
    found = [computed if line[1] == computed[1] else line for line in tree(TalentcastError)]
    assert found == said


def test_an_error_names_parameters_and_the_command_line_its_options() -> None:
    nobody = UsageError("Nobody approved it.", parameters=("approve_revisions", "approved_by"))
    assert line_of(nobody) == "Nobody approved it. (--approve-revision, --approved-by)"
    assert line_of(UsageError("No such year.")) == "No such year."
    stopped = line_of(ChecksFailedError("counts", ["NEG_COUNT", "REVISION"], "report.html"))
    assert stopped.endswith("(--approve-revision, --approved-by, --reason)")
    assert "--" not in line_of(FAILED)
