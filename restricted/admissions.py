"""The disclosure ledger of a data set: which people every release was made from.

It lies in the restricted store, under an id that follows from the pseudonym key, so that a renamed
folder and another population of the same people find it. A set of people is one file; a release
that was seen names its sets, and the attempt that died before anyone saw it is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from privacy.admitted_sets import Admitted
from storage.files import OWNER, write_atomically, written_whole
from talentcast.domain.errors import ConfigurationError, StoreError
from talentcast.domain.types import ReleaseId, Vintage
from talentcast.store.failures import storage_failures
from talentcast.store.release import Release

#: How a release names the data set behind one of its inputs.
DATASET_URN: Final = "urn:talentcast:dataset:"
FOLDER: Final = "admissions"
#: Two populations that share more than this of their people are one under two names.
SAME_PEOPLE: Final = 0.5


@dataclass(frozen=True, slots=True)
class AdmittedSet:
    """What a release says in the ledger about one of its populations.

    Attributes:
        digest: Names the set and, in the restricted store, its records.
        line: Names what is kept from release to release, also when the population is renamed.
        vintage: Day on which the records stood so.
    """

    digest: str
    line: str
    vintage: Vintage


class AdmissionLedger:
    """Sets of people of one data set behind its releases, the newest first."""

    def __init__(self, restricted: Path, dataset_id: str, releases: Sequence[Release]) -> None:
        """Name the ledger; nothing is created before something is written.

        Args:
            restricted: Root of the restricted store.
            dataset_id: From the pseudonym key.
            releases: All that anyone has seen, retracted ones too, the newest first.
        """
        self.root = restricted / FOLDER / dataset_id
        self.dataset_id = dataset_id
        self._seen = releases
        self._sets: dict[str, Admitted] = {}
        self._entries = {
            release.release_id: entry
            for release in releases
            if (entry := self._read_entry(release.release_id)) is not None
        }

    @property
    def releases(self) -> frozenset[ReleaseId]:
        """Releases that the ledger knows."""
        return frozenset(self._entries)

    @property
    def is_here(self) -> bool:
        """Whether anything was ever written."""
        return self.root.exists()

    def published(self) -> list[Admitted]:
        """Return every set that a release was made from."""
        digests = {one.digest for entry in self._entries.values() for one in entry.values()}
        return [self.read(digest) for digest in sorted(digests)]

    def last(self, population: str) -> AdmittedSet | None:
        """Return the set behind the newest release of a population."""
        return next(
            (entry[population] for entry in self._entries.values() if population in entry), None
        )

    def of_same_people(
        self, researcher_ids: Collection[str], *, beside: Collection[str], taken: Collection[str]
    ) -> AdmittedSet | None:
        """Return the newest set that mostly holds these people under another name.

        Args:
            researcher_ids: Who they are.
            beside: Populations of the same run, which keep what is theirs.
            taken: Lines that populations of the same run go on with.
        """
        wanted = set(researcher_ids)
        for entry in self._entries.values():
            for population, one in entry.items():
                if population in beside or one.line in taken:
                    continue
                theirs = set(self.read(one.digest).people["researcher_id"])
                if len(wanted & theirs) > SAME_PEOPLE * len(wanted | theirs):
                    return one
        return None

    def is_missing(self, population: str) -> bool:
        """Whether any release of these people since the ledger began is not in it."""
        urn = DATASET_URN + self.dataset_id
        for release in self._seen:
            theirs = (
                entry["source"] == "affiliations"
                and (entry["url"] == urn or entry["name"] == population)
                for entry in release.inputs
            )
            if not any(theirs):
                continue
            if release.release_id not in self._entries:
                return True
            if self._begins(release.release_id):
                return False
        return False

    def read(self, digest: str) -> Admitted:
        """Return a set by its name; each file is read once."""
        if digest not in self._sets:
            self._sets[digest] = self._read_set(digest)
        return self._sets[digest]

    def write_set(self, digest: str, admitted: Admitted) -> None:
        """Keep a set, before the release that is made from it becomes visible."""
        path = self.root / "sets" / f"{digest}.parquet"
        if not path.exists():
            beside = {"waiting": dict(admitted.waiting), "last_year": admitted.last_year}
            _write(path.with_suffix(".json"), json.dumps(beside).encode())
            _write_set(path, admitted.people)

    def write_release(
        self, release_id: ReleaseId, sets: Mapping[str, AdmittedSet], *, begins: bool
    ) -> None:
        """Note which sets a release is made from, before it becomes visible.

        Args:
            release_id: Of the release.
            sets: By population.
            begins: No earlier release is to be found in this ledger.
        """
        rows = {
            population: asdict(one) | {"vintage": one.vintage.as_of.isoformat()}
            for population, one in sets.items()
        }
        said = {"begins_ledger": begins, "populations": rows}
        _write(self._entry_path(release_id), json.dumps(said).encode())

    def _read_set(self, digest: str) -> Admitted:
        path = self.root / "sets" / f"{digest}.parquet"
        with _damage(path):
            people = pd.read_parquet(path)
            beside = json.loads(path.with_suffix(".json").read_text())
            return Admitted(people, beside["waiting"], int(beside["last_year"]))

    def _entry_path(self, release_id: ReleaseId) -> Path:
        return self.root / "releases" / f"{release_id}.json"

    def _begins(self, release_id: ReleaseId) -> bool:
        path = self._entry_path(release_id)
        with _damage(path):
            return bool(json.loads(path.read_text())["begins_ledger"])

    def _read_entry(self, release_id: ReleaseId) -> dict[str, AdmittedSet] | None:
        path = self._entry_path(release_id)
        if not path.exists():
            return None
        with _damage(path):
            return {
                population: AdmittedSet(
                    row["digest"], row["line"], Vintage(date.fromisoformat(row["vintage"]))
                )
                for population, row in json.loads(path.read_text())["populations"].items()
            }


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Say what to do about a file of the ledger that cannot be read."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"The disclosure ledger is damaged: {path} cannot be read ({error}). Restore the "
            "restricted store from a backup; nothing was published."
        ) from None


def forget_in_sets(restricted: Path, pseudonym: str, stand_in: str) -> int:
    """Put a meaningless name in the place of a pseudonym in every set; returns how many there were.

    The set stays as large as it was: how it differs from the next one can still be counted.
    """
    found = 0
    for path in sorted((restricted / FOLDER).glob("*/sets/*.parquet")):
        people = pd.read_parquet(path)
        is_meant = people["researcher_id"] == pseudonym
        if is_meant.any():
            found += int(is_meant.sum())
            named = people["researcher_id"].mask(is_meant, stand_in)
            digests = {name: people[name].mask(is_meant, "") for name in ("version", "closed")}
            rows = people.assign(researcher_id=named, **digests)
            _write_set(path, rows)
    return found


class KnownDatasets:
    """What this machine notes outside every home: which data set is published from where."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def home_of(self, dataset_id: str) -> Path | None:
        """Return the restricted store that keeps the ledger of a data set, if one is known."""
        path = self.root / f"{dataset_id}.json"
        if not path.exists():
            return None
        with _damage(path):
            return Path(json.loads(path.read_text())["restricted"])

    def note(self, dataset_id: str, restricted: Path) -> None:
        """Note where the ledger of a data set is kept."""
        said = json.dumps({"restricted": str(restricted.resolve())}).encode()
        try:
            write_atomically(self.root / f"{dataset_id}.json", said)
        except OSError as error:
            raise ConfigurationError(
                f"{self.root} cannot be written ({error.strerror}). It notes which people are "
                "published from where: set TALENTCAST_DATASETS_DIR to a folder that stays."
            ) from None


def _write(path: Path, content: bytes) -> None:
    """Write for the owner alone, as everything about individuals."""
    with storage_failures(path.parent):
        write_atomically(path, content, mode=OWNER)


def _write_set(path: Path, people: pd.DataFrame) -> None:
    """Write the rows of a set, in a folder that is there, piece by piece: there may be millions."""
    with storage_failures(path.parent), written_whole(path, mode=OWNER) as sink:
        people.to_parquet(sink, index=False)
