"""Commands by name, and what every command does about errors."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from talentcast.cli.commands import LazyGroup, new_app
from talentcast.cli.environment import use_one_thread
from talentcast.cli.exit import end_after_exit_handlers
from talentcast.cli.failures import line_of
from talentcast.cli.logs import LogFormat, log_to_stderr
from talentcast.cli.terminal import say
from talentcast.code_version import code_version
from talentcast.domain.errors import TalentcastError

app = new_app(
    cls=LazyGroup,
    name="talentcast",
    no_args_is_help=True,
    help="Where will researchers work, how sure is that, and how good was the last forecast?",
    epilog="First steps: `talentcast refresh`, then `talentcast releases show latest`.",
)


def _print_version(value: bool) -> None:
    if value:
        say(f"talentcast {code_version()}")
        raise typer.Exit


@app.callback()
def options(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")] = False,
    log_format: Annotated[
        LogFormat,
        typer.Option("--log-format", envvar="TALENTCAST_LOG_FORMAT", help="Form of log lines."),
    ] = LogFormat.TEXT,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Where will researchers work, how sure is that, and how good was the last forecast?"""
    log_to_stderr(log_format, verbose=verbose)


def main() -> None:
    """Run a command in a process of its own, and end that process."""
    end_after_exit_handlers(run)


def run() -> None:
    """Run a command; an expected failure is one line on stderr and an exit code.

    Raises:
        SystemExit: Always, with the exit code.
    """
    use_one_thread()
    try:
        app()
    except TalentcastError as error:
        say(f"talentcast: {line_of(error)}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of a pipe, for example `head`, has seen enough
        sys.stderr.close()
        sys.exit(0)
    except Exception:
        say(traceback.format_exc().rstrip(), err=True)
        say("talentcast: this is a bug. Report the lines above with what you typed.", err=True)
        sys.exit(1)
