"""How a process of the command line ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Threads of Arrow that call Python for ever, as an engine's threads may when a command is done.
BUSY_ARROW = """
import io, threading, time
import pyarrow as pa

class Source(io.RawIOBase):
    def readable(self):
        return True

    def read(self, size=-1):
        time.sleep(0.0005)
        return b"x"

def command():
    file = pa.PythonFile(Source(), mode="r")
    def read():
        while True:
            file.read(10)
    for _ in range(3):
        threading.Thread(target=read, daemon=True).start()
    time.sleep(0.05)
    print("done")
"""
END = "from talentcast.cli.exit import end_after_exit_handlers as end\n"


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="such threads wait there from 3.14 on")
def test_native_threads_abort_a_process_that_takes_its_interpreter_down() -> None:
    assert run(BUSY_ARROW + "command()").returncode == -6


def test_native_threads_do_not_abort_a_command_whose_work_is_done() -> None:
    ended = run(BUSY_ARROW + END + "end(command)")
    assert (ended.returncode, ended.stdout) == (0, "done\n")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("pass", 0),
        ("sys.exit(5)", 5),
        ("sys.exit(None)", 0),
        ("sys.exit('no')", 1),
        ("1 / 0", 1),
    ],
)
def test_exit_codes_and_what_exit_handlers_say_are_kept(command: str, code: int) -> None:
    script = f"""import atexit, sys
def command():
    atexit.register(print, "handled")
    {command}
"""
    ended = run(script + END + "end(command)")
    assert (ended.returncode, ended.stdout) == (code, "handled\n")
    assert ("ZeroDivisionError" in ended.stderr) == (command == "1 / 0")
