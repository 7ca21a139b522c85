"""Publishers that are killed, stopped or many at once, and readers beside them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from release_drafts import NOW, marked_tables, of_tables
from stress_store import Cleaner, PinnedReader, Watcher, Writer, kill, lines, start

from talentcast.domain.errors import StoreError
from talentcast.store import lease as leases
from talentcast.store.lease import publishing
from talentcast.store.pointer import (
    events,
    find_release,
    list_releases,
)
from talentcast.store.publisher import Stage, publish
from talentcast.store.retraction import retract
from talentcast.store.verification import verify
from tests.stress.contention import contend
from tests.stress.kills import CONTROLS, FAILPOINTS, attack, control_is_caught


@pytest.mark.parametrize("stage", FAILPOINTS)
def test_f048_a_kill_at_any_stage_leaves_an_old_or_a_new_release(
    tmp_path: Path, stage: str
) -> None:
    root, journal = tmp_path / "store", tmp_path / "acknowledged"
    before = publish(of_tables(marked_tables(0.5, 50), "0" * 64), root, published_at=NOW)
    dying = start(Writer(root, 1, journal, rows=50, dies_at=stage))
    dying.join(60)
    assert dying.exitcode == -signal.SIGKILL
    seen = find_release("latest", root)
    is_visible = stage in (Stage.VISIBLE, "acknowledging")
    assert (seen != before) == is_visible
    assert verify(seen, root) == []
    again = publish(of_tables(marked_tables(0.001, 50), f"{1:064}"), root, published_at=NOW)
    assert verify(again, root) == []
    assert len([event for event in events(root) if event.release_id == again.release_id]) == 1


def test_f049_random_kills_tear_lose_and_repeat_nothing(tmp_path: Path) -> None:
    findings, _ = attack(tmp_path / "store", kills=6, seed=1, journals=tmp_path)
    assert findings.is_clean, findings
    assert findings.acknowledged
    assert findings.reads


@pytest.mark.parametrize("control", CONTROLS)
def test_f049_a_publisher_that_is_broken_on_purpose_is_caught(control: str) -> None:
    assert control_is_caught(control, kills=2)


def test_f051_f052_many_publishers_take_turns_and_each_release_is_there_once(
    tmp_path: Path,
) -> None:
    findings, writes = contend(
        tmp_path / "store", 4, rows=200, journals=tmp_path, writers=3, readers=2
    )
    assert findings.is_clean, findings
    assert findings.reads
    assert writes


def test_f051_two_publishers_of_one_release_write_it_once(tmp_path: Path) -> None:
    journals = [tmp_path / "one", tmp_path / "two"]
    both = [start(Writer(tmp_path / "store", 1, journal, rows=50)) for journal in journals]
    while not all(lines(journal) for journal in journals):
        time.sleep(0.01)
    for process in both:
        kill(process)
    first, second = (lines(journal)[0] for journal in journals)
    assert first[1] == second[1]
    assert sum(str(e.release_id) == first[1] for e in events(tmp_path / "store")) == 1


def test_f053_a_publisher_that_was_given_up_cannot_commit(tmp_path: Path) -> None:
    """It is stopped in the middle, another one takes over, and then it wakes."""
    with publishing(tmp_path) as stale:
        with publishing(tmp_path, time_to_live_seconds=0.2):
            with pytest.raises(StoreError, match="LEASE_LOST"), stale.committing():
                raise AssertionError("a stale publisher was let through")
            with pytest.raises(StoreError, match="LEASE_LOST"):
                stale.renew()
        with publishing(tmp_path):
            pass


def test_f053_a_stopped_process_wakes_and_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "TIME_TO_LIVE_SECONDS", 1.0)
    root, journal = tmp_path / "store", tmp_path / "acknowledged"
    stopped = start(Writer(root, 1, journal, rows=50, dies_at="", stops_at=Stage.DATA_FLUSHED))
    pid = stopped.pid
    assert pid is not None
    while not is_stopped(pid):
        time.sleep(0.01)
    taken = publish(of_tables(marked_tables(0.5, 50), "f" * 64), root, published_at=NOW)
    os.kill(pid, signal.SIGCONT)
    while not lines(journal):
        time.sleep(0.01)
    kill(stopped)
    number, outcome, why = lines(journal)[0]
    assert (number, outcome) == ("1", "gave-up")
    assert "LEASE_LOST" in why
    assert [release.release_id for release in list_releases(root)][-1] == taken.release_id


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def test_f055_a_reader_during_publishing_sees_one_release(tmp_path: Path) -> None:
    root = tmp_path / "store"
    writer = start(Writer(root, 1, tmp_path / "acknowledged", rows=200))
    watcher = Watcher(root, tmp_path / "read", rows=200)
    seen: list[str] = []
    while seen.count("ok") < 20:
        seen.append(watcher.look())
    kill(writer)
    assert set(seen) <= {"ok", "none"}


def test_f066_a_release_read_by_its_id_stays_whole_while_others_publish_die_and_clean(
    tmp_path: Path,
) -> None:
    root, read, cleaned = (tmp_path / name for name in ("store", "read", "cleaned"))
    pinned = publish(of_tables(marked_tables(0.5, 200), "0" * 64), root, published_at=NOW)
    publish(of_tables(marked_tables(0.6, 200), "1" * 64), root, published_at=NOW)
    reader = start(PinnedReader(root, str(pinned.release_id), read))
    for number in range(3):
        dying = Writer(root, 10 + number, tmp_path / "journal", rows=50, dies_at=Stage.DATA_FLUSHED)
        start(dying).join(60)
        if number == 1:  # a reader that has its id goes on
            retract(str(pinned.release_id), root, reason="a test", by="me", at=NOW)
        cleaner, before = start(Cleaner(root, cleaned)), len(lines(cleaned))
        while len(lines(cleaned)) < before + 2:
            time.sleep(0.01)
        kill(cleaner)  # in the middle of the next one, or just before it
    seen = len(lines(read))
    while len(lines(read)) < seen + 2:
        time.sleep(0.01)
    kill(reader)
    assert {" ".join(line) for line in lines(read)} == {"ok 220"}
    assert sum(int(line[0]) for line in lines(cleaned)) > 3
    assert [problem for one in list_releases(root) for problem in verify(one, root)] == []
    assert len(list_releases(root)) == 2
    assert publish(of_tables(marked_tables(0.7, 200), "2" * 64), root, published_at=NOW)


def test_f068_publishers_in_a_crowd_do_not_give_up(tmp_path: Path) -> None:
    findings, writes = contend(
        tmp_path / "store", 5, rows=100, journals=tmp_path, writers=8, readers=1
    )
    assert findings.gave_up == []
    assert writes  # how many there are is the machine's
