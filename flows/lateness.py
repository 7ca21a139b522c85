"""Late runs are skipped: of those that piled up while no worker ran, only the newest works."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar, cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.states import Completed
from prefect.types import DateTime
from prefect.types._datetime import now

R = TypeVar("R")

#: A run that starts within this of its time is not late.
IN_TIME = timedelta(minutes=5)

_ALIVE = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]


def superseded(outcome: type[R]) -> R | None:
    """Return what a late scheduled run has to return instead of working, if a newer one is due.

    All that wait beside it but the newest are marked as skipped too: no process has to start for
    each of them, and the newest is next. Runs that somebody started are never skipped, nor are
    those that are in time: where starting takes longer than the interval, none would ever work.

    Args:
        outcome: What the flow returns otherwise. A state is returned in its place: Prefect takes
            it as the outcome of the run, named `Skipped`.
    """
    context = FlowRunContext.get()
    mine = context.flow_run if context else None
    if mine is None or mine.deployment_id is None or not mine.auto_scheduled:
        return None
    if _expected(mine) > now("UTC") - IN_TIME:
        return None
    with get_client(sync_client=True) as client:
        due = [other for other in _due(mine, client) if other.id != mine.id]
        newest = max((mine, *due), key=_expected)
        for other in due:
            if other is not newest and other.state_type == StateType.SCHEDULED:
                client.set_flow_run_state(other.id, _skipped(newest), force=True)
    return None if newest is mine else cast(R, _skipped(newest))


def _due(mine: FlowRun, client: SyncPrefectClient) -> list[FlowRun]:
    wanted = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[cast(UUID, mine.deployment_id)]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_ALIVE)),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=cast(DateTime, now("UTC"))),
    )
    found = client.read_flow_runs(flow_run_filter=wanted, limit=200)
    return [run for run in found if run.auto_scheduled]


def _expected(run: FlowRun) -> datetime:
    return cast(datetime, run.expected_start_time)


def _skipped(newest: FlowRun) -> State[None]:
    return Completed(name="Skipped", message=f"A newer run is due: {newest.name}.")
