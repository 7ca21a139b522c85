"""talentcast check: would this file be accepted?"""

from __future__ import annotations

import json as json_module
from collections.abc import Sequence
from typing import Annotated

import typer

from expectations.report import report_text
from sources.registry import source_for
from talentcast.cli.options import Decimal, Json, ResearchersColumn
from talentcast.cli.terminal import say
from talentcast.config import load_settings
from talentcast.domain.checks import CheckReport
from talentcast.domain.errors import ChecksFailedError


def check(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV, Excel or Parquet file of counts, or its https:// address; or a folder or "
            "files of records of people."
        ),
    ],
    *,
    researchers_column: ResearchersColumn = None,
    decimal: Decimal = None,
    json: Json = False,
) -> None:
    """Run the input checks on a file and print the report; exit code 3 if it would be rejected.

    Example: talentcast check counts.csv
    """
    from engine.files import holds_records  # takes a second: not for a page of help

    understood: Sequence[str] = ()
    is_about_people = holds_records(file)
    if is_about_people:
        report = _of_people(file)
    else:
        report, understood = _of_counts(file, researchers_column, decimal)
    if json:
        say(json_module.dumps(report.to_frame().to_dict("records"), indent=2))
    else:
        for line in understood:
            say(line)
        say(report_text(report))
    if report.failed:
        raise ChecksFailedError(
            "records" if is_about_people else "counts",
            sorted({r.check for r in report.failed}),
            f"the report on {file} above",
        )


def _of_counts(
    file: str, researchers_column: str | None, decimal: str | None
) -> tuple[CheckReport, Sequence[str]]:
    from expectations.check import check_counts

    source = source_for(
        file, researchers_column=researchers_column, decimal=decimal, settings=load_settings()
    )
    parsed = source.parse(source.download())
    return CheckReport(parsed.notes) + check_counts(parsed.counts), parsed.understood


def _of_people(source: str) -> CheckReport:
    """Read records as a release would; what would refuse them is raised, or fails a check."""
    from flows.steps.look import records_at_hand

    with records_at_hand(source, load_settings()) as found:
        return found.checks
