"""talentcast records: records of people from public files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from talentcast.cli.commands import new_app
from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows
from talentcast.cli.progress import progress_bar
from talentcast.cli.terminal import say
from talentcast.config import load_settings

if TYPE_CHECKING:
    from engine.convert import Converted

app = new_app(no_args_is_help=True, help="Make records of people from public files.")

Name = Annotated[
    str, typer.Option("--name", help="Of the folder of records, and of the population.")
]
FirstYear = Annotated[
    int | None, typer.Option("--first-year", help="Leave out what is of an earlier year.")
]
LastYear = Annotated[
    int | None, typer.Option("--last-year", help="Leave out what is of a later year.")
]


@app.command()
def openalex(
    snapshot: Annotated[
        str,
        typer.Argument(help="Folder of a snapshot with its manifest, or s3://BUCKET/PREFIX."),
    ],
    *,
    name: Name,
    subfield: Annotated[
        str | None,
        typer.Option("--subfield", help="Works of this subfield alone, such as 1702."),
    ] = None,
    first_year: FirstYear = None,
    last_year: LastYear = None,
    corpus: Annotated[
        Literal["core", "expansion", "all"], typer.Option("--corpus", help="Works of this.")
    ] = "core",
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", help="Works of this kind, such as article; repeat for several."),
    ] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make records of authors from the works of an OpenAlex snapshot.

    Ids become pseudonyms before anything is written; needs a key. A run that was killed goes on
    behind the last part it had read.

    Example: talentcast records openalex /data/openalex --name ai_authors --subfield 1702
    """
    from flows.steps.public_files import records_of_openalex  # takes seconds: not for help
    from sources.plain_files import input_place

    with progress_bar() as update:
        made = records_of_openalex(
            input_place(snapshot),
            name,
            load_settings(home),
            update,
            subfield=subfield,
            first_year=first_year,
            last_year=last_year,
            corpus=corpus,
            types=frozenset(type_ or ()),
        )
    _print(made, as_json=json)


@app.command()
def orcid(
    file: Annotated[Path, typer.Argument(help="Archive of summaries, as .tar.gz.")],
    *,
    name: Name,
    first_year: FirstYear = None,
    last_year: LastYear = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make records of people from the educations and employments in the public file of ORCID.

    The archive is never unpacked. Ids become pseudonyms before anything is written; needs a key.

    Example: talentcast records orcid ORCID_2026_10_summaries.tar.gz --name orcid
    """
    from flows.steps.public_files import records_of_orcid  # takes seconds: not for help

    with progress_bar() as update:
        made = records_of_orcid(
            file,
            name,
            load_settings(home),
            update,
            first_year=first_year,
            last_year=last_year,
        )
    _print(made, as_json=json)


def _print(made: Converted, *, as_json: bool) -> None:
    print_rows(_rows(made.counts), as_json=as_json, title="What was read and what was left out")
    if not as_json:
        done = "Written" if made.is_new else "Nothing changed; written before"
        say(f"{done}: {made.folder}")
        say(f"Next: talentcast refresh --source {made.folder}")


def _rows(counts: Mapping[str, int]) -> list[dict[str, object]]:
    return [{"what": what.replace("_", " "), "number": number} for what, number in counts.items()]
