"""Records of the restricted store, read some people at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from features.career_records import EVERYBODY, RECORD_TABLES, CareerRecords, IdSpan
from talentcast.domain.errors import StoreError

#: What follows the name of a table: nothing for everybody, or where the ids begin and end.
_SUFFIX: Final = re.compile(r"(?:-([0-9a-f]*)-([0-9a-f]*))?")
_FIRST_TABLE: Final = RECORD_TABLES[0]


def part_suffix(span: IdSpan) -> str:
    """Return what the files of a part are called, after the names of their tables.

    Example:
        >>> part_suffix(IdSpan("40", "80")), part_suffix(EVERYBODY)
        ('-40-80', '')
    """
    return "" if span == EVERYBODY else f"-{span.first}-{span.end}"


@dataclass(frozen=True)
class StoredParts:
    """Records under one name, as `features.career_records.CareerParts`.

    Attributes:
        folder: Their files.
        forgotten: Asked whenever a part is read: who is left out.
    """

    folder: Path
    forgotten: Callable[[], frozenset[str]] = field(repr=False)

    @cached_property
    def spans(self) -> Sequence[IdSpan]:
        """Who is in which part, in the order of ids."""
        found = [_span_of(path, _FIRST_TABLE) for path in self.folder.glob(f"{_FIRST_TABLE}*")]
        spans = sorted((span for span in found if span), key=lambda span: span.first)
        if not spans:
            raise self._unreadable("there are no careers")
        return tuple(spans)

    def __iter__(self) -> Iterator[CareerRecords]:
        return (self.between(span) for span in self.spans)

    def between(self, span: IdSpan) -> CareerRecords:
        """Return the records of these people without the forgotten.

        Raises:
            StoreError: If they are not here.
        """
        parts = [one for one in self.spans if _overlap(one, span)]
        try:
            careers, coauthors, weights = (self._table(name, parts, span) for name in RECORD_TABLES)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise self._unreadable(error) from None
        return CareerRecords(careers, coauthors, weights).without(self.forgotten())

    def _table(self, name: str, parts: Sequence[IdSpan], wanted: IdSpan) -> pd.DataFrame:
        found = []
        for part in parts:
            rows = pd.read_parquet(self.folder / f"{name}{part_suffix(part)}.parquet")
            is_whole = part.first >= wanted.first and _ends_by(part, wanted)
            found.append(rows if is_whole else rows[wanted.holds(rows["researcher_id"])])
        filled = [rows for rows in found if len(rows)] or found[:1]
        return pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0]

    def _unreadable(self, why: object) -> StoreError:
        return StoreError(
            f"The records behind the last release cannot be read from {self.folder} ({why}). "
            "Restore the restricted store from a backup; nothing was published."
        )


def parts_with(folder: Path, researcher_id: str) -> Iterator[Path]:
    """Yield the files of a folder that somebody may be in.

    A save that died half-way left some tables of a part, and nothing that reads them.
    """
    for table in RECORD_TABLES:
        for path in sorted(folder.glob(f"{table}*.parquet")):
            span = _span_of(path, table)
            if span is not None and span.holds(pd.Series([researcher_id])).all():
                yield path


def _span_of(path: Path, table: str) -> IdSpan | None:
    found = _SUFFIX.fullmatch(path.stem.removeprefix(table))
    if found is None or path.suffix != ".parquet":
        return None
    return IdSpan(found[1] or "", found[2] or "")


def _overlap(one: IdSpan, other: IdSpan) -> bool:
    return _is_before(one.first, other.end) and _is_before(other.first, one.end)


def _is_before(first: str, end: str) -> bool:
    return not end or first < end


def _ends_by(part: IdSpan, wanted: IdSpan) -> bool:
    return not wanted.end or (bool(part.end) and part.end <= wanted.end)
