"""The command-line reference, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from talentcast.cli.commands import COMMANDS, load_command

_INTRODUCTION = """# Command line

Generated from the commands by `make docs`; change it there.

Tables are printed for people, or as a JSON list of rows with `--json`. Work over two seconds shows
a progress bar on a terminal. An expected failure is one line on stderr.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a bug: please report it |
| 2 | usage: an option, a name or a range makes no sense |
| 3 | input rejected by the checks; nothing was published |
| 4 | a source is unavailable; try again later |
| 5 | the store is in conflict or damaged |
| 6 | a setting is missing or unusable |
"""


def command_reference() -> str:
    """Return docs/command-line.md."""
    return "\n".join([_INTRODUCTION, *_lines()])


def _lines() -> Iterator[str]:
    commands = [
        found for name in COMMANDS for found in _commands(load_command(name), f"talentcast {name}")
    ]
    for path, command in sorted(commands, key=lambda found: found[0]):
        yield f"## {path}"
        yield ""
        yield "\n\n".join(part.strip() for part in (command.help or "").split("\n\n"))
        yield ""
        yield "| option | meaning |"
        yield "|---|---|"
        for parameter in command.params:
            if record := _record(parameter):
                yield f"| `{record[0]}` | {record[1]} |"
        yield ""


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _commands(child, f"{path} {name}")


def _record(parameter: Any) -> tuple[str, str] | None:
    if parameter.name == "help":
        return None
    help_text = getattr(parameter, "help", None) or ""
    if parameter.param_type_name == "argument":
        return parameter.metavar or str(parameter.name).upper(), help_text
    return ", ".join(parameter.opts), help_text
