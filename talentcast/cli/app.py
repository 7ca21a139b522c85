"""Commands by name, and what every command does about errors."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Annotated

import typer

from talentcast.cli import (
    backfill,
    backtest,
    checks,
    cohort,
    deploy,
    doctor,
    export,
    mirror,
    refresh,
    releases,
    returns,
    serve,
    sources,
)
from talentcast.config import use_one_thread
from talentcast.domain.errors import TalentcastError

app = typer.Typer(
    name="talentcast",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Where will researchers work, how sure is that, and how good was the last forecast?",
    epilog="First steps: `talentcast refresh`, then `talentcast releases show latest`.",
)
app.command("refresh")(refresh.refresh)
app.command("backfill")(backfill.backfill)
app.command("backtest")(backtest.backtest)
app.command("check")(checks.check)
app.command("cohort")(cohort.cohort)
app.command("deploy")(deploy.deploy)
app.command("doctor")(doctor.doctor)
app.command("serve")(serve.serve)
app.command("export")(export.export)
app.command("mirror")(mirror.mirror)
app.add_typer(releases.app, name="releases")
app.add_typer(returns.app, name="returns")
app.add_typer(sources.app, name="sources")


def _print_version(value: bool) -> None:
    if value:
        from talentcast.code_version import code_version

        typer.echo(f"talentcast {code_version()}")
        raise typer.Exit


@app.callback()
def options(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Where will researchers work, how sure is that, and how good was the last forecast?"""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def main() -> None:
    """Run a command; an expected failure is one line on stderr and an exit code."""
    use_one_thread()
    try:
        app()
    except TalentcastError as error:
        typer.echo(f"talentcast: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of a pipe, for example `head`, has seen enough
        sys.stderr.close()
        sys.exit(0)
    except Exception:
        traceback.print_exc()
        typer.echo(
            "talentcast: this is a bug. Report the lines above with what you typed.", err=True
        )
        sys.exit(1)
