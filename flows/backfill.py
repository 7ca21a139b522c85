"""Publish what would have been forecast at the end of past years, and score it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
from prefect import flow
from prefect.futures import as_completed
from pydantic import Field

from features.panel import build_panel
from features.series import rows_of, series_keys
from features.vintages import known_at
from flows.artifacts import show_table
from flows.connection import end_without_server
from flows.processes import processes
from flows.refresh import usual_models
from flows.steps.ingest import Inputs, fetch_all, parse_all
from flows.steps.people import holds_careers
from flows.steps.plan import Plan
from flows.steps.score import score_release
from flows.tasks import PrefectRunner
from flows.years import Job, Year, plan_year, publish_year
from publication.observations import observation_rows
from publication.scores import mean_scores
from talentcast.config import Settings, load_settings
from talentcast.domain.errors import UsageError, YearsFailedError
from talentcast.domain.types import Vintage

CalendarYear = Annotated[int, Field(ge=1900, le=2100)]

YEARS_AT_ONCE = 2
DEFAULT_SOURCES = ["bundled"]


@dataclass(frozen=True, eq=False)
class Backfilled:
    """What became of a backfill.

    Attributes:
        years: In order.
        scores: `scores` rows of their releases against what is known now, with `made_by`.
    """

    years: tuple[Year, ...]
    scores: pd.DataFrame

    @property
    def summary(self) -> pd.DataFrame:
        """Mean scores by as-of date, population and model."""
        return mean_scores(self.scores)

    @property
    def table(self) -> pd.DataFrame:
        """One row per year."""
        return pd.DataFrame([year.to_row() for year in self.years])


@flow(name="backfill", task_runner=processes(YEARS_AT_ONCE), on_running=[end_without_server])
def backfill(
    first_year: CalendarYear,
    last_year: CalendarYear,
    populations: list[str] | None = None,
    sources: list[str] = DEFAULT_SOURCES,
    models: list[str] | None = None,
    home: Path | None = None,
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
    _require_sensible(first_year, last_year, sources)
    settings = load_settings(home)
    plan = Plan(
        sources=tuple(sources),
        models=tuple(models or usual_models()),
        populations=tuple(populations or ()),
        # The releases of the years are themselves the rolling evaluation.
        scored_horizons=(),
    )
    wanted = range(first_year, last_year + 1)
    run = PrefectRunner(1 + 2 * len(wanted))
    run.progress("Fetching sources")
    fetched = fetch_all(plan, settings, run)
    inputs = parse_all(fetched, plan, settings, run)
    run.progress(f"Forecasting as of the ends of {first_year} to {last_year}")
    planned = [plan_year(year, inputs, fetched, plan, settings) for year in wanted]
    years, errors = _publish(planned, plan, settings, run)
    scores = _score(years, inputs, settings, run)
    backfilled = Backfilled(years, scores)
    show_table("backfill-years", backfilled.table, "What became of each year.")
    show_table("backfill-scores", backfilled.summary, "Forecasts of past years, scored today.")
    if errors:
        raise YearsFailedError(errors)
    return backfilled


def _require_sensible(first_year: int, last_year: int, sources: Sequence[str]) -> None:
    if first_year > last_year:
        raise UsageError(f"The years {first_year} to {last_year} are none. Swap them.")
    if people := [source for source in sources if holds_careers(source)]:
        raise UsageError(
            f"A backfill takes counts, not career records ({', '.join(people)}): cohorts of past "
            "years beside those of today would show who joined. Leave the source out."
        )


def _publish(
    planned: Sequence[Year | Job], plan: Plan, settings: Settings, run: PrefectRunner
) -> tuple[tuple[Year, ...], dict[int, Exception]]:
    """Publish the years that are to be; the failure of one stops no other."""
    done = [year for year in planned if isinstance(year, Year)]
    for _ in done:
        run.progress("Years that need nothing")
    pending = {
        publish_year.submit(job, plan, settings): job for job in planned if isinstance(job, Job)
    }
    errors: dict[int, Exception] = {}
    for future in as_completed(list(pending)):
        job = pending[future]
        result = future.result(raise_on_failure=False)
        if isinstance(result, Year):
            done.append(result)
        else:
            errors[job.year] = result
            done.append(Year(job.year, "failed", left_out=job.left_out, problem=str(result)))
        run.progress(f"As of {job.year}: {done[-1].outcome}")
    return tuple(sorted(done, key=lambda year: year.year)), errors


def _score(
    years: Sequence[Year], inputs: Inputs, settings: Settings, run: PrefectRunner
) -> pd.DataFrame:
    known = known_at(inputs.counts, Vintage(inputs.counts["vintage"].max().date()))
    now = pd.concat(
        observation_rows(rows_of(known.counts, key), build_panel(known.counts, key))
        for key in series_keys(known.counts)
    )
    pending = [
        run.submit(score_release, year.release, now, settings.releases)
        for year in years
        if year.release is not None and year.is_served
    ]
    scored = []
    for future in pending:
        run.progress("Scoring")
        scored.append(future.result())
    return pd.concat(scored, ignore_index=True) if scored else pd.DataFrame()
