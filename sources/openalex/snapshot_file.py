"""A snapshot as a file of records: what is wanted of it, part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from features.listed_works import ListedWorks, affiliation_columns
from sources.openalex.snapshot import SnapshotPart, WorksSnapshot, deleted_works
from sources.openalex.snapshot_works import WorksWanted, listed_works
from talentcast.domain.types import Vintage

_DELETED: Final = "deleted.npy"


@dataclass(frozen=True)
class OpenAlexRecords:
    """Records of the authors of works that are wanted.

    Attributes:
        deleted: Numbers of deleted works, as NumPy wrote them; None before they were.
    """

    snapshot: WorksSnapshot
    wanted: WorksWanted
    deleted: Path | None = None

    @property
    def said(self) -> Mapping[str, Any]:
        """What tells it from others."""
        wanted, listed = self.wanted, self.snapshot.deleted
        return {
            "source": "openalex",
            "release": str(self.snapshot.vintage.as_of),
            "subfield": wanted.subfield,
            "years": [wanted.first_year, wanted.last_year],
            "corpus": wanted.corpus,
            "types": sorted(wanted.types),
            "deleted_works": [listed.size, listed.written] if listed else [],
        }

    @property
    def parts(self) -> Sequence[str]:
        """What tells each part from others."""
        return [part.identity for part in self._ordered]

    @property
    def vintage(self) -> Vintage:
        """Day of the release."""
        return self.snapshot.vintage

    @property
    def _ordered(self) -> list[SnapshotPart]:
        """Parts, the largest first: processes that take one each then wait little."""
        return sorted(self.snapshot.parts, key=lambda part: (-part.size, part.name))

    def prepared(self, folder: Path) -> OpenAlexRecords:
        """Write the numbers of deleted works, which processes then share, into a folder."""
        if self.snapshot.deleted is None:
            return self
        path = folder / _DELETED
        np.save(path, deleted_works(self.snapshot.deleted))
        return replace(self, deleted=path)

    def listed(self, number: int, counts: Counter[str]) -> Iterator[ListedWorks]:
        """Yield the works of a part that are wanted."""
        deleted = np.empty(0, np.int64)
        if self.deleted is not None:
            deleted = np.load(self.deleted, mmap_mode="r")
        return listed_works(self._ordered[number], self.wanted, deleted, counts)

    def affiliations(self, sums: pa.Table) -> pa.Table:
        """Return the columns of affiliations beside the key."""
        return affiliation_columns(sums)
