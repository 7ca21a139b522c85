"""talentcast questions: what is asked, what was answered, and what could be asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from storage.paths import StorePath
from talentcast.cli.commands import new_app
from talentcast.cli.options import Home, Json
from talentcast.cli.output import plain_rows, print_rows, writing_into
from talentcast.cli.terminal import say
from talentcast.config import load_settings
from talentcast.domain.errors import UsageError
from talentcast.domain.tables import NAME_PATTERN
from talentcast.domain.types import QuestionStatus
from talentcast.store.pointer import find_release
from talentcast.store.signing import Verifier
from talentcast.store.verification import require_genuine

if TYPE_CHECKING:
    from questions.definition import Question
    from readers.summaries.questions import QuestionTables
    from talentcast.store.release import Release

app = new_app(no_args_is_help=True, help="Look at questions that resolve, and find new ones.")

ReleaseOption = Annotated[
    str, typer.Option("--release", help="A release id, or latest.", metavar="ID")
]
PopulationOption = Annotated[
    str | None, typer.Option("--population", help="Only questions about this population.")
]
#: Columns of a list for people.
_LISTED: Final = (
    "question_id",
    "status",
    "text",
    "talentcast",
    "no change",
    "last order",
    "change",
)


@app.command("list")
def list_questions(
    *,
    population: PopulationOption = None,
    status: Annotated[
        QuestionStatus | None, typer.Option("--status", help="Only those in this state.")
    ] = None,
    release: ReleaseOption = "latest",
    home: Home = None,
    json: Json = False,
) -> None:
    """List the questions of a release, with probabilities beside the baselines.

    Example: talentcast questions list --status open
    """
    from readers.summaries.questions import standings
    from readers.summaries.wording import probability

    rows = standings(_tables(release, home).of_population(population or ""))
    if status is not None:
        rows = rows[rows["status"] == status]
    if json:
        print_rows(plain_rows(rows), as_json=True)
        return
    said = {"talentcast": "probability", "no change": "naive", "last order": "last_order"}
    shown = rows.assign(
        **{
            name: [_odds(value, probability) for value in rows[column]]
            for name, column in said.items()
        },
        change=[f"{100 * value:+.0f}" if value == value else "" for value in rows["change"]],
    )
    print_rows(plain_rows(shown[list(_LISTED)]), as_json=False)


@app.command()
def show(
    question: Annotated[str, typer.Argument(help="Id of the question.", metavar="ID")],
    *,
    release: ReleaseOption = "latest",
    home: Home = None,
    json: Json = False,
) -> None:
    """Show a question: what decides it, and every answer that was given.

    Example: talentcast questions show neurips_authorships-usa-above-25-2026
    """
    from readers.summaries.questions import (
        history,
        how_it_resolves,
        outcome_words,
        question_sentence,
        standings,
    )

    tables = _tables(release, home)
    rows = standings(tables)
    found = rows[rows["question_id"] == question].to_dict("records")
    if not found:
        raise UsageError(
            f"No question '{question}' in this release. List them: talentcast questions list",
            parameters=("question",),
        )
    answers = history(tables, question)
    if json:
        print_rows(plain_rows(answers), as_json=True)
        return
    say(f"{found[0]['text']}\n{question_sentence(found[0])} {outcome_words(found[0])}.")
    say(f"{how_it_resolves(found[0])}\n")
    print_rows(plain_rows(answers.drop(columns="forecaster")), as_json=False)


@app.command()
def generate(
    *,
    population: PopulationOption = None,
    years: Annotated[
        int,
        typer.Option(
            "--years", min=1, max=10, help="Years to ask about, from that of the release on."
        ),
    ] = 3,
    least: Annotated[
        float, typer.Option("--least", min=0.0, max=0.5, help="Least probability of yes and of no.")
    ] = 0.05,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write a file of questions, NAME.yaml.")
    ] = None,
    release: ReleaseOption = "latest",
    home: Home = None,
    json: Json = False,
) -> None:
    """Find every pair and threshold that a release is unsure of, as questions to be asked.

    Example: talentcast questions generate --population icml_authorships --out questions/mine.yaml
    """
    found, root = _found(release, home)
    asked = _in_play(found, root, population, years, least)
    if out is None:
        print_rows(
            [one.model_dump(mode="json", exclude_defaults=True) for one in asked], as_json=json
        )
        return
    from questions.definition import QuestionSet
    from questions.writing import question_set_text

    if not asked:
        raise UsageError("Nothing is in play, so there is no file to write. Lower --least.")
    if out.suffix != ".yaml" or not re.fullmatch(NAME_PATTERN, out.stem):
        raise UsageError(
            f"{out.name} is no name of a file of questions. Name it like mine.yaml: small letters, "
            "digits, _ and -.",
            parameters=("out",),
        )
    title = f"In play in release {found.release_id}"
    made = QuestionSet(id=out.stem, title=title, questions=tuple(asked))
    with writing_into(out.parent):
        out.write_text(question_set_text(made), encoding="utf-8")
    say(
        f"Wrote {len(asked)} questions to {out}. Set TALENTCAST_QUESTIONS={out.parent} and refresh."
    )


def _in_play(
    release: Release, root: StorePath, population: str | None, years: int, least: float
) -> list[Question]:
    from questions.generator import InPlay
    from readers.summaries.questions_in_play import questions_in_play

    first = release.as_of.as_of.year
    return questions_in_play(
        release,
        root,
        population=population or "",
        years=range(first, first + years),
        rule=InPlay(least=least),
    )


def _tables(release: str, home: str | None) -> QuestionTables:
    from readers.summaries.questions import question_tables

    found, root = _found(release, home)
    tables = question_tables(found, root)
    if tables is None:
        raise UsageError(
            f"Release {found.release_id} was asked nothing. See docs/how-to/ask-a-question.md."
        )
    return tables


def _found(release: str, home: str | None) -> tuple[Release, StorePath]:
    settings = load_settings(home)
    verifier = Verifier.configured(settings.verifying_key_file)
    return require_genuine(find_release(release, settings.releases), verifier), settings.releases


def _odds(value: float, write: Any) -> str:
    return write(value) if value == value else ""
