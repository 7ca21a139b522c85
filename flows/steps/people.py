"""Career records of a run: synthetic ones, or real ones, which go to no open place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engine.files import folder_of, holds_records
from features.career_counts import CareerTally, entries_and_exits, researcher_counts
from features.career_records import CareerParts
from features.complete_block import largest_complete_block
from features.panel import Panel
from flows.steps.admit import Admission, admit, keep_admission, restricted_store
from flows.steps.check import check_rows
from flows.steps.people_notes import (
    few_people_note,
    new_ledger_note,
    withheld_returns_note,
)
from flows.steps.plan import Plan
from flows.steps.records import everybody_in, population_of, pseudonym_key, workers_of
from flows.steps.runner import Pending, Runner
from models.simulation.careers import simulate_careers
from privacy.disclosure import keep_previous_counts, protected_counts
from restricted.admissions import DATASET_URN
from restricted.store import likelihood_rows
from sources.synthetic import NAME, SyntheticCareers, parse_simulation
from storage.paths import is_address
from talentcast.config import ENOUGH_PEOPLE, Settings
from talentcast.domain.checks import CheckReport, Outcome
from talentcast.domain.provenance import Snapshot
from talentcast.domain.types import CountingRule, Origin, ReleaseId, SeriesKey
from talentcast.store.pointer import list_releases
from talentcast.store.snapshots import load_raw, save_snapshot

if TYPE_CHECKING:
    from flows.steps.returns import ReturnRelease
    from models.scenarios import Scenario


@dataclass(frozen=True, eq=False)
class People:
    """Career records that a run may use: synthetic, or pseudonymised and without the forgotten.

    Attributes:
        key: Population, rule and source of everything derived from them.
        snapshot: What the release names as its input.
        admission: How the people were chosen; None for people who do not exist.
        profile: What may be told of rows that were left out, one row per bucket; None where an
            input with such a row is refused.
        needed_for_returns: Admitted people that it takes to publish more than counts and shares.
    """

    key: SeriesKey
    snapshot: Snapshot
    records: CareerParts = field(repr=False)
    admission: Admission | None = None
    profile: pd.DataFrame | None = None
    needed_for_returns: int = 0

    @property
    def shows_returns(self) -> bool:
        """Whether flows, cohorts and model cards of these people may be published."""
        return self.admission is None or self._admitted >= self.needed_for_returns

    @property
    def _admitted(self) -> int:
        # Of the admitted: their number changes by batches, so that what follows times nobody.
        return len(self.admission.chosen.people) if self.admission else 0

    @property
    def line(self) -> str:
        """Name of what is kept about these people from release to release."""
        return self.admission.made_from.line if self.admission else self.key.population

    @property
    def notes(self) -> CheckReport:
        """What a reader of the release must know about how the people were chosen."""
        if self.admission is None:
            return CheckReport()
        # What stops a run is told. Which rows else were left out may hang on a person who is in
        # no release, and stays in the restricted store.
        rows = CheckReport() if self.profile is None else check_rows(self.key, self.profile)
        notes = [one for one in rows.results if one.outcome is Outcome.FAIL]
        if self.admission.begins_ledger:
            notes.append(new_ledger_note(self.key.population))
        if not self.shows_returns:
            notes.append(withheld_returns_note(self.key.population, self.needed_for_returns))
        elif self._admitted < ENOUGH_PEOPLE:
            notes.append(few_people_note(self.key.population))
        return CheckReport(tuple(notes))


@dataclass(frozen=True, eq=False)
class DerivedCounts:
    """Counts by country of a group of people.

    Attributes:
        counts: Behind disclosure control.
        entries: `year`, `country`, `entries`, behind the same; empty where too few people are
            admitted. Exits are in no table: they are what rounded numbers leave.
        ledger: What they were made from: for the restricted store only.
    """

    counts: pd.DataFrame
    entries: pd.DataFrame
    ledger: pd.DataFrame = field(repr=False)


def holds_careers(source: str) -> bool:
    """Return whether a source is about people rather than counts."""
    return source == NAME or holds_records(source)


def gather_people(
    source: str,
    settings: Settings,
    *,
    now: datetime,
    others: Sequence[People] = (),
    beside: Sequence[str] = (),
    new_ledger: bool = False,
) -> People:
    """Draw the synthetic people, or read records and choose whom a release is made from.

    Args:
        source: Name of the synthetic people, or where records are.
        settings: Key, limits and places.
        now: When the run began.
        others: Groups of the same run that were chosen already.
        beside: The other sources of people of the same run.
        new_ledger: Go on although the ledger of these people is lost.
    """
    if source == NAME:
        return _synthetic_people(settings, now)
    return _real_people(source, settings, now, others, beside, new_ledger=new_ledger)


def turn_of(sources: Sequence[str], settings: Settings) -> AbstractContextManager[None]:
    """Let nobody else choose people until this run has published what is made from them."""
    has_people = any(holds_careers(source) and source != NAME for source in sources)
    return restricted_store(settings).turn() if has_people else nullcontext()


def _synthetic_people(settings: Settings, now: datetime) -> People:
    (raw,) = SyntheticCareers().download()
    snapshot = save_snapshot(raw, settings.snapshots, retrieved_at=now)
    simulation = parse_simulation(load_raw(snapshot, settings.snapshots))
    drawn = simulate_careers(simulation.people, np.random.default_rng(simulation.seed))
    key = SeriesKey(NAME, CountingRule.MODAL_COUNTRY, "simulator")
    return People(key, snapshot, drawn.records)


def _real_people(
    source: str,
    settings: Settings,
    now: datetime,
    others: Sequence[People],
    beside: Sequence[str],
    *,
    new_ledger: bool,
) -> People:
    inputs = () if is_address(source) else (folder_of(source),)
    key = pseudonym_key(settings, apart_from=(*inputs, settings.local))
    records = everybody_in(source, key, settings)
    population = population_of(source)
    admission = admit(
        records.parts,
        population,
        records.vintage,
        key,
        settings,
        others=[group.admission for group in others if group.admission],
        beside=[population_of(other) for other in beside],
        new_ledger=new_ledger,
        mapper=workers_of(settings),
    )
    return People(
        SeriesKey(population, CountingRule.MODAL_COUNTRY, "affiliations"),
        _named_input(admission, population, now),
        admission.records,
        admission,
        records.profile,
        settings.min_people_for_returns,
    )


def _named_input(admission: Admission, population: str, now: datetime) -> Snapshot:
    """Return what the release names as its input."""
    return Snapshot(
        # Of who was chosen, under the key: neither a guess nor the next joiner can be seen in it.
        sha256=admission.made_from.digest,
        name=population,
        source="affiliations",
        url=DATASET_URN + admission.dataset_id,
        licence="as given",
        vintage=admission.made_from.vintage,
        retrieved_at=now,
    )


def count_people(people: People, settings: Settings) -> DerivedCounts:
    """Derive counts by country and year that point at nobody, nor do so beside the last ones."""
    tally = CareerTally.of_parts(people.records, workers_of(settings))
    counts = researcher_counts(tally, people.key, vintage=people.snapshot.vintage)
    columns = list(counts.columns)
    counts = counts.merge(entries_and_exits(tally), on=["year", "country"])
    typed = counts.assign(vintage=pd.to_datetime(counts["vintage"]).astype("datetime64[us]"))
    before = _last_ledger(_counts_ledger(people), settings)
    # A population that was renamed is compared with itself.
    before = before if before.empty else before.assign(population=people.key.population)
    kept = keep_previous_counts(typed, before)
    shown = protected_counts(kept)
    entries = shown.loc[shown["entries"].notna(), ["year", "country", "entries"]]
    told = entries if people.shows_returns else entries.iloc[:0]
    return DerivedCounts(largest_complete_block(shown[columns]), told, kept)


def forecast_returns(
    people: People, origin: Origin, scenarios: Sequence[Scenario], settings: Settings, *, seed: int
) -> ReturnRelease:
    """Fit and test the return model, and make what may be published from it.

    It computes for as long as everything else in a run: in a process of its own, if it may.
    """
    from flows.steps.returns import return_release  # takes seconds: not for runs without people

    ledger = _last_ledger(_cohorts_ledger(people), settings)
    workers = workers_of(settings)
    return workers.apart(
        return_release,
        people.records,
        origin,
        people.key,
        vintage=people.snapshot.vintage,
        seed=seed,
        scenarios=scenarios,
        ledger=None if ledger.empty else ledger,
        apart=people.admission.chosen.origins if people.admission else None,
        mapper=workers,
    )


def start_returns(
    groups: Sequence[People], panels: Sequence[Panel], plan: Plan, settings: Settings, run: Runner
) -> dict[SeriesKey, Pending[ReturnRelease]]:
    """Start to forecast the returns of every group whose counts are forecast, if they may be."""
    origins = {panel.key: panel.origin for panel in panels}
    return {
        group.key: run.submit(
            forecast_returns, group, origins[group.key], plan.scenarios, settings, seed=plan.seed
        )
        for group in groups
        if group.key in origins and group.shows_returns
    }


def finish_returns(
    started: Mapping[SeriesKey, Pending[ReturnRelease]], run: Runner
) -> dict[SeriesKey, ReturnRelease]:
    """Wait for what was started."""
    returns = {}
    for key, pending in started.items():
        run.progress(f"Forecasting returns of {key.population}")
        returns[key] = pending.result()
    return returns


def keep_restricted(
    people: People,
    counted: DerivedCounts,
    returns: ReturnRelease | None,
    release_id: ReleaseId,
    settings: Settings,
) -> None:
    """Keep the ledgers and, where it was asked for, coarse individual probabilities.

    Before the release is visible: without its ledger the next one could be subtracted from it.
    """
    store = restricted_store(settings)
    store.write_ledger(_counts_ledger(people), release_id, counted.ledger)
    if returns is None:
        return
    store.write_ledger(_cohorts_ledger(people), release_id, returns.ledger)
    if settings.allow_individual and people.admission is not None:
        rows = likelihood_rows(returns.landmarks, returns.probability, release_id)
        store.write_likelihoods(rows, allow_individual=True)


def keep_admissions(groups: Sequence[People], release_id: ReleaseId, settings: Settings) -> None:
    """Keep whom a release is made from, so that the next one differs by nobody or by a batch."""
    chosen = [(group.key.population, group.admission) for group in groups if group.admission]
    keep_admission(chosen, release_id, settings)


def keep_all_restricted(
    groups: Sequence[People],
    shown: Collection[SeriesKey],
    derived: Mapping[SeriesKey, DerivedCounts],
    returns: Mapping[SeriesKey, ReturnRelease],
    release_id: ReleaseId,
    settings: Settings,
    run: Runner,
) -> None:
    """Keep what belongs to the groups of a release and may not be published.

    Of a group that is not shown too: the release names it among its inputs, and the next one looks
    for the people behind it.
    """
    run(keep_admissions, groups, release_id, settings)
    for group in (group for group in groups if group.key in shown):
        made = returns.get(group.key)
        run(keep_restricted, group, derived[group.key], made, release_id, settings)


def _last_ledger(name: str, settings: Settings) -> pd.DataFrame:
    seen = [release.release_id for release in list_releases(settings.releases)]
    return restricted_store(settings).read_ledger(name, seen)


def _counts_ledger(people: People) -> str:
    return f"{people.line}_counts"


def _cohorts_ledger(people: People) -> str:
    return f"{people.line}_cohorts"
