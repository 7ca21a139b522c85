"""No text of the data commands the terminal on which it is shown."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_release import Small, publish_small

TALENTCAST = Path(sys.executable).with_name("talentcast")
#: Clears the screen, hides, rings, goes back to the start of the line, writes the clipboard and a
#: title, in seven and in eight bits.
HOSTILE = "\x1b[2J\x1b[8mgone\x07\rover\x08\x1b]52;c;Y2FuYXJ5\x07\x1b]0;title\x1b\\\x9b2J\u202eend"
_OWN_STYLE = re.compile(r"\x1b\[(0|1|2|3|22|23|39|[39][0-7])(;[0-9]+)*m")


def on_a_terminal(*arguments: str | Path) -> tuple[int, str]:
    """Run a command on a terminal of its own, and return its exit code and all that was written."""
    ours, its = pty.openpty()
    started = subprocess.Popen(
        ["env", "TERM=xterm-256color", "COLUMNS=200", TALENTCAST, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    written = b""
    while True:
        try:
            some = os.read(ours, 65_536)
        except OSError:  # how a terminal says that nobody is left who writes
            break
        if not some:
            break
        written += some
    os.close(ours)
    return started.wait(timeout=30), written.decode()


def require_inert(written: str) -> None:
    plain = _OWN_STYLE.sub("", written.replace("\r\n", "\n"))
    assert [c for c in plain if not (c.isprintable() or c in "\n\t")] == []


def test_the_texts_of_a_release_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    publish_small(tmp_path / "releases", Small(reason=HOSTILE, has_returns=False))
    for command in ("list", "show"):
        code, written = on_a_terminal("releases", command, "--home", tmp_path)
        assert code == 0, written
        require_inert(written)
    assert r"\x1b[2J" in written
    assert r"\x1b]52;c;" in written


@pytest.mark.parametrize("kind", ["name", "columns", "nowhere"])
def test_what_a_file_says_is_shown_and_not_obeyed(tmp_path: Path, kind: str) -> None:
    path = tmp_path / (f"{HOSTILE}.csv" if kind == "name" else "counts.csv")
    header = {"columns": f'year,"{HOSTILE}",researchers'}.get(kind, "year,country,researchers")
    if kind != "nowhere":
        path.write_text(f"{header}\n2019,Nowhere,5\n", newline="")
    code, written = on_a_terminal("check", path if kind != "nowhere" else HOSTILE)
    assert code in (2, 3), written
    require_inert(written)
