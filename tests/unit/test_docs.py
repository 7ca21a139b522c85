"""The pages made from the code are up to date, and every command shows an example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.commands import command_reference
from docs.generate import FOLDER, PAGES
from talentcast.cli.commands import COMMANDS, load_command

ROOT = Path(__file__).parents[2]
PAGES_OF_TEXT = sorted([*ROOT.glob("*.md"), *FOLDER.rglob("*.md")])
PACKAGES = "talentcast|flows|features|models|publication|readers|expectations|dashboard|docs|tests"


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

    example = (ROOT / ".env.example").read_text()
    assert [
        name for name in Settings.model_fields if f"TALENTCAST_{name.upper()}" not in example
    ] == []


def test_every_path_that_a_page_names_exists() -> None:
    named = {
        (page.name, path)
        for page in PAGES_OF_TEXT
        for path in re.findall(rf"`((?:{PACKAGES})/[\w./-]*)`", page.read_text())
    }
    assert named
    missing = {(page, path) for page, path in named if not (ROOT / path).exists()}
    # A page on adding something names the file that the reader is to write.
    assert {(page, path) for page, path in missing if not page.startswith("add-a-")} == set()


def test_the_table_of_rooms_lists_every_package() -> None:
    packages = {
        str(path.parent.relative_to(ROOT))
        for pattern in (
            "*/__init__.py",
            "talentcast/*/__init__.py",
            "flows/*/__init__.py",
            "models/*/__init__.py",
            "readers/*/__init__.py",
        )
        for path in ROOT.glob(pattern)
    }
    rooms = (FOLDER / "architecture.md").read_text().split("## Rooms")[1]
    listed = {
        name
        for row in rooms.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([\w/]+)`", row.split("|")[1])
    }
    assert listed == packages - {"talentcast"} | {"tests"}
