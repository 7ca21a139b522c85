"""Processes that publish and read a store at once, and what may not be seen in it.

Every value of release number n is n / 1000, so that a mixture of releases shows. A process is
forked from a clean one that has the libraries loaded already, so that it can be killed at once.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from release_drafts import NOW, marked_tables, of_tables

from flows.steps.retention import Retention, plan_pruning
from storage.paths import StorePath
from talentcast.domain.errors import StoreError
from talentcast.store import publisher
from talentcast.store.cleaning import clean
from talentcast.store.pointer import append_event, events, find_release, list_releases
from talentcast.store.pruning import PruneStage, prune
from talentcast.store.publisher import Stage, publish
from talentcast.store.reader import read_rows
from talentcast.store.release import Release, ReleaseDraft
from talentcast.store.verification import verify

#: Rows of the larger table.
ROWS = 2_000
LOOK_EVERY_SECONDS = 0.02
#: What takes long to import, so that a process starts in milliseconds.
PRELOADED = [
    "talentcast.store.publisher",
    "talentcast.store.verification",
    "flows.steps.retention",
    "obstore.store",
    "boto3",
    "httpx",
    "pytest",
]

Publish = Callable[[StorePath, ReleaseDraft, Callable[[Stage], None]], Release]


def as_built(root: StorePath, draft: ReleaseDraft, on_stage: Callable[[Stage], None]) -> Release:
    """Publish as the product does."""
    return publish(draft, root, published_at=NOW, on_stage=on_stage)


def pointer_first(
    root: StorePath, draft: ReleaseDraft, on_stage: Callable[[Stage], None]
) -> Release:
    """Negative control: show a release whose tables are not written yet."""
    release = as_built(root, draft, on_stage)
    early = of_tables(draft.tables, draft.identity.settings_sha256[::-1].replace("0", "f"))
    append_event(
        publisher._visible(early, release.tables, NOW).sealed(sequence=release.sequence + 1), root
    )
    return release


def forgetful(root: StorePath, draft: ReleaseDraft, on_stage: Callable[[Stage], None]) -> Release:
    """Negative control: publish again what is published already."""
    publisher._newest = lambda *_: None  # this process only
    return as_built(root, draft, on_stage)


@dataclass(frozen=True)
class Writer:
    """One publisher process.

    Attributes:
        first: Number of its first release.
        step: Difference between the numbers of its releases.
        journal: Where it notes acknowledged releases.
        dies_at: Stage of its first release at which it kills itself.
        stops_at: Stage at which it stops until it is told to go on.
        stages: Where it notes when its first release reached each stage.
        acknowledges_early: Negative control: note a release before it is published.
    """

    root: StorePath
    first: int
    journal: Path
    step: int = 1
    rows: int = ROWS
    dies_at: str = ""
    stops_at: str = ""
    stages: Path | None = None
    publish: Publish = as_built
    acknowledges_early: bool = False

    def __call__(self) -> None:
        """Publish until killed."""
        number = self.first
        while True:
            self.publish_one(number)
            if self.dies_at == "acknowledging":
                os.kill(os.getpid(), signal.SIGKILL)
            number += self.step

    def publish_one(self, number: int) -> None:
        """Publish one release and note it."""
        draft = of_tables(marked_tables(number / 1000, self.rows), f"{number:064}")
        begun = [time.perf_counter()]

        def on_stage(stage: Stage) -> None:
            if stage is Stage.STARTED:  # the wait for the turn is over
                begun[0] = time.perf_counter()
            if self.stages and number == self.first:
                with self.stages.open("a") as noted:
                    noted.write(f"{stage.name} {time.monotonic()}\n")
            if stage == self.dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            if stage == self.stops_at:
                os.kill(os.getpid(), signal.SIGSTOP)

        if self.acknowledges_early:
            self._note(f"{number} {draft.identity.release_id} 0")
        try:
            release = self.publish(self.root, draft, on_stage)
        except StoreError as error:
            self._note(f"{number} gave-up {str(error).replace(' ', '_')}")
            return
        self._note(f"{number} {release.release_id} {time.perf_counter() - begun[0]:.4f}")

    def _note(self, line: str) -> None:
        with self.journal.open("a") as journal:
            journal.write(line + "\n")
            journal.flush()
            os.fsync(journal.fileno())


@dataclass(frozen=True)
class Watcher:
    """One reader process: whatever it sees of the latest release must be whole and unmixed."""

    root: StorePath
    journal: Path
    rows: int = ROWS

    def __call__(self) -> None:
        """Read until killed."""
        while True:
            problem = self.look()
            with self.journal.open("a") as journal:
                journal.write(problem + "\n")
            time.sleep(LOOK_EVERY_SECONDS)

    def look(self) -> str:
        """Return ``ok``, ``none`` before the first release, or what is wrong."""
        if not list_releases(self.root):
            return "none"
        try:
            release = find_release("latest", self.root)
            forecasts = read_rows("forecasts", release, self.root)
            observations = read_rows("observations", release, self.root)
        except StoreError as error:
            return f"torn {error}"
        values = {*forecasts["value"].to_pylist(), *observations["share"].to_pylist()}
        named = {*forecasts["release_id"].to_pylist(), *observations["release_id"].to_pylist()}
        if len(values) != 1 or named != {str(release.release_id)} or len(forecasts) != self.rows:
            return f"torn {len(forecasts)} rows, {len(values)} values, {len(named)} releases"
        return "ok"


@dataclass(frozen=True)
class PinnedReader:
    """A process that reads one release by its id, over and over, with all that it names."""

    root: StorePath
    release_id: str
    journal: Path

    def __call__(self) -> None:
        """Read until killed."""
        while True:
            try:
                release = find_release(self.release_id, self.root)
                rows = sum(read_rows(name, release, self.root).num_rows for name in release.tables)
                problems = verify(release, self.root)
            except StoreError as error:
                problems, rows = [str(error)], 0
            with self.journal.open("a") as journal:
                journal.write(f"torn {problems[0]}\n" if problems else f"ok {rows}\n")


@dataclass(frozen=True)
class Cleaner:
    """A process that removes leftovers of any age, over and over."""

    root: StorePath
    journal: Path

    def __call__(self) -> None:
        """Clean until killed."""
        while True:
            found = clean(self.root, dry_run=False, keep_hours=0)
            with self.journal.open("a") as journal:
                journal.write(f"{sum(len(left.releases) + len(left.files) for left in found)}\n")


@dataclass(frozen=True)
class Pruner:
    """A process that prunes all but the newest release, and kills itself after some stages."""

    root: StorePath
    at: datetime
    dies_after: int

    def __call__(self) -> None:
        """Prune until that many stages are done."""
        done: list[PruneStage] = []

        def count(stage: PruneStage) -> None:
            done.append(stage)
            if len(done) == self.dies_after:
                os.kill(os.getpid(), signal.SIGKILL)

        planned = plan_pruning(self.root, Retention(keep=1), now=self.at)
        prune(planned, self.root, by="a.n", at=self.at, on_stage=count)


@dataclass
class Findings:
    """What a run saw; everything but the counts of good things must stay empty."""

    acknowledged: int = 0
    reads: int = 0
    torn: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.torn or self.lost or self.duplicated or self.gave_up or self.damaged)

    def __str__(self) -> str:
        """One line with every count."""
        counts = {
            name: len(value) if isinstance(value, list) else value
            for name, value in vars(self).items()
        }
        return ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in counts.items())


def start(target: Callable[[], None]) -> BaseProcess:
    """Run it in a process of its own that may be killed at any moment."""
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=target, daemon=True)
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    """Kill a process as the kernel does when memory is short."""
    process.kill()
    process.join()


def lines(path: Path) -> list[list[str]]:
    """Return the whole lines of a journal, split; a torn last line was not acknowledged."""
    if not path.exists():
        return []
    text = path.read_text()
    return [line.split(maxsplit=2) for line in text[: text.rfind("\n") + 1].splitlines()]


def judge(root: StorePath, journals: list[Path], watched: list[Path]) -> Findings:
    """Compare the store with what writers acknowledged and readers saw."""
    findings = Findings()
    known = events(root)
    published = Counter(str(event.release_id) for event in known)
    findings.duplicated += [name for name, times in published.items() if times > 1]
    for number, release_id, rest in (line for journal in journals for line in lines(journal)):
        if release_id == "gave-up":
            findings.gave_up.append(f"{number} {rest}")
            continue
        findings.acknowledged += 1
        if release_id not in published:
            findings.lost.append(f"{number} {release_id}")
    for release in list_releases(root):
        findings.damaged += verify(release, root)
    for line in (" ".join(line) for journal in watched for line in lines(journal)):
        findings.reads += line == "ok"
        if line.startswith("torn"):
            findings.torn.append(line)
    return findings
