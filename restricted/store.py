"""The restricted store: the only place that knows anything about an individual.

It lies outside the releases, is written on request only, and holds pseudonyms, never ids. Every
reading of individual rows is written down first. A person who is forgotten leaves no row in any
table, in no version of it, and is kept out from then on.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from deltalake import DeltaTable, write_deltalake
from filelock import FileLock, Timeout

from features.career_records import EVERYBODY, RECORD_TABLES, CareerRecords, IdSpan
from restricted.admissions import forget_in_sets
from restricted.converted import forget_in_converted
from restricted.parts import StoredParts, part_suffix, parts_with
from storage.files import OWNER, write_atomically
from storage.paths import StorePath
from talentcast.domain.errors import ConfigurationError, StoreError, UsageError
from talentcast.domain.tables import RETURN_LIKELIHOODS
from talentcast.domain.types import ReleaseId
from talentcast.store.delta import dataset
from talentcast.store.failures import storage_failures
from talentcast.store.schema import to_arrow

#: Probabilities are kept in steps of this: finer ones would say more than the model knows.
PROBABILITY_STEP: Final = 0.05
#: A run with careers takes a minute or two.
_PATIENCE_SECONDS: Final = 900.0
#: Begins the meaningless name that a forgotten person has in the ledger.
_STAND_IN: Final = "forgotten-"
_PSEUDONYM: Final = r"[0-9a-f]{64}"
_TABLE: Final = RETURN_LIKELIHOODS.name
_PEOPLE: Final = "people"
_SCANS: Final = "scans"
_TOMBSTONES: Final = "tombstones.json"
_ACCESS_LOG: Final = "access.jsonl"


class RestrictedStore:
    """Tables about individuals under one folder that no reader of releases can see."""

    def __init__(self, root: Path, *, releases: StorePath) -> None:
        """Name the folder; nothing is created before something is written.

        Args:
            root: Folder of the restricted store.
            releases: Where the published releases are, which must be elsewhere.

        Raises:
            ConfigurationError: If either folder lies within the other.
        """
        if isinstance(releases, Path) and _lie_within(root.resolve(), releases.resolve()):
            raise ConfigurationError(
                f"The restricted store {root} and the releases {releases} lie within each other. "
                "Set TALENTCAST_RESTRICTED_DIR to a folder of its own."
            )
        self.root = root

    def write_likelihoods(self, rows: pd.DataFrame, *, allow_individual: bool) -> None:
        """Add individual probabilities of one release; those of the same release are replaced.

        Raises:
            ConfigurationError: Unless individual rows were asked for.
            StoreError: If a row holds a bare id or a probability finer than the step.
        """
        _require_permission(allow_individual)
        _require_coarse(rows)
        with self._writing():
            # Under the lock: a person forgotten meanwhile may not come back.
            kept = rows[~rows["researcher_pseudonym"].isin(self.forgotten())]
            earlier = self._likelihoods()
            if earlier is not None:
                is_other = ~earlier["release_id"].isin(kept["release_id"].unique())
                kept = pd.concat([earlier[is_other], kept], ignore_index=True)
            self._replace_table(kept)

    def read_likelihoods(
        self, *, reason: str, allow_individual: bool, read_at: datetime
    ) -> pd.DataFrame:
        """Return individual rows, in the order of their pseudonyms; the reading is logged first.

        Raises:
            ConfigurationError: Unless individual rows were asked for.
            UsageError: Without a reason.
        """
        _require_permission(allow_individual)
        if len(reason.strip()) < 10:
            raise UsageError(
                "Say in a few words why individual rows are read.", parameters=("reason",)
            )
        with storage_failures(self.root):
            rows = self._likelihoods()
        entry = {
            "read_at": read_at.isoformat(),
            "reason": reason.strip(),
            "rows": 0 if rows is None else len(rows),
        }
        self._log_access(entry)
        if rows is None:
            raise StoreError(f"No individual rows are stored under {self.root}.")
        return rows.sort_values(list(RETURN_LIKELIHOODS.key), ignore_index=True)

    def people_folder(self, name: str) -> Path:
        """Where records with a name are."""
        return self.root / _PEOPLE / name

    @property
    def scan_folder(self) -> Path:
        """Where a scan lays down rows under pseudonyms until records are made of them."""
        return self.root / _SCANS

    def save_records(self, records: CareerRecords, *, name: str, span: IdSpan = EVERYBODY) -> None:
        """Keep pseudonymised records under a name, for example the sha256 of their input.

        Args:
            records: Of everybody, or of the people in the span.
            name: Of all of them together.
            span: Who they are; every span of a name is saved by itself.
        """
        if not name.isalnum():
            raise UsageError(
                f"{name!r} is no name for a person-level snapshot: letters and digits."
            )
        _require_pseudonyms(pd.Series(records.careers["researcher_id"].unique()))
        with self._writing():
            kept = records.without(self.forgotten())
            # The careers last: where they are, the part is whole.
            for table in reversed(RECORD_TABLES):
                self._write_part(name, f"{table}{part_suffix(span)}", getattr(kept, table))

    def make_room(self, name: str, spans: Sequence[IdSpan]) -> None:
        """Remove what has a name already and is divided otherwise, before its spans are saved."""
        wanted = {part_suffix(span) for span in spans}
        for table in RECORD_TABLES:
            for path in self.people_folder(name).glob(f"{table}*.parquet"):
                if path.stem.removeprefix(table) not in wanted:
                    path.unlink()

    def read_records(self, name: str) -> CareerRecords:
        """Return all that `save_records` kept under a name, without the forgotten.

        Raises:
            StoreError: If they are not here.
        """
        return self.parts(name).between(EVERYBODY)

    def parts(self, name: str) -> StoredParts:
        """Return all that `save_records` kept under a name, to be read part by part."""
        return StoredParts(self.people_folder(name), self.forgotten)

    def forgotten(self) -> frozenset[str]:
        """Return the pseudonyms of everybody who is to be left out."""
        path = self.root / _TOMBSTONES
        with storage_failures(self.root):
            return frozenset(json.loads(path.read_text())) if path.exists() else frozenset()

    def without_forgotten(self, records: CareerRecords) -> CareerRecords:
        """Drop the forgotten from pseudonymised records, before anything is computed from them."""
        return records.without(self.forgotten())

    def forget(self, pseudonym: str, *, forgotten_at: datetime) -> int:
        """Remove a person from every table and all their history, for good.

        The tombstone is written first: a crash half-way leaves somebody who is kept out and whose
        remaining rows go with the next call. Published releases hold aggregates only; the next one
        is made without the person.

        Returns:
            How many rows were removed.
        """
        if not pd.Series([pseudonym]).str.fullmatch(_PSEUDONYM).all():
            raise UsageError("A pseudonym has 64 hexadecimal digits; an id is not accepted.")
        with self._writing():
            stones = sorted({*self.forgotten(), pseudonym})
            _write(self.root / _TOMBSTONES, json.dumps(stones).encode())
            removed = self._forget_in_table(pseudonym)
            # Of a run that was killed: it begins anew, without the person.
            shutil.rmtree(self.scan_folder, ignore_errors=True)
            removed += forget_in_converted(self.root, pseudonym)
            removed += forget_in_sets(self.root, pseudonym, _STAND_IN + secrets.token_hex(16))
            # What a process that was killed had begun to write: nobody writes while we do.
            for left in self.root.glob("**/.*-" + "[0-9a-f]" * 32):
                left.unlink(missing_ok=True)
            for folder in sorted((self.root / _PEOPLE).glob("*")):
                for part in parts_with(folder, pseudonym):
                    rows = pd.read_parquet(part)
                    is_kept = rows["researcher_id"] != pseudonym
                    removed += int((~is_kept).sum())
                    if not is_kept.all():
                        self._write_part(folder.name, part.stem, rows[is_kept])
        self._log_access({"forgotten_at": forgotten_at.isoformat(), "rows": removed})
        return removed

    def read_ledger(self, name: str, releases: Iterable[ReleaseId]) -> pd.DataFrame:
        """Return the cells that the last release of a table was made from; empty without one.

        Args:
            name: Of the table.
            releases: All that anyone has seen, retracted ones too, the newest first. The ledger of
                a publication that died is not among them, and is passed over.
        """
        paths = (self.root / "ledgers" / name / f"{release}.parquet" for release in releases)
        with storage_failures(self.root):
            last = next((path for path in paths if path.exists()), None)
            return pd.DataFrame() if last is None else pd.read_parquet(last)

    @contextmanager
    def turn(self, *, patience_seconds: float = _PATIENCE_SECONDS) -> Iterator[None]:
        """Let nobody else make a release of people meanwhile.

        Two runs at once would both be protected against the release before them, and not against
        each other. Who holds a turn and dies gives it back.

        Args:
            patience_seconds: How long to wait.

        Raises:
            StoreError: If another run takes longer.
        """
        with storage_failures(self.root):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock(self.root / ".turn.lock")
            try:
                lock.acquire(timeout=patience_seconds)
            except Timeout:
                raise StoreError(
                    f"Another run has been making a release of people for {patience_seconds:.0f} "
                    "s, and every such release follows the one before. Wait for it, or end it, "
                    "and run again."
                ) from None
        try:
            yield
        finally:
            lock.release()

    def write_ledger(self, name: str, release_id: ReleaseId, cells: pd.DataFrame) -> None:
        """Keep the true cells behind a release, so that the next one cannot be subtracted.

        Call it before the release becomes visible.
        """
        with self._writing():
            path = self.root / "ledgers" / name / f"{release_id}.parquet"
            _write(path, _parquet(cells))

    def _forget_in_table(self, pseudonym: str) -> int:
        rows = self._likelihoods()
        if rows is None:
            return 0
        is_kept = rows["researcher_pseudonym"] != pseudonym
        self._replace_table(rows[is_kept])
        return int((~is_kept).sum())

    def _likelihoods(self) -> pd.DataFrame | None:
        self._finish_swap()
        path = self.root / _TABLE
        if not DeltaTable.is_deltatable(str(path)):
            return None
        frame: pd.DataFrame = dataset(DeltaTable(str(path)), path).to_table().to_pandas()
        return frame

    def _replace_table(self, rows: pd.DataFrame) -> None:
        """Write a new table and drop the old one whole: its history names people as well."""
        fresh, path = self.root / f"{_TABLE}.new", self.root / _TABLE
        shutil.rmtree(fresh, ignore_errors=True)
        write_deltalake(str(fresh), to_arrow(rows, RETURN_LIKELIHOODS))
        (self.root / f"{_TABLE}.ready").touch()
        self._finish_swap()
        if not path.is_dir():
            raise StoreError(f"{path} could not be replaced. Run the command again.")

    def _finish_swap(self) -> None:
        """Put a completely written table in place, also after a crash in the middle of that."""
        ready, fresh = self.root / f"{_TABLE}.ready", self.root / f"{_TABLE}.new"
        if not ready.exists():
            return
        if fresh.is_dir():
            shutil.rmtree(self.root / _TABLE, ignore_errors=True)
            fresh.rename(self.root / _TABLE)
        ready.unlink()

    def _write_part(self, name: str, part: str, rows: pd.DataFrame) -> None:
        _write(self.root / _PEOPLE / name / f"{part}.parquet", _parquet(rows))

    def _log_access(self, entry: dict[str, object]) -> None:
        with storage_failures(self.root):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self.root / _ACCESS_LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps(entry) + "\n")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with storage_failures(self.root):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with FileLock(self.root / ".lock", timeout=120):
                    yield
            except Timeout:
                raise StoreError(
                    f"Another process has been writing to {self.root} for 120 s. Run again later."
                ) from None


def _lie_within(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def is_stand_in(name: str) -> bool:
    """Return whether a name in the ledger stands for somebody who was forgotten."""
    return name.startswith(_STAND_IN)


def likelihood_rows(
    landmarks: pd.DataFrame, probability: pd.DataFrame, release_id: ReleaseId
) -> pd.DataFrame:
    """Return `return_likelihoods` rows, with probabilities rounded to the step.

    Args:
        landmarks: Landmarks of pseudonymised records, with `host_group`.
        probability: One column per horizon in years, in the order of `landmarks`.
        release_id: Release they belong to.
    """
    parts = [
        pd.DataFrame(
            {
                "release_id": str(release_id),
                "researcher_pseudonym": landmarks["researcher_id"].to_numpy(),
                "landmark_year": landmarks["landmark_year"].to_numpy(),
                "horizon_years": int(str(horizon)),
                "probability": coarse(values.to_numpy(dtype=float)),
                "origin_country": landmarks["origin_country"].to_numpy(),
                "host_group": landmarks["host_group"].to_numpy(),
            }
        )
        for horizon, values in probability.items()
    ]
    return pd.concat(parts, ignore_index=True)


def coarse(probability: np.ndarray) -> np.ndarray:
    """Round probabilities to the step.

    Example:
        >>> coarse(np.array([0.024, 0.026, 0.31])).tolist()
        [0.0, 0.05, 0.3]
    """
    return np.asarray(np.round(np.round(probability / PROBABILITY_STEP) * PROBABILITY_STEP, 2))


def _require_permission(allow_individual: bool) -> None:
    if not allow_individual:
        raise ConfigurationError(
            "Individual rows are off. Set TALENTCAST_ALLOW_INDIVIDUAL=1 where the law and the "
            "people's interests allow it; published tables never need them."
        )


def _require_pseudonyms(names: pd.Series) -> None:
    if not names.astype(str).str.fullmatch(_PSEUDONYM).all():
        raise StoreError("Rows about people must bear pseudonyms. Pseudonymise the records first.")


def _require_coarse(rows: pd.DataFrame) -> None:
    _require_pseudonyms(rows["researcher_pseudonym"])
    probability = rows["probability"].to_numpy(dtype=float)
    if not np.allclose(probability, coarse(probability), atol=1e-9):
        raise StoreError(
            f"Individual probabilities are kept in steps of {PROBABILITY_STEP}: see likelihood_rows"
        )


def _write(path: Path, content: bytes) -> None:
    write_atomically(path, content, mode=OWNER)


def _parquet(rows: pd.DataFrame) -> bytes:
    content: bytes = rows.reset_index(drop=True).to_parquet()
    return content
