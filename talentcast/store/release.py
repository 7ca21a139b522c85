"""A release as a value, and the row of the `releases` table that makes it visible."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final, Literal

import pandas as pd

from talentcast.domain.errors import IntegrityError, PrunedError, UsageError
from talentcast.domain.provenance import Snapshot
from talentcast.domain.types import ReleaseId, Vintage, VintageKind
from talentcast.store.manifest import DataFile, TableEntry
from talentcast.store.signing import Signer

Kind = Literal["scheduled", "manual", "backfill", "scenario"]
#: Kinds that answer "what is forecast now"; a backfill or a scenario never becomes the latest.
CURRENT_KINDS: Final[tuple[Kind, ...]] = ("scheduled", "manual")
Status = Literal["published", "retracted", "pruned"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything that decides what a release contains; never the clock.

    Attributes:
        inputs: Snapshots the release is made from.
        settings_sha256: Hash of everything that was set, see `settings_hash`.
        code_version: Package version and hash of its source.
        as_of: The requested as-of date, or else the newest input vintage.
        repeat: 0, or the number of a forced repeat.
    """

    inputs: tuple[Snapshot, ...]
    settings_sha256: str
    code_version: str
    as_of: Vintage
    repeat: int = 0

    @property
    def release_id(self) -> ReleaseId:
        """The same inputs, settings and code always give the same id."""
        parts = [
            *sorted(f"{snapshot.name}:{snapshot.sha256}" for snapshot in self.inputs),
            self.settings_sha256,
            self.code_version,
            self.as_of.as_of.isoformat(),
        ]
        digest = sha256("\n".join(parts).encode()).hexdigest()[:12]
        suffix = f"-{self.repeat}" if self.repeat else ""
        return ReleaseId(f"r{self.as_of.as_of:%Y%m%d}-{digest}{suffix}")

    def repeated(self, repeat: int) -> Identity:
        """Return the identity of a forced repeat."""
        return replace(self, repeat=repeat)


