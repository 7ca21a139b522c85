"""Publish what would have been forecast at the end of past years, and score it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Literal

import pandas as pd

from features.forecastable import forecastable_series
from features.panel import build_panels
from features.series import rows_of
from features.vintages import known_at
from flows.steps.ingest import Inputs, fetch_all, parse_all
from flows.steps.people import holds_careers
from flows.steps.pipeline import build
from flows.steps.plan import Plan
from flows.steps.questions import decided_record
from flows.steps.runner import IN_THIS_PROCESS, Pending, Runner
from flows.steps.score import score_release
from publication.observations import observation_rows
from publication.scores import mean_scores
from questions.record import Record
from questions.scores import question_scores, scoreboard, scored_answers
from talentcast.config import Settings, for_other_machines
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Vintage
from talentcast.store.publisher import next_repeat, published_release
from talentcast.store.release import Identity, Release

Outcome = Literal["published", "already published", "retracted", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class PastYear:
    """What became of one past year.

    Attributes:
        release: Its release, unless it was skipped or failed.
        left_out: Why populations are not in the release, by population.
        problem: Why there is no release.
    """

    year: int
    outcome: Outcome
    release: Release | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_served(self) -> bool:
        """Whether its release can be read and scored."""
        return self.outcome in ("published", "already published")

    def to_row(self) -> dict[str, object]:
        """Return what a reader wants to see of it."""
        release = self.release
        return {
            "as_of": f"{self.year}-12-31",
            "outcome": self.outcome,
            "release_id": str(release.release_id) if release else None,
            "vintage": str(release.vintage_kind) if release else None,
            "populations": ", ".join(release.populations) if release else "",
            "why": self.problem or _joined(self.left_out),
        }


@dataclass(frozen=True, eq=False)
class Backfilled:
    """What became of a backfill.

    Attributes:
        years: In order.
        scores: `scores` rows of their releases against what is known now, with `made_by`.
        questions: What their releases asked and answered, decided by what is known now.
        errors: Why years failed.
    """

    years: tuple[PastYear, ...]
    scores: pd.DataFrame
    questions: Record
    errors: Mapping[int, Exception]

    @property
    def summary(self) -> pd.DataFrame:
        """Mean scores by as-of date, population and model."""
        return mean_scores(self.scores)

    @property
    def answer_scores(self) -> pd.DataFrame:
        """Mean scores of the answers to questions, by forecaster."""
        record = self.questions
        return scoreboard(question_scores(scored_answers(record.questions, record.answers)))

    @property
    def table(self) -> pd.DataFrame:
        """One row per year."""
        return pd.DataFrame([year.to_row() for year in self.years])


def backfill(
    years: range, plan: Plan, settings: Settings, run: Runner = IN_THIS_PROCESS
) -> Backfilled:
    """Publish a release for the last day of each past year; the failure of one stops no other."""
    _require_sensible(years, plan.sources)
    # The releases of the years are themselves the rolling evaluation.
    plan = replace(plan, scored_horizons=())
    run.progress("Fetching sources")
    fetched = fetch_all(plan, settings, run)
    inputs = parse_all(fetched, plan, settings, run)
    run.progress(f"Forecasting as of the ends of {years[0]} to {years[-1]}")
    elsewhere = for_other_machines(settings)
    started = {
        year: run.submit(
            past_year, fetched.identity(plan, date(year, 12, 31)), inputs, plan, elsewhere, run
        )
        for year in years
    }
    done, errors = _finished(started, run)
    scores = _scores(done, inputs, settings, run)
    return Backfilled(done, scores, _questions(done, inputs, settings), errors)


def past_year(
    identity: Identity, inputs: Inputs, plan: Plan, settings: Settings, run: Runner
) -> PastYear:
    """Publish one past year, unless that is impossible or done already."""
    year = identity.as_of.as_of.year
    if identity.as_of.as_of >= datetime.now(UTC).date():
        return PastYear(year, "skipped", problem="the year is not over")
    known = forecastable_series(inputs.counts, identity.as_of)
    left_out = {key.population: reason for key, reason in known.left_out.items()}
    if known.counts.empty:
        return PastYear(year, "skipped", left_out=left_out, problem=_joined(left_out))
    release = published_release(identity.release_id, settings.releases)
    if release is not None and not release.has_rows:
        identity = identity.repeated(next_repeat(release.release_id, settings.releases))
    elif release is not None:
        is_served = release.status == "published"
        outcome: Outcome = "already published" if is_served else "retracted"
        return PastYear(year, outcome, release, left_out)
    inputs = replace(inputs, counts=known.counts)
    release, _ = build(inputs, identity, plan, settings, kind="backfill", run=run)
    return PastYear(year, "published", release, left_out)


def _require_sensible(years: range, sources: Sequence[str]) -> None:
    if not years:
        raise UsageError(f"The years {years.start} to {years.stop - 1} are none. Swap them.")
    if people := [source for source in sources if holds_careers(source)]:
        raise UsageError(
            f"A backfill takes counts, not career records ({', '.join(people)}): cohorts of past "
            "years beside those of today would show who joined. Leave the source out."
        )


def _finished(
    started: Mapping[int, Pending[PastYear]], run: Runner
) -> tuple[tuple[PastYear, ...], dict[int, Exception]]:
    done, errors = [], {}
    for year, pending in started.items():
        try:
            done.append(pending.result())
        except Exception as error:
            errors[year] = error
            done.append(PastYear(year, "failed", problem=str(error)))
        run.progress(f"As of {year}: {done[-1].outcome}")
    return tuple(done), errors


def _scores(
    years: Sequence[PastYear], inputs: Inputs, settings: Settings, run: Runner
) -> pd.DataFrame:
    """Score the releases of the years against the newest counts."""
    known = known_at(inputs.counts, Vintage(inputs.counts["vintage"].max().date()))
    now = pd.concat(
        observation_rows(rows_of(known.counts, panel.key), panel)
        for panel in build_panels(known.counts)
    )
    started = [
        run.submit(score_release, year.release, now, settings.releases)
        for year in years
        if year.release is not None and year.is_served
    ]
    scored = []
    for pending in started:
        run.progress("Scoring")
        scored.append(pending.result())
    return pd.concat(scored, ignore_index=True) if scored else pd.DataFrame()


def _questions(years: Sequence[PastYear], inputs: Inputs, settings: Settings) -> Record:
    """Decide what the releases of the years were asked, by every vintage there is by now."""
    served = [year.release for year in years if year.release is not None and year.is_served]
    newest = inputs.counts["vintage"].max().date()
    return decided_record(served, inputs.counts, today=newest, root=settings.releases)


def _joined(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{population}: {reason}" for population, reason in reasons.items())
