"""The pages made from the code are up to date, and every command shows an example."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.commands import command_reference
from docs.generate import FOLDER, PAGES
from talentcast.cli.commands import COMMANDS, load_command


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_match_the_code(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), "Run: make docs"


def test_every_command_shows_an_example() -> None:
    sections = command_reference().split("\n## ")[1:]
    assert sections
    assert [
        section.split("\n")[0] for section in sections if "Example: talentcast" not in section
    ] == []


def test_the_list_of_commands_shows_the_first_line_of_each() -> None:
    first = {name: load_command(name).help.split("\n\n")[0] for name in COMMANDS}
    assert {name: line.replace("\n", " ") for name, line in first.items()} == COMMANDS


def test_every_variable_is_in_the_example_environment() -> None:
    from talentcast.config import Settings

    example = (Path(__file__).parents[2] / ".env.example").read_text()
    assert [
        name for name in Settings.model_fields if f"TALENTCAST_{name.upper()}" not in example
    ] == []
