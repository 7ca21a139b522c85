"""Faults of what is named as a source: addresses, special files, and what may not be read."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from console import Console

from flows.steps.people import holds_careers
from flows.steps.scenarios import read_scenario
from models.scenarios import SCENARIO_PAGE
from sources.registry import source_for
from talentcast.domain.errors import InputRejectedError, UsageError

REPOSITORY = Path(__file__).resolve().parents[2]
ROWS = "year,country,researchers\n2019,FR,5\n"
NOBODY = 65534


@pytest.fixture
def special(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Paths of everything that is no plain file, by what it is."""
    folder = tmp_path / "special"
    (folder / "empty").mkdir(parents=True)
    (folder / "people").mkdir()
    os.mkfifo(folder / "pipe.csv")
    os.mkfifo(folder / "people" / "careers.csv")
    (folder / "dangling.csv").symlink_to(folder / "nowhere")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(folder)  # the address of a socket may be a hundred characters long
        listening.bind("socket.csv")
        os.chdir(here)
        yield {
            "pipe": folder / "pipe.csv",
            "socket": folder / "socket.csv",
            "link": folder / "dangling.csv",
            "device": Path("/dev/zero"),
            "folder": folder / "empty",
            "folder of pipes": folder / "people",
            "long": folder / ("a" * 300),
        }


@pytest.mark.parametrize(
    "address",
    [
        "https://user:canary@example.org/counts.csv?token=canary",
        "http://example.org/counts.csv",
        "HTTPS://example.org",
        "ftp://bucket/canary.parquet",
        "file:///tmp/counts.csv",
    ],
)
def test_an_address_is_no_source_and_the_message_says_what_is(
    talentcast: Console, address: str
) -> None:
    code, _, err = talentcast("check", address)
    assert code == 2
    assert "Download the file" in err
    assert "talentcast sources list" in err
    assert "canary" not in err


def test_f035_the_command_line_says_what_is_wrong_with_a_path(
    talentcast: Console, special: dict[str, Path]
) -> None:
    said = {
        "pipe": "no plain file",
        "socket": "no plain file",
        "link": "no plain file",
        "device": "no plain file",
        "folder": "is a folder",
        "folder of pipes": "is a folder",
        "long": "cannot be the path",
    }
    for kind, path in special.items():
        code, _, err = talentcast("check", path)
        assert (code, err.count("\n")) == (2, 1), (kind, err)
        assert said[kind] in err


def test_f035_a_run_refuses_addresses_and_pipes_in_the_same_words(special: dict[str, Path]) -> None:
    asked = {
        "https://example.org/counts.csv": "Download the file",
        str(special["pipe"]): "no plain file",
        str(special["folder of pipes"]): "is a folder",
        str(special["long"]): "cannot be the path",
    }
    for source, said in asked.items():
        with pytest.raises(UsageError, match=said):
            assert holds_careers(source) or source_for(source).download()


@pytest.mark.skipif(os.name != "posix", reason="files have no modes here")
def test_f035_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    file, folder = tmp_path / "counts.csv", tmp_path / "closed"
    file.write_text(ROWS)
    folder.mkdir()
    (folder / "careers.csv").write_text(ROWS)
    file.chmod(0)
    folder.chmod(0)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from sources.affiliations import is_affiliations_folder\n"
        "from sources.registry import source_for\n"
        "from talentcast.domain.errors import UsageError\n"
        # Root may read everything. What is imported is imported before.
        f"if os.getuid() == 0: os.setuid({NOBODY})\n"
        "for name in sys.argv[1:]:\n"
        "    for look in (is_affiliations_folder, lambda path: source_for(path).download()):\n"
        "        try:\n"
        "            print(look(Path(name)))\n"
        "        except UsageError as error:\n"
        "            print(error)\n"
    )
    for above in (tmp_path, *tmp_path.parents):  # each process of several has a folder of its own
        if above in (Path(tempfile.gettempdir()), Path(above.root)):
            break
        above.chmod(above.stat().st_mode | 0o011)
    done = subprocess.run(
        [sys.executable, "-c", script, str(file), str(folder), str(folder / "careers.csv")],
        capture_output=True,
        text=True,
        check=False,
    )
    folder.chmod(0o700)
    lines = done.stdout.splitlines()
    assert lines[0] == "False", done.stderr
    assert len(lines) == 6, done.stderr
    assert all("may not be read by this user" in line for line in lines[1:])


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "name: x",
        "name: x\ntitle: t\nchanges: [{change: magic}]",
        "name: x\ntitle: t\nchanges: [{change: inflow, factor: many}]",
        "#" * 200_000,
        b"name: \xff",
    ],
)
def test_every_error_of_a_scenario_file_names_the_page_about_them(
    tmp_path: Path, text: str | bytes
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputRejectedError) as caught:
        read_scenario(str(path))
    assert str(caught.value).count(SCENARIO_PAGE) == 1
    assert "TALENTCAST_MAX_INPUT_BYTES" not in str(caught.value), "the limit is another one"


def test_a_scenario_that_is_no_file_names_the_page_too(
    special: dict[str, Path], tmp_path: Path
) -> None:
    for path in (*special.values(), tmp_path / "nowhere"):
        with pytest.raises(UsageError, match=re.escape(SCENARIO_PAGE)):
            read_scenario(str(path))


def test_the_page_about_scenarios_is_there() -> None:
    page, _, anchor = SCENARIO_PAGE.partition("#")
    assert f"\n## {anchor.capitalize()}\n" in (REPOSITORY / page).read_text()
