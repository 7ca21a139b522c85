"""The pages made from the code are up to date, and every command shows an example."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from docs.commands import command_reference
from docs.generate import FOLDER, PAGES
from talentcast.cli.commands import COMMANDS, load_command

ROOT = Path(__file__).parents[2]
PAGES_OF_TEXT = sorted([*ROOT.glob("*.md"), *FOLDER.rglob("*.md")])
PACKAGES = (
    "talentcast|flows|engine|features|models|publication|questions|readers|expectations|dashboard"
    "|docs|tests"
)


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


def test_every_page_has_a_place_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    pages = {str(page.relative_to(FOLDER)) for page in FOLDER.rglob("*.md")}
    assert set(re.findall(r"[\w/-]+\.md", navigation)) == pages


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
    assert listed == packages - {"talentcast"} | {"deploy", "tests"}


#: Words that meant something here alone, and what the field says instead is in the glossary.
PRIVATE_WORDS = re.compile(
    r"\blenders?\b|larger panel|foretold|\bmend(?:s|ed|ing)?\b|\bwhoever\b|for dead\b|cannot be had"
    r"|\bsigns? of life\b|turns? to publish|\bheld back\b|\bSameThing\b|\bworlds\b|unsteady"
    r"|\bsteady|\boffers\(|\bclass (?:Abroad|Offer|Soft)\b",
    re.IGNORECASE,
)


def test_nothing_uses_a_word_that_only_we_would_understand() -> None:
    rooms = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."]
    own = [
        path
        for room in rooms
        if room.name not in ("var", "site", "dist")
        for path in room.rglob("*")
        if path.suffix in (".py", ".md", ".yaml", ".j2")
    ]
    own += [path for path in ROOT.iterdir() if path.suffix in (".md", ".yaml", ".yml")]
    assert len(own) > 250
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in own
        if path not in (ROOT / "CHANGELOG.md", Path(__file__).resolve())
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if PRIVATE_WORDS.search(line)
    ]
    assert found == []


def shown_commands() -> list[tuple[str, list[str]]]:
    """Return the command lines of all pages, by page."""
    return [
        (page.name, shlex.split(line.strip().removeprefix("$ "), comments=True))
        for page in PAGES_OF_TEXT
        for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL)
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip().startswith("$ talentcast ")
    ]


def test_every_command_that_a_page_shows_exists_with_its_options() -> None:
    assert len(shown_commands()) > 20
    unknown = []
    for page, (_, *words) in shown_commands():
        known, command = {"--help", "--version", "--verbose", "-v"}, None
        if words[0] in COMMANDS:
            command = load_command(words[0])
            if (children := getattr(command, "commands", None)) is not None:
                command = children.get(words[1])
        known |= {
            option for parameter in getattr(command, "params", ()) for option in parameter.opts
        }
        options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        if (command is None and words[0] not in known) or not options <= known:
            unknown.append((page, words))
    assert unknown == []
