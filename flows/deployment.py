"""Register everything at a Prefect server: work pool, deployments, and what finds stale runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    WorkPoolCreate,
    WorkPoolUpdate,
)
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.workers.process import ProcessWorker

import flows
from talentcast.code_version import code_version
from talentcast.domain.errors import UsageError

#: Holds `prefect.yaml` and the flows, in the repository as in an installed wheel.
FOLDER = Path(flows.__file__).resolve().parents[1]
DEFINITIONS = FOLDER / "prefect.yaml"


@dataclass(frozen=True, slots=True)
class Deployed:
    """What was registered."""

    kind: str
    name: str
    detail: str


def deploy_all(*, at_once: int, notify: str | None = None) -> list[Deployed]:
    """Register everything at the configured server; what is there already is updated.

    Args:
        at_once: How many runs the work pool allows at a time.
        notify: Notification block, as TYPE/NAME, that tells of failed runs and of headlines that
            changed; None leaves what is there as it is.

    Raises:
        UsageError: If there is no such block.
    """
    read = yaml.safe_load(DEFINITIONS.read_text(encoding="utf-8"))
    definitions, automations = read["deployments"], read["definitions"]["automations"]
    with get_client(sync_client=True) as client:
        if notify is not None:
            automations = [*automations, *_notifications(read["definitions"], notify, client)]
        pools = {definition["work_pool"]["name"] for definition in definitions}
        done = [_pool(name, at_once, client) for name in sorted(pools)]
        done += [_deployment(definition, client) for definition in definitions]
        done += [_automation(each, client) for each in automations]
    return done


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


def _notifications(
    definitions: Mapping[str, Any], block: str, client: SyncPrefectClient
) -> list[dict[str, Any]]:
    kind, _, name = block.partition("/")
    try:
        found = client.read_block_document_by_name(name, kind)
    except (ObjectNotFound, ValueError):
        raise UsageError(
            f"The Prefect server has no block '{block}'. Name one of `prefect block ls` as "
            "TYPE/NAME, for example slack-webhook/operators.",
            parameters=("notify",),
        ) from None
    sent_by = {"block_document_id": str(found.id)}
    return [
        {**definition, "actions": [action | sent_by for action in definition["actions"]]}
        for definition in definitions["notifications"]
    ]


def _automation(definition: Mapping[str, Any], client: SyncPrefectClient) -> Deployed:
    automation = AutomationCore.model_validate(definition)
    present = client.read_automations_by_name(automation.name)
    if present:
        client.update_automation(present[0].id, automation)
    else:
        client.create_automation(automation)
    return Deployed("automation", automation.name, automation.description)
