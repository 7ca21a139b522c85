"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Home = Annotated[
    str | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        help="Folder for everything a run writes, or s3://BUCKET/PREFIX, az:// or gs:// "
        "[default: TALENTCAST_HOME or ./var].",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print a JSON list of rows.")]
ResearchersColumn = Annotated[
    str | None,
    typer.Option(
        "--researchers-column", help="Column that counts researchers, if several would do."
    ),
]
Decimal = Annotated[
    str | None,
    typer.Option(
        "--decimal",
        metavar="CHARACTER",
        help="Decimal character of a file, a point or a comma, if its cells do not decide.",
    ),
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        min=0,
        help="US dollars that a source which costs money may cost [default: "
        "TALENTCAST_OPENALEX_MAX_COST or 0.10].",
    ),
]
