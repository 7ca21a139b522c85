"""Publish what would have been forecast at the end of past years, and score it."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.artifacts import show_table
from flows.connection import end_without_server
from flows.parameters import Home
from flows.processes import shared_out
from flows.steps import past_years
from flows.steps.past_years import Backfilled
from flows.steps.plan import USUAL_MODELS, Plan
from flows.tasks import PrefectRunner
from talentcast.config import load_settings
from talentcast.domain.errors import YearsFailedError

CalendarYear = Annotated[int, Field(ge=1900, le=2100)]

DEFAULT_SOURCES = ["bundled"]


@flow(name="backfill", task_runner=shared_out(), on_running=[end_without_server])
def backfill(
    first_year: CalendarYear,
    last_year: CalendarYear,
    populations: list[str] | None = None,
    sources: list[str] = DEFAULT_SOURCES,
    models: list[str] | None = None,
    home: Home = None,
) -> Backfilled:
    """Publish a release for the last day of each past year, from what was known on that day.

    Years are independent: a run that is killed loses at most those it was working on, and the next
    run computes no published year again. None of these releases becomes the latest.

    Args:
        first_year: Forecast as of the end of this year, for example 2010.
        last_year: And of all years up to this one, for example 2019; it must be over.
        populations: Populations to keep; empty for all.
        sources: Built-in sources or counts files; no career records.
        models: Models, the default one first; empty for the usual.
        home: Folder for everything a run writes; empty for TALENTCAST_HOME.
    """
    settings = load_settings(home)
    plan = Plan(
        sources=tuple(sources),
        models=tuple(models or USUAL_MODELS),
        populations=tuple(populations or ()),
    )
    years = range(first_year, last_year + 1)
    done = past_years.backfill(years, plan, settings, PrefectRunner(1 + 2 * len(years)))
    show_table("backfill-years", done.table, "What became of each year.")
    show_table("backfill-scores", done.summary, "Forecasts of past years, scored today.")
    show_table("backfill-questions", done.answer_scores, "Answers to questions, decided today.")
    if done.errors:
        raise YearsFailedError(done.errors)
    return done
