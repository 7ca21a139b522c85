"""talentcast deploy: register the scheduled jobs at a Prefect server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from talentcast.cli.options import Json
from talentcast.cli.orchestrator import prefect_ready
from talentcast.cli.output import print_rows
from talentcast.cli.terminal import say
from talentcast.config import load_settings, server_url
from talentcast.domain.errors import ConfigurationError


def deploy(
    *,
    runs_at_once: Annotated[
        int,
        typer.Option("--runs-at-once", min=1, help="How many runs the work pool allows at a time."),
    ] = 2,
    notify: Annotated[
        str | None,
        typer.Option(
            "--notify", metavar="TYPE/NAME", help="Prefect block that tells of failed runs."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Register work pool, deployments and automations at the server of PREFECT_API_URL.

    Run it again after an upgrade; what is there already is updated.

    Example: talentcast deploy
    """
    if server_url() is None:
        raise ConfigurationError(
            "PREFECT_API_URL is not set, so there is no server to deploy to. Start one with "
            "'prefect server start', then: export PREFECT_API_URL=http://127.0.0.1:4200/api"
        )
    with prefect_ready(load_settings()):
        from flows.deployment import deploy_all  # after Prefect's variables are set

        done = deploy_all(at_once=runs_at_once, notify=notify)
    print_rows([asdict(each) for each in done], as_json=json)
    if not json:
        say("\nNext, on the machine that is to work: talentcast worker --pool local")
