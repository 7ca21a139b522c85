"""Who of the people at hand a release is made from, given what was published before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Final

import numpy as np
import pandas as pd

from features.career_records import EVERYBODY, CareerParts, CareerRecords, IdSpan, Mapper, is_among
from features.careers import origin_countries
from features.engine import in_locked_duckdb
from features.person_versions import VERSION_COLUMNS, Recorded, person_versions
from flows.steps.known_people import require_ledger
from privacy.admission import first_admitted, next_admitted
from privacy.admitted_sets import DEFAULT_RULES, Admitted
from privacy.pseudonyms import PseudonymKey
from restricted.admissions import (
    AdmissionLedger,
    AdmittedSet,
    KnownDatasets,
)
from restricted.parts import StoredParts
from restricted.store import RestrictedStore, is_stand_in
from talentcast.config import Settings
from talentcast.domain.errors import InputRejectedError, StoreError
from talentcast.domain.types import REST_OF_WORLD, Origin, ReleaseId, Vintage
from talentcast.store.pointer import list_releases

_ORDER: Final = ["researcher_id", "year", "country"]
#: People whose rows are one piece of text.
_ROWS_OF_TEXT: Final = 100_000


@dataclass(frozen=True, eq=False)
class Behind:
    """What the last release of a population was made from.

    Attributes:
        admitted: Its people.
        records: Of them, without the forgotten.
    """

    admitted: Admitted = field(repr=False)
    records: CareerParts = field(repr=False)


@dataclass(frozen=True, eq=False)
class Admission:
    """The people behind a release, and what the ledger will say of them.

    Attributes:
        chosen: Who they are, and in which version.
        made_from: What the ledger will say of the release.
        records: Of exactly these people, in exactly these versions, in the restricted store.
        dataset_id: Names their ledger.
        known: Releases that the ledger knew when they were chosen.
        begins_ledger: An earlier ledger was given up.
    """

    chosen: Admitted = field(repr=False)
    made_from: AdmittedSet
    records: CareerParts = field(repr=False)
    dataset_id: str
    known: frozenset[ReleaseId]
    begins_ledger: bool


def restricted_store(settings: Settings) -> RestrictedStore:
    """Return the only place for anything about individuals."""
    return RestrictedStore(settings.restricted, releases=settings.releases)


def admission_ledger(dataset_id: str, settings: Settings) -> AdmissionLedger:
    """Return the ledger of a data set as of the releases seen so far."""
    return AdmissionLedger(settings.restricted, dataset_id, list_releases(settings.releases))


def admit(
    records: CareerParts,
    population: str,
    vintage: Vintage,
    key: PseudonymKey,
    settings: Settings,
    *,
    others: Sequence[Admission] = (),
    beside: Collection[str] = (),
    new_ledger: bool = False,
    mapper: Mapper = map,
) -> Admission:
    """Choose the people of a release so that no two releases differ by a few of them.

    Args:
        records: Pseudonymised, without the forgotten.
        population: Who they are.
        vintage: Day on which the records stood so.
        key: Of the data set.
        settings: Where the ledger is.
        others: What was chosen for other populations of the same run.
        beside: Names of all populations of the same run.
        new_ledger: Go on although the ledger is lost.
        mapper: Works on the parts.

    Raises:
        ConfigurationError: If these people were published before and the ledger is not here.
        InputRejectedError: `TOO_FEW_PEOPLE`.
    """
    store = restricted_store(settings)
    ledger = admission_ledger(key.dataset_id, settings)
    known = KnownDatasets(settings.datasets)
    begins = require_ledger(ledger, known, settings.restricted, population, new_ledger=new_ledger)
    published = [*ledger.published(), *(other.chosen for other in others)]
    now = recorded(records, published, mapper)
    taken = {other.made_from.line for other in others}
    last = None if begins else _last_set(ledger, population, now, beside, taken)
    behind = None if last is None else Behind(ledger.read(last.digest), store.parts(last.digest))
    chosen = _chosen(now, behind, population, published, key, store.forgotten())
    if chosen.people.empty:
        raise InputRejectedError(
            "TOO_FEW_PEOPLE",
            f"Fewer than {DEFAULT_RULES.own_group} people can be shown without pointing at one. "
            "Add records, or join this population with another.",
        )
    digest = key.digest(chain(_csv(chosen.people), [repr(sorted(chosen.origins))]))
    if last is not None and behind is not None and last.digest == digest:
        kept: CareerParts = behind.records
        made_from = last
    else:
        line = last.line if last is not None else _new_line(key, population, ledger)
        kept = _kept(chosen, digest, records, now, behind, store, mapper)
        made_from = AdmittedSet(digest, line, vintage)
    return Admission(chosen, made_from, kept, key.dataset_id, ledger.releases, begins)


def _chosen(
    now: Recorded,
    behind: Behind | None,
    population: str,
    published: Sequence[Admitted],
    key: PseudonymKey,
    forgotten: frozenset[str],
) -> Admitted:
    text = _csv(now.people[list(VERSION_COLUMNS)])
    if behind is None:
        return first_admitted(now, published, key.generator(chain([f"{population}\n"], text)))
    # Also who was forgotten while a release was made, or by a command that was cut short.
    names = behind.admitted.people["researcher_id"]
    gone = frozenset(name for name in names if is_stand_in(name) or name in forgotten)
    return following(now, behind, gone, published, key.generator(text))


def keep_admission(
    admissions: Sequence[tuple[str, Admission]], release_id: ReleaseId, settings: Settings
) -> None:
    """Write the ledger of a release, by population, before the release becomes visible.

    Raises:
        StoreError: If a release of the same people was published since they were chosen.
    """
    store = restricted_store(settings)
    ledgers: dict[str, AdmissionLedger] = {}
    by_dataset: dict[str, dict[str, AdmittedSet]] = {}
    begins: set[str] = set()
    for population, admission in admissions:
        dataset_id = admission.dataset_id
        if dataset_id not in ledgers:
            ledgers[dataset_id] = admission_ledger(dataset_id, settings)
        ledger = ledgers[dataset_id]
        if ledger.releases != admission.known:
            raise StoreError(
                "Another release of these people was published since this run began; beside it, "
                "this one could point at somebody. Nothing was published. Run again."
            )
        if not store.forgotten().isdisjoint(admission.chosen.people["researcher_id"]):
            raise StoreError(
                "Somebody in this release was forgotten since the run began. Nothing was "
                "published. Run again."
            )
        digest = admission.made_from.digest
        ledger.write_set(digest, admission.chosen)
        by_dataset.setdefault(dataset_id, {})[population] = admission.made_from
        if admission.begins_ledger or not ledger.releases:
            begins.add(dataset_id)
    for dataset_id, sets in by_dataset.items():
        ledgers[dataset_id].write_release(release_id, sets, begins=dataset_id in begins)
        KnownDatasets(settings.datasets).note(dataset_id, settings.restricted)


def recorded(
    records: CareerParts, published: Sequence[Admitted] = (), mapper: Mapper = map
) -> Recorded:
    """Return everybody of the records, to be compared with sets that were published."""
    counts = mapper(partial(_people_by_year, records), records.spans)
    people = pd.concat(list(counts)).groupby(level=0).sum()
    # The last year in which a batch of people is on record: a few may be ahead of a source.
    begun = people.index[people >= DEFAULT_RULES.batch]
    year = int(begun.max() if len(begun) else people.index.max())
    years = {year, *(other.last_year for other in published)}
    parts = mapper(partial(_recorded_between, records, years), records.spans)
    return Recorded(pd.concat(list(parts), ignore_index=True), year)


def _people_by_year(records: CareerParts, span: IdSpan) -> pd.Series:
    return records.between(span).careers["year"].value_counts()  # one row a person and year


def _recorded_between(records: CareerParts, years: Collection[int], span: IdSpan) -> pd.DataFrame:
    part = records.between(span)
    versions = _versions_of(part, years)
    numbered, names = part.numbered()
    with in_locked_duckdb(numbered.careers[["researcher_id", "year", "country"]]) as careers:
        origins = origin_countries(careers).to_pandas()
    of = pd.Series(origins["origin_country"].to_numpy(), names.take(origins["researcher_id"]))
    known = of.reindex(pd.Index(versions["researcher_id"])).fillna(REST_OF_WORLD)
    return versions.assign(origin_country=known.astype("str").to_numpy())


def following(
    now: Recorded,
    behind: Behind,
    forgotten: frozenset[str],
    published: Sequence[Admitted],
    rng: np.random.Generator,
) -> Admitted:
    """Return whom the next release is made from: `next_admitted`, given the records behind."""
    years = {now.last_year, *(other.last_year for other in published)}
    standing = _versions(behind.records, years)
    return next_admitted(now, standing, behind.admitted, forgotten, published, rng)


def _versions(records: CareerParts, years: Collection[int]) -> pd.DataFrame:
    return pd.concat([_versions_of(part, years) for part in records], ignore_index=True)


def _versions_of(part: CareerRecords, years: Collection[int]) -> pd.DataFrame:
    careers = part.careers
    everybody = pd.Index(careers["researcher_id"].unique())
    # Somebody of whom no year is known is in no table that is published.
    known = [
        table[is_among(table["researcher_id"], everybody)]
        for table in (part.coauthor_countries, part.affiliation_weights)
    ]
    return person_versions([careers, *known], years)


def _csv(people: pd.DataFrame) -> Iterator[str]:
    """Write a table as text, in pieces."""
    yield people.head(0).to_csv(index=False)
    for start in range(0, len(people), _ROWS_OF_TEXT):
        rows = people.iloc[start : start + _ROWS_OF_TEXT]
        yield rows.to_csv(index=False, header=False)


def _last_set(
    ledger: AdmissionLedger,
    population: str,
    now: Recorded,
    beside: Collection[str],
    taken: Collection[str],
) -> AdmittedSet | None:
    """The newest set of a population, or of the one that it is under another name."""
    people = now.people["researcher_id"]
    return ledger.last(population) or ledger.of_same_people(people, beside=beside, taken=taken)


def _new_line(key: PseudonymKey, population: str, ledger: AdmissionLedger) -> str:
    """A name that no earlier line has: a ledger begun anew is compared with none of before."""
    return key.digest(f"{population} {sorted(map(str, ledger.releases))}")[:16]


def _kept(
    chosen: Admitted,
    digest: str,
    records: CareerParts,
    now: Recorded,
    behind: Behind | None,
    store: RestrictedStore,
    mapper: Mapper,
) -> StoredParts:
    """Keep the records of the chosen in the restricted store, part by part."""
    store.make_room(digest, records.spans)
    if behind is not None:  # the forgotten stand there under other names, out of order
        people = behind.admitted.people.sort_values("researcher_id", ignore_index=True)
        behind = replace(behind, admitted=replace(behind.admitted, people=people))
    asked = (_Part.of(span, chosen, records, now, behind) for span in records.spans)
    for _ in mapper(partial(_keep, store, digest), asked):
        pass
    return store.parts(digest)


@dataclass(frozen=True, eq=False)
class _Part:
    """What it takes to keep the records of the chosen of one part."""

    span: IdSpan
    chosen: Admitted
    records: CareerParts
    now: Recorded
    behind: Behind | None

    @classmethod
    def of(
        cls,
        span: IdSpan,
        chosen: Admitted,
        records: CareerParts,
        now: Recorded,
        behind: Behind | None,
    ) -> _Part:
        before = None
        if behind is not None:
            admitted = replace(behind.admitted, people=span.rows_of(behind.admitted.people))
            before = Behind(admitted, behind.records)
        people, everybody = span.rows_of(chosen.people), span.rows_of(now.people)
        return cls(
            span, replace(chosen, people=people), records, replace(now, people=everybody), before
        )


def _keep(store: RestrictedStore, digest: str, asked: _Part) -> None:
    span, behind = asked.span, asked.behind
    if behind is not None:
        behind = Behind(behind.admitted, behind.records.between(span))
    records = records_of(asked.chosen, asked.records.between(span), asked.now, behind)
    store.save_records(records, name=digest, span=span)


def records_of(
    chosen: Admitted, records: CareerRecords, now: Recorded, behind: Behind | None = None
) -> CareerRecords:
    """Return records of the chosen in the version that was chosen: of now, or of before.

    Args:
        chosen: From `first_admitted` or `following`.
        records: Of everybody, as they stand now.
        now: `recorded(records)`.
        behind: The last release; None where the chosen are the first.
    """
    both = chosen.people.merge(now.people, on="researcher_id", how="left", suffixes=("", "_now"))
    is_now = both["version"] == both["version_now"]
    parts = [records.of(both["researcher_id"][is_now])]
    if behind is not None and not is_now.all():
        earlier = behind.records.between(EVERYBODY)
        held, since = both[~is_now], behind.admitted.last_year
        is_before = held.merge(behind.admitted.people, on=["researcher_id", "version"])
        stays = set(is_before["researcher_id"])
        # Who was corrected in a closed year, which waits, and has new years beside.
        grows = set(held["researcher_id"]) - stays
        parts += [
            earlier.of(stays),
            earlier.of(grows).known_by(Origin(since)),
            records.of(grows).after(Origin(since)),
        ]
    return _joined(parts)


def _joined(parts: Sequence[CareerRecords]) -> CareerRecords:
    def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        filled = [table for table in tables if len(table)] or list(tables[:1])
        return pd.concat(filled, ignore_index=True).sort_values(_ORDER, ignore_index=True)

    return replace(
        parts[0],
        careers=joined([part.careers for part in parts]),
        coauthor_countries=joined([part.coauthor_countries for part in parts]),
        affiliation_weights=joined([part.affiliation_weights for part in parts]),
    )
