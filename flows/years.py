"""One past year of a backfill: what it is made from, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from prefect import task
from prefect.cache_policies import NO_CACHE

from features.forecastable import forecastable_series
from flows.steps.build import build
from flows.steps.check import Gates
from flows.steps.ingest import Fetched, Inputs
from flows.steps.plan import Plan
from flows.steps.publish import publish_release
from flows.tasks import PrefectRunner
from talentcast.config import Settings
from talentcast.domain.types import Vintage
from talentcast.store.pointer import list_releases
from talentcast.store.release import Identity, Release

Outcome = Literal["published", "already published", "retracted", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Year:
    """What became of one past year.

    Attributes:
        release: Its release, unless it was skipped or failed.
        left_out: Why populations are not in the release, by population.
        problem: Why there is no release.
    """

    year: int
    outcome: Outcome
    release: Release | None = None
    left_out: Mapping[str, str] | None = None
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
            "why": self.problem or _joined(self.left_out or {}),
        }


@dataclass(frozen=True, eq=False)
class Job:
    """One year that is to be published."""

    year: int
    identity: Identity
    inputs: Inputs
    left_out: Mapping[str, str]


def plan_year(
    year: int, inputs: Inputs, fetched: Fetched, plan: Plan, settings: Settings
) -> Year | Job:
    """Return what is to be done for a year, or what became of it where nothing is to be done."""
    last_day = date(year, 12, 31)
    if last_day >= datetime.now(UTC).date():
        return Year(year, "skipped", problem="the year is not over")
    known = forecastable_series(inputs.counts, Vintage(last_day))
    left_out = {key.population: reason for key, reason in known.left_out.items()}
    if known.counts.empty:
        return Year(year, "skipped", left_out=left_out, problem=_joined(left_out))
    identity = fetched.identity(plan, last_day)
    present = {release.release_id: release for release in list_releases(settings.releases)}
    if release := present.get(identity.release_id):
        is_served = release.status == "published"
        return Year(year, "already published" if is_served else "retracted", release, left_out)
    return Job(year, identity, replace(inputs, counts=known.counts), left_out)


@task(task_run_name="as of the end of {job.year}", cache_policy=NO_CACHE)
def publish_year(job: Job, plan: Plan, settings: Settings) -> Year:
    """Build and publish the release of one year."""
    gates = Gates(job.identity.release_id, settings.reports)
    run = PrefectRunner()
    built = build(job.inputs, job.identity.as_of, plan, settings, gates=gates, run=run)
    release = run(publish_release, built.draft(job.identity, "backfill", gates), settings)
    return Year(job.year, "published", release, job.left_out)


def _joined(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{population}: {reason}" for population, reason in reasons.items())
