"""talentcast cohort: what became of a roster of researchers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from features.career_records import EVERYBODY
from publication.cohort_report import cohort_report
from sources.roster import Roster, read_roster
from talentcast.cli.options import Json
from talentcast.cli.output import plain_rows, print_rows
from talentcast.config import load_settings


def cohort(
    *,
    roster: Annotated[Path, typer.Option("--roster", help="Text file: one researcher id a line.")],
    affiliations: Annotated[
        str, typer.Option("--affiliations", help="Folder or files of affiliation records.")
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
    from flows.steps.look import records_at_hand  # takes seconds: not for a page of help

    chosen, other = read_roster(roster), None if comparison is None else read_roster(comparison)
    with records_at_hand(affiliations, load_settings()) as found:

        def named(people: Roster) -> Roster:
            return replace(
                people, researcher_ids=frozenset(map(found.name_of, people.researcher_ids))
            )

        report = cohort_report(
            found.parts.between(EVERYBODY),
            named(chosen),
            comparison=None if other is None else named(other),
            by=by,
        )
    print_rows(plain_rows(report.round(3)), as_json=json)
