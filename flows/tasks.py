"""The steps of the pipeline as Prefect tasks: what they are called, and what is tried again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, ParamSpec, TypeVar, cast

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture

from flows.progress import tell
from flows.steps import alerts, check, deliver, forecast, ingest, past_years, people, publish
from flows.steps import forecast_changes as moved
from flows.steps import score as scoring
from flows.steps.runner import RETRY_PAUSES, is_bad_luck

P = ParamSpec("P")
R = TypeVar("R")


def _task(step: Callable[P, R], run_name: str | None = None, **options: Any) -> Task[P, R]:
    return Task(step, task_run_name=run_name, cache_policy=NO_CACHE, **options)


def _is_bad_luck(_: object, __: TaskRun, state: State[object]) -> bool:
    """Retry what may pass by itself."""
    return is_bad_luck(state.result(raise_on_failure=False))


fetch = _task(
    ingest.fetch,
    retries=len(RETRY_PAUSES),
    retry_delay_seconds=list(RETRY_PAUSES),
    retry_condition_fn=_is_bad_luck,
)
gather_people = _task(people.gather_people)
read = _task(ingest.read)
count_people = _task(people.count_people)
check_counts = _task(check.check_counts)
check_panels = _task(check.check_panels)
forecast_shares = _task(forecast.forecast_all, "forecast {panel.key.population}")
check_shares = _task(check.check_shares, "check forecasts of {panel.key.population}")
observe = _task(forecast.observe)
score = _task(scoring.score, "score {panel.key.population}")
forecast_returns = _task(people.forecast_returns, "returns of {people.key.population}")
check_returns = _task(check.check_returns, "check returns of {key.population}")
changes_of = _task(moved.changes_of, "what moved {now.panel.key.population}")
score_release = _task(scoring.score_release, "score {release.release_id}")
keep_admissions = _task(people.keep_admissions)
keep_restricted = _task(people.keep_restricted)
publish_release = _task(publish.publish_release)
write_report = _task(deliver.write_report)
mirror_current = _task(deliver.mirror_current)
write_current_site = _task(deliver.write_current_site)
tell_of_changes = _task(alerts.tell_of_changes)
past_year = _task(past_years.past_year, "as of {identity.as_of.as_of}")

TASKS: Final[Mapping[Callable[..., Any], Task[..., Any]]] = {
    task.fn: task
    for task in (
        fetch, gather_people, read, count_people, check_counts, check_panels, forecast_shares,
        check_shares, observe, score, forecast_returns, check_returns, changes_of, score_release,
        keep_admissions, keep_restricted, publish_release, write_report, mirror_current,
        write_current_site, tell_of_changes, past_year,
    )
}  # fmt: skip


class PrefectRunner:
    """Carries out every step as its task, so that Prefect shows where time goes.

    Args:
        stages: How many stages a run has at least.
    """

    def __init__(self, stages: int = 1) -> None:
        self._done = -1
        self._stages = stages

    def __call__(self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the task of a step."""
        return cast(R, TASKS[step](*args, **kwargs))

    def submit(
        self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> PrefectFuture[R]:
        """Hand the task of a step to the task runner of the flow."""
        return cast(PrefectFuture[R], TASKS[step].submit(*args, **kwargs))

    def progress(self, doing: str) -> None:
        """Tell the caller which stage begins."""
        self._done += 1
        tell(doing, self._done, self._stages)

    def expect(self, stages: int) -> None:
        """Count on further stages."""
        self._stages += stages
