"""The commands by name; the module of one is imported when it, or its help, is asked for."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

#: The module of a command has its name. Each line is the first of the docstring there, which a list
#: of all commands shows without importing what they need.
COMMANDS = {
    "demo": "Forecast a population that comes with the package, and open a page with its chart.",
    "forecast": "Forecast the shares in a file on the spot; nothing is published or kept.",
    "refresh": "Ingest, check, forecast and publish one release.",
    "backfill": "Publish one release per past year, from what was known at its end, and score "
    "them.",
    "backtest": "Forecast from past origins and score against what came.",
    "check": "Run the input checks on a file and print the report; exit code 3 if it would be "
    "rejected.",
    "cohort": "Report who of a roster never left, returned, is abroad or moved on, by origin and "
    "year.",
    "deploy": "Register work pool, deployments and automations at the server of PREFECT_API_URL.",
    "worker": "Work off scheduled runs; ends when told to, with or without its server.",
    "doctor": "Say what is installed, reachable and writable, and what to do about what is not.",
    "serve": "Serve the dashboard until interrupted. It reads published releases and nothing else.",
    "export": "Write a release in the format of another tool, or as a report that needs no server.",
    "site": "Write the newest release as a web site of plain files, which needs no server.",
    "mirror": "Put the current release into PostgreSQL, for Grafana, Metabase or Superset.",
    "metrics": "Print figures for Prometheus: the age of the release that is served, its checks, "
    "its rows.",
    "releases": "Look at what was published.",
    "returns": "How likely researchers abroad are to return.",
    "records": "Make records of people from public files.",
    "claim": "Say how sure a share of a sample is, and beside which figures it stands.",
    "questions": "Look at questions that resolve, and find new ones.",
    "populations": "List the populations that are defined, and what each answers.",
    "sources": "Look at the sources, and fetch one.",
}

#: A Typer application in the style of this command line.
new_app = partial(
    typer.Typer, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)


class LazyGroup(TyperGroup):
    """Lists the commands from their first lines, and loads the one that runs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {name: TyperCommand(name, help=line) for name, line in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the name, the command and its arguments."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_command(str(name)), rest


def load_command(name: str) -> Any:
    """Import the module of a command and return the command, or the group, that it defines."""
    module = import_module(f"talentcast.cli.{name}")
    app = getattr(module, "app", None)
    if app is None:
        app = new_app()
        app.command()(getattr(module, name))
    return typer.main.get_command(app)
