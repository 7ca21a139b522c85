"""talentcast backfill: publish what would have been forecast at the end of past years."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from talentcast.cli.options import Home, Json
from talentcast.cli.orchestrator import orchestrator
from talentcast.cli.output import print_rows
from talentcast.cli.terminal import say
from talentcast.config import load_settings

if TYPE_CHECKING:
    from flows.steps.past_years import Backfilled


FirstYear = Annotated[
    int, typer.Option("--first-year", "--from", help="First year at whose end to forecast.")
]
LastYear = Annotated[
    int, typer.Option("--last-year", "--to", help="Last such year; it must be over.")
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="Built-in source or counts file; repeat for several."),
]
Populations = Annotated[
    list[str] | None, typer.Option("--population", help="Keep only this; repeat for several.")
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="Model, the default one first; repeat for several."),
]


def backfill(
    *,
    first_year: FirstYear,
    last_year: LastYear,
    source: Sources = None,
    population: Populations = None,
    model: Models = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Publish one release per past year, from what was known at its end, and score them.

    These releases never become the latest. Run again, it computes no published year twice.

    Example: talentcast backfill --first-year 2010 --last-year 2019
    """
    started = time.monotonic()
    settings = load_settings(home)
    with orchestrator(settings):
        from flows.backfill import DEFAULT_SOURCES
        from flows.backfill import backfill as backfill_flow

        done = backfill_flow(
            first_year=first_year,
            last_year=last_year,
            populations=population,
            sources=source or list(DEFAULT_SOURCES),
            models=model,
            home=str(settings.home),
        )
    _print(done, as_json=json, seconds=time.monotonic() - started)


def _print(done: Backfilled, *, as_json: bool, seconds: float) -> None:
    print_rows([year.to_row() for year in done.years], as_json=as_json)
    if as_json:
        return
    if len(done.scores):
        say()
        print_rows(
            _by_model(done.summary),
            as_json=False,
            title="Weighted interval score by model, scored against what is known now",
        )
    if len(done.answer_scores):
        say()
        print_rows(
            _by_forecaster(done.answer_scores),
            as_json=False,
            title="Questions asked and answered afterwards (pseudo): Brier score, lower is better",
        )
    made = sum(year.outcome == "published" for year in done.years)
    say(f"\n{made} of {len(done.years)} years published in {seconds:.0f} s.")


def _by_model(summary: pd.DataFrame) -> list[dict[str, str]]:
    """Return one row per year and population, one column per model."""
    key = ["as_of", "population", "counting_rule", "horizons"]
    wide = summary.pivot_table(index=key, columns="model", values="wis", sort=False).reset_index()
    return [
        {
            str(name): f"{value:.3g}" if isinstance(value, float) else str(value)
            for name, value in row.items()
        }
        for row in wide.to_dict("records")
    ]


def _by_forecaster(scores: pd.DataFrame) -> list[dict[str, str]]:
    brier = scores[scores["metric"] == "brier"]
    return [
        {
            "forecaster": str(row["scored_as"]),
            "questions": str(row["questions"]),
            "brier": f"{row['value']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})",
            "skill of quoted": "" if pd.isna(row["skill"]) else f"{row['skill']:.2f}",
        }
        for row in brier.to_dict("records")
    ]
