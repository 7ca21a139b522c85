"""talentcast check: would this file be accepted?"""

from __future__ import annotations

import json as json_module
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
        str, typer.Argument(help="CSV, Excel or Parquet file of counts, or its https:// address.")
    ],
    *,
    researchers_column: ResearchersColumn = None,
    decimal: Decimal = None,
    json: Json = False,
) -> None:
    """Run the input checks on a file and print the report; exit code 3 if it would be rejected.

    Example: talentcast check counts.csv
    """
    from expectations.check import check_counts  # takes seconds: not for a page of help

    source = source_for(
        file, researchers_column=researchers_column, decimal=decimal, settings=load_settings()
    )
    parsed = source.parse(source.download())
    report = CheckReport(parsed.notes) + check_counts(parsed.counts)
    if json:
        say(json_module.dumps(report.to_frame().to_dict("records"), indent=2))
    else:
        for line in parsed.understood:
            say(line)
        say(report_text(report))
    if report.failed:
        raise ChecksFailedError(
            "counts", sorted({r.check for r in report.failed}), f"the report on {file} above"
        )
