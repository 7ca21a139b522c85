"""talentcast check: would this file be accepted?"""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from expectations.report import report_text
from sources.registry import source_for
from talentcast.cli.options import Json, ResearchersColumn
from talentcast.cli.terminal import say
from talentcast.domain.checks import CheckReport
from talentcast.domain.errors import ChecksFailedError


def check(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file of researcher counts.")],
    *,
    researchers_column: ResearchersColumn = None,
    json: Json = False,
) -> None:
    """Run the input checks on a file and print the report; exit code 3 if it would be rejected.

    Example: talentcast check counts.csv
    """
    from expectations.check import check_counts  # takes seconds: not for a page of help

    source = source_for(str(file), researchers_column=researchers_column)
    parsed = source.parse(source.download())
    report = CheckReport(parsed.notes) + check_counts(parsed.counts)
    if json:
        say(json_module.dumps(report.to_frame().to_dict("records"), indent=2))
    else:
        say(report_text(report))
    if report.failed:
        raise ChecksFailedError(
            "counts", sorted({r.check for r in report.failed}), f"the report on {file} above"
        )