def settings_hash(settings: Mapping[str, object]) -> str:
    """Return a hash of named settings, independent of their order."""
    return sha256(str(_settings_text(settings)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ReleaseDraft:
    """A release before it is written.

    Attributes:
        tables: Rows by table name, without `release_id`.
        settings: What decides models, draws and scores, by name.
    """

    identity: Identity
    kind: Kind
    vintage_kind: VintageKind
    populations: tuple[str, ...]
    quality: Mapping[str, int]
    tables: Mapping[str, pd.DataFrame]
    supersedes: ReleaseId | None = None
    reason: str | None = None
    approved_by: str | None = None
    settings: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A published release: what it is made of and where its rows are.

    Attributes:
        settings: As in its draft; None in releases from before they were kept.
    """

    release_id: ReleaseId
    sequence: int
    kind: Kind
    as_of: Vintage
    vintage_kind: VintageKind
    published_at: datetime
    status: Status
    supersedes: ReleaseId | None
    reason: str | None
    approved_by: str | None
    code_version: str
    settings_sha256: str
    populations: tuple[str, ...]
    inputs: tuple[Mapping[str, Any], ...]
    tables: Mapping[str, TableEntry]
    quality: Mapping[str, int]
    settings: Mapping[str, Any] | None = None
    manifest_sha256: str | None = None
    signature: str | None = None

    @property
    def is_current(self) -> bool:
        """Whether it is served as an answer to "what is forecast now"."""
        return self.status == "published" and self.kind in CURRENT_KINDS

    @property
    def has_rows(self) -> bool:
        """Whether its tables can still be read: it was not pruned."""
        return self.status != "pruned"

    def sealed(self, *, sequence: int, signer: Signer | None = None) -> Release:
        """Return the release at its place among the events, with its hash and signature."""
        placed = replace(self, sequence=sequence)
        digest = placed.manifest_hash()
        return replace(
            placed, manifest_sha256=digest, signature=signer.sign(digest) if signer else None
        )

    def manifest_hash(self) -> str:
        """Return the hash of everything the row says, apart from its own hash and signature."""
        stated = {
            name: value
            for name, value in self.to_row().items()
            if name not in ("manifest_sha256", "signature")
            # A release from before settings were kept keeps its hash.
            and not (name == "settings" and value is None)
        }
        return sha256(json.dumps(stated, sort_keys=True, default=_as_text).encode()).hexdigest()

    def to_row(self) -> dict[str, Any]:
        """Return the row of the `releases` table."""
        return {
            "release_id": str(self.release_id),
            "sequence": self.sequence,
            "kind": self.kind,
            "as_of": self.as_of.as_of,
            "vintage_kind": str(self.vintage_kind),
            "published_at": self.published_at,
            "status": self.status,
            "supersedes": str(self.supersedes) if self.supersedes else None,
            "reason": self.reason,
            "approved_by": self.approved_by,
            "code_version": self.code_version,
            "settings_sha256": self.settings_sha256,
            "populations": list(self.populations),
            "inputs": json.dumps([dict(entry) for entry in self.inputs], sort_keys=True),
            "tables": json.dumps([asdict(entry) for entry in self.tables.values()], sort_keys=True),
            "quality": json.dumps(dict(self.quality), sort_keys=True),
            "settings": _settings_text(self.settings),
            "manifest_sha256": self.manifest_sha256,
            "signature": self.signature,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Release:
        """Read a row of the `releases` table.

        Raises:
            IntegrityError: If it is not what `to_row` wrote.
        """
        try:
            return cls._from_sound_row(row)
        except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
            raise IntegrityError(
                f"STORE_CORRUPT: the row of release {row.get('release_id')!r} cannot be read "
                f"({type(error).__name__}: {str(error)[:80]!r}). Restore the table `releases` "
                "from a backup."
            ) from None

    @classmethod
    def _from_sound_row(cls, row: Mapping[str, Any]) -> Release:
        entries = (
            TableEntry(
                name=entry["name"],
                delta_version=entry["delta_version"],
                rows=entry["rows"],
                files=tuple(DataFile(**file) for file in entry["files"]),
                row_hash=entry["row_hash"],
            )
            for entry in json.loads(row["tables"])
        )
        as_of: date = row["as_of"]
        return cls(
            release_id=ReleaseId(row["release_id"]),
            sequence=row["sequence"],
            kind=row["kind"],
            as_of=Vintage(as_of),
            vintage_kind=VintageKind(row["vintage_kind"]),
            published_at=row["published_at"],
            status=row["status"],
            supersedes=ReleaseId(row["supersedes"]) if row["supersedes"] else None,
            reason=row["reason"],
            approved_by=row["approved_by"],
            code_version=row["code_version"],
            settings_sha256=row["settings_sha256"],
            populations=tuple(row["populations"]),
            inputs=tuple(json.loads(row["inputs"])),
            tables={entry.name: entry for entry in entries},
            quality=json.loads(row["quality"]),
            settings=json.loads(row["settings"]) if row.get("settings") else None,
            manifest_sha256=row.get("manifest_sha256"),
            signature=row.get("signature"),
        )


def require_rows(release: Release) -> Release:
    """Return a release, unless its rows were pruned.

    Raises:
        PrunedError: With how to make it again.
    """
    if release.has_rows:
        return release
    day = release.as_of.as_of
    again = f"talentcast backfill --first-year {day.year} --last-year {day.year}, same sources"
    if release.kind != "backfill":
        again = (
            f"talentcast refresh --as-of {day} --home FOLDER, same sources and scenarios; "
            "in this home it would be the newest release"
        )
    raise PrunedError(
        str(release.release_id),
        pruned_at=release.published_at,
        why=release.reason or "no reason given",
        again=again,
    )


def _settings_text(settings: Mapping[str, object] | None) -> str | None:
    return None if settings is None else json.dumps(settings, sort_keys=True, default=str)


def _as_text(value: date | datetime) -> str:
    return value.isoformat()


def describe_inputs(snapshots: Sequence[Snapshot]) -> tuple[dict[str, str], ...]:
    """Return what a release says about the snapshots it was made from."""
    return tuple(
        {
            "name": snapshot.name,
            "source": snapshot.source,
            "sha256": snapshot.sha256,
            "vintage": snapshot.vintage.as_of.isoformat(),
            "retrieved_at": snapshot.retrieved_at.isoformat(),
            "url": snapshot.url,
            "licence": snapshot.licence,
        }
        for snapshot in snapshots
    )
