"""Inputs of a run: unchanged copies of the sources, and the counts parsed from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pandas as pd

from features.series import other_populations
from flows.steps.approval import NO_APPROVAL, Approval
from flows.steps.people import DerivedCounts, People, count_people, gather_people, holds_careers
from flows.steps.plan import Plan
from flows.steps.runner import IN_THIS_PROCESS, Runner
from questions.catalogue import own_digest
from sources.registry import source_for
from talentcast.code_version import code_version
from talentcast.config import Settings
from talentcast.domain.checks import CheckReport, merge
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.provenance import ParsedCounts, Snapshot
from talentcast.domain.types import SeriesKey, Vintage
from talentcast.populations.catalogue import on_request
from talentcast.store.release import Identity, settings_hash
from talentcast.store.snapshots import load_raw, quarantine, save_snapshot


@dataclass(frozen=True, eq=False)
class Fetched:
    """Unchanged copies of the sources by name, and the people that a run may use.

    Attributes:
        asked: Hash of the user's own questions; empty without any.
    """

    copies: Mapping[str, Sequence[Snapshot]]
    people: Sequence[People] = ()
    asked: str = ""

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """Everything a release names as its input."""
        files = [snapshot for copies in self.copies.values() for snapshot in copies]
        return (*files, *(group.snapshot for group in self.people))

    def identity(self, plan: Plan, as_of: date | None = None) -> Identity:
        """Return what decides the release of these inputs; as of the newest one by default."""
        newest = max(snapshot.vintage for snapshot in self.snapshots)
        withheld = sorted(g.key.population for g in self.people if not g.shows_returns)
        return Identity(
            inputs=self.snapshots,
            settings_sha256=settings_hash(
                plan.settings()
                | ({"questions": self.asked} if self.asked else {})
                | ({"without_returns": withheld} if withheld else {})
            ),
            code_version=code_version(),
            as_of=Vintage(as_of) if as_of is not None else newest,
        )


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a release is built from.

    Attributes:
        counts: `researcher_counts` of the wanted populations, in all vintages.
        notes: Notes of the parsers, as check results.
        understood: How each file of the user was read, a line each.
        people: Groups of people behind some of the counts.
        derived: How those people were counted.
    """

    counts: pd.DataFrame
    notes: CheckReport = field(default_factory=CheckReport)
    understood: tuple[str, ...] = ()
    people: Sequence[People] = ()
    derived: Mapping[SeriesKey, DerivedCounts] = field(default_factory=dict)

    @property
    def populations(self) -> frozenset[str]:
        """Who is counted."""
        return frozenset(self.counts["population"])


def fetch_all(
    plan: Plan,
    settings: Settings,
    run: Runner = IN_THIS_PROCESS,
    *,
    approval: Approval = NO_APPROVAL,
) -> Fetched:
    """Fetch every source of a plan."""
    now = datetime.now(UTC)
    people: list[People] = []
    groups = [source for source in plan.sources if holds_careers(source)]
    for source in groups:
        chosen = run(
            gather_people,
            source,
            settings,
            now=now,
            others=tuple(people),
            beside=tuple(other for other in groups if other != source),
            new_ledger=approval.new_ledger,
        )
        people.append(chosen)
    copies = {s: run(fetch, s, plan, settings) for s in plan.sources if s not in groups}
    return Fetched(copies, people, own_digest(settings.questions))


def parse_all(
    fetched: Fetched, plan: Plan, settings: Settings, run: Runner = IN_THIS_PROCESS
) -> Inputs:
    """Parse every copy and count the people."""
    parsed = [run(read, name, copies, plan, settings) for name, copies in fetched.copies.items()]
    derived = {group.key: run(count_people, group, settings) for group in fetched.people}
    tables = [*(one.counts for one in parsed), *(one.counts for one in derived.values())]
    counts = pd.concat(tables)
    unasked = other_populations(counts, plan.populations) if plan.populations else _unasked(parsed)
    return Inputs(
        counts=counts[~counts["population"].isin(unasked)],
        notes=CheckReport(
            tuple(note for one in parsed for note in one.notes if note.table not in unasked)
        )
        + merge(group.notes for group in fetched.people),
        understood=tuple(line for one in parsed for line in one.understood),
        people=fetched.people,
        derived=derived,
    )


def _unasked(parsed: Iterable[ParsedCounts]) -> frozenset[str]:
    """Return the populations that a source counts, but forecasts only when they are named."""
    sources = {str(source) for one in parsed for source in one.counts["source"].unique()}
    return frozenset().union(*map(on_request, sources))


def fetch(source: str, plan: Plan, settings: Settings) -> list[Snapshot]:
    """Keep an unchanged copy of every file of a source."""
    now = datetime.now(UTC)
    found = source_for(
        source, max_bytes=settings.max_input_bytes, wanted=plan.populations, settings=settings
    )
    return [save_snapshot(raw, settings.snapshots, retrieved_at=now) for raw in found.download()]


def read(
    source: str, snapshots: Sequence[Snapshot], plan: Plan, settings: Settings
) -> ParsedCounts:
    """Parse the copies; rejected ones are put aside with the reason."""
    raws = [load_raw(snapshot, settings.snapshots) for snapshot in snapshots]
    try:
        found = source_for(
            source,
            researchers_column=plan.researchers_column,
            decimal=plan.decimal,
        )
        return found.parse(raws)
    except InputRejectedError as error:
        for raw in raws:
            quarantine(raw, str(error), settings.snapshots, rejected_at=datetime.now(UTC))
        raise
