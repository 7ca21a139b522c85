"""Work in several processes: in order, with errors as they were, and nobody left behind."""

from __future__ import annotations

import logging
import math
import os
import signal
import subprocess
import sys
import time

import pytest

from engine.workers import Workers
from sources.countries import country_code
from talentcast.domain.errors import TalentcastError, UsageError
from talentcast.domain.types import Vintage


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(processes: int) -> None:
    assert list(Workers(processes)(math.sqrt, range(8))) == [math.sqrt(n) for n in range(8)]
    assert list(Workers(processes)(math.sqrt, [])) == []
    assert list(Workers(processes)(country_code, ["NA"])) == ["NAM"]


def test_an_error_of_another_process_is_the_error_of_the_call() -> None:
    with pytest.raises(UsageError, match="2026-13-01"):
        list(Workers(2)(Vintage.parse, ["2026-01-01", "2026-13-01"]))


def test_a_process_that_ends_early_is_an_error_that_says_what_to_do() -> None:
    # Of two items, the second one is another process's; the first is of no effect here.
    with pytest.raises(TalentcastError, match="TALENTCAST_BUCKET_ROWS"):
        list(Workers(2)(eval, ["None", "__import__('os')._exit(1)"]))


@pytest.mark.parametrize("processes", [1, 2])
def test_a_single_call_may_have_a_process_of_its_own(processes: int) -> None:
    where = Workers(processes).apart(os.getpid)
    assert (where == os.getpid()) is (processes == 1)
    assert Workers(processes).apart(round, 2.75, ndigits=1) == 2.8
    with pytest.raises(UsageError, match="2026-13-01"):
        Workers(processes).apart(Vintage.parse, "2026-13-01")


def test_what_another_process_logs_is_logged_here(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Workers(2).apart(exec, "import logging; logging.getLogger('far').warning('%d rows', 3)")
        Workers(2).apart(exec, "import logging; logging.getLogger('far').info('said softly')")
    assert caplog.record_tuples == [("far", logging.WARNING, "3 rows")]


def test_no_process_outlives_one_that_is_killed() -> None:
    script = (
        "import time\n"
        "from engine.workers import Workers\n"
        "print('ready', flush=True)\n"
        "list(Workers(2)(time.sleep, [60, 61]))\n"
    )
    caller = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert caller.stdout is not None
    caller.stdout.readline()
    deadline = time.monotonic() + 20
    while not (children := _children(caller.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(children) == 1
    time.sleep(1)
    os.kill(caller.pid, signal.SIGKILL)
    caller.communicate()
    while any(map(_is_running, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_is_running, children))


def _children(process: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True)
    return [int(line) for line in found.stdout.split()]


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
