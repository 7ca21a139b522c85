"""Register everything at a Prefect server: work pool, deployments, and what finds stale runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    WorkPoolCreate,
    WorkPoolUpdate,
)
from prefect.client.schemas.objects import ConcurrencyOptions, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.workers.process import ProcessWorker

import flows
from flows.connection import TAG
from talentcast.code_version import code_version

#: Holds `prefect.yaml` and the flows, in the repository as in an installed wheel.
FOLDER = Path(flows.__file__).resolve().parents[1]
DEFINITIONS = FOLDER / "prefect.yaml"
#: A run sends a heartbeat every 30 seconds; without one for so long it is stale.
STALE = timedelta(seconds=45)
START_UP = timedelta(minutes=5)

_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDS = {
    f"prefect.flow-run.{name}"
    for name in ("Completed", "Failed", "Cancelled", "Crashed", "Skipped")
}


@dataclass(frozen=True, slots=True)
class Deployed:
    """What was registered."""

    kind: str
    name: str
    detail: str


def deploy_all(*, at_once: int) -> list[Deployed]:
    """Register everything at the configured server; what is there already is updated.

    Args:
        at_once: How many runs the work pool allows at a time.
    """
    definitions = yaml.safe_load(DEFINITIONS.read_text(encoding="utf-8"))["deployments"]
    with get_client(sync_client=True) as client:
        pools = {definition["work_pool"]["name"] for definition in definitions}
        done = [_pool(name, at_once, client) for name in sorted(pools)]
        done += [_deployment(definition, client) for definition in definitions]
        done += [_automation(automation, client) for automation in automations()]
    return done


def automations() -> tuple[AutomationCore, ...]:
    """Return what marks stale runs of this project as crashed, even if their worker died too."""
    return (
        _crash_when_stale(
            "talentcast: a run died",
            # It may die before its first heartbeat has arrived. Of runs that were scheduled less
            # than five minutes ahead the server weighs heartbeats at once, other events late.
            after={"prefect.flow-run.Running", _HEARTBEAT},
            expect={_HEARTBEAT, *_ENDS},
            within=STALE,
        ),
        _crash_when_stale(
            "talentcast: a run never started",
            after={"prefect.flow-run.Pending"},
            expect={
                "prefect.flow-run.Running", "prefect.flow-run.AwaitingConcurrencySlot",
                "prefect.flow-run.AwaitingRetry", "prefect.flow-run.Scheduled", *_ENDS,
            },
            within=START_UP,
        ),
    )  # fmt: skip


def _crash_when_stale(
    name: str, *, after: set[str], expect: set[str], within: timedelta
) -> AutomationCore:
    seconds = int(within.total_seconds())
    return AutomationCore(
        name=name,
        description=f"Marks a run as crashed after {seconds} s without a heartbeat.",
        trigger=EventTrigger(
            after=after,
            expect=expect,
            for_each={"prefect.resource.id"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            # Other projects may use the same server, and send no heartbeats.
            match_related={
                "prefect.resource.role": "tag",
                "prefect.resource.id": f"prefect.tag.{TAG}",
            },
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                message=f"No heartbeat for {seconds} s.",
                force=False,
            )
        ],
    )


def _pool(name: str, at_once: int, client: SyncPrefectClient) -> Deployed:
    try:
        client.read_work_pool(name)
        client.update_work_pool(name, WorkPoolUpdate(concurrency_limit=at_once))
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(
                name=name,
                type=ProcessWorker.type,
                base_job_template=ProcessWorker.get_default_base_job_template(),
                concurrency_limit=at_once,
            )
        )
    return Deployed("work pool", name, f"process, at most {at_once} runs at a time")


def _deployment(definition: Mapping[str, Any], client: SyncPrefectClient) -> Deployed:
    entrypoint = definition["entrypoint"]
    flow: Flow[Any, Any] = load_flow_from_entrypoint(
        f"{FOLDER / entrypoint}", use_placeholder_flow=False
    )
    limit = definition.get("concurrency_limit", {})
    schedules = definition.get("schedules", [])
    client.create_deployment(
        flow_id=client.create_flow(flow),
        name=definition["name"],
        version=code_version(),
        tags=definition["tags"],
        description=definition["description"],
        entrypoint=entrypoint,
        pull_steps=[
            {"prefect.deployments.steps.set_working_directory": {"directory": str(FOLDER)}}
        ],
        parameters=definition.get("parameters", {}),
        parameter_openapi_schema=flow.parameters.model_dump(exclude_unset=True),
        enforce_parameter_schema=True,
        work_pool_name=definition["work_pool"]["name"],
        job_variables=definition["work_pool"]["job_variables"],
        schedules=[
            DeploymentScheduleCreate(
                schedule=CronSchedule(cron=each["cron"], timezone=each["timezone"]),
                active=each["active"],
            )
            for each in schedules
        ],
        concurrency_limit=limit.get("limit"),
        concurrency_options=(
            ConcurrencyOptions(collision_strategy=limit["collision_strategy"]) if limit else None
        ),
    )
    when = ", ".join(f"{each['cron']} {each['timezone']}" for each in schedules)
    return Deployed("deployment", f"{flow.name}/{definition['name']}", when or "on demand")


def _automation(automation: AutomationCore, client: SyncPrefectClient) -> Deployed:
    present = client.read_automations_by_name(automation.name)
    if present:
        client.update_automation(present[0].id, automation)
    else:
        client.create_automation(automation)
    return Deployed("automation", automation.name, automation.description)
