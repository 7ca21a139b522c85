"""talentcast cohort: what became of a roster of researchers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from publication.cohort_report import cohort_report
from sources.affiliations import read_career_records
from sources.roster import read_roster
from talentcast.cli.options import Json
from talentcast.cli.output import plain_rows, print_rows


def cohort(
    *,
    roster: Annotated[Path, typer.Option("--roster", help="Text file: one researcher id a line.")],
    affiliations: Annotated[
        Path, typer.Option("--affiliations", help="Folder of affiliation records.")
    ],
    comparison: Annotated[
        Path | None, typer.Option("--comparison", help="Another roster; default: everybody else.")
    ] = None,
    by: Annotated[
        Literal["status", "country"], typer.Option("--by", help="Composition by this.")
    ] = "status",
    json: Json = False,
) -> None:
    """Report who of a roster never left, returned, is abroad or moved on, by origin and year.

    Shares come with 95 % Wilson intervals; cells of fewer than 10 people are withheld.

    Example: talentcast cohort --roster lab.txt --affiliations careers
    """
    report = cohort_report(
        read_career_records(affiliations),
        read_roster(roster),
        comparison=None if comparison is None else read_roster(comparison),
        by=by,
    )
    print_rows(plain_rows(report.round(3)), as_json=json)
