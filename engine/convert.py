"""From a public file about many people to records of them under pseudonyms, part by part.

A part of the file is read once: what it says of each person, year and country is added up, named
by pseudonyms and laid down by bucket, with a mark when it is whole. A run that was killed goes on
behind the last mark. Buckets then become the files of a folder of records in the restricted store.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.layout import PERSON, bucket_of, lay_down
from engine.workers import Workers
from features.listed_works import ListedWorks, summed
from privacy.pseudonyms import PseudonymKey
from restricted.converted import DATASET, PSEUDONYM, converted_folder, keep_time
from restricted.store import RestrictedStore
from storage.files import OWNER, write_atomically, written_whole
from talentcast.domain.errors import InputRejectedError, StoreError
from talentcast.domain.types import Vintage
from talentcast.store.failures import storage_failures

#: Changes when what is laid down changes, so that nothing of another form is gone on with.
_FORM: Final = "1"
_TABLES: Final = ("affiliations", "coauthor_countries")

Progress = Callable[[str, int, int], None]


class PublicRecords(Protocol):
    """A file, or files, that can be read in parts."""

    @property
    def said(self) -> Mapping[str, Any]:
        """What tells it, and what is wanted of it, from others: text and numbers."""

    @property
    def parts(self) -> Sequence[str]:
        """What tells each part from others, in the order in which they are best read."""

    @property
    def vintage(self) -> Vintage:
        """Day on which what it says was so."""

    def prepared(self, folder: Path) -> PublicRecords:
        """Return what reads it, after writing into a folder what all processes look at."""

    def listed(self, number: int, counts: Counter[str]) -> Iterator[ListedWorks]:
        """Yield what a part says, and count what was left out of it."""

    def affiliations(self, sums: pa.Table) -> pa.Table:
        """Return the columns of affiliations beside the key, from sums in the order of the key."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A folder of records that was made.

    Attributes:
        folder: In the restricted store.
        counts: What was read and what was left out, by reason.
        is_new: Whether it was not there already.
    """

    folder: Path
    counts: Mapping[str, int]
    is_new: bool


@dataclass(frozen=True)
class Conversion:
    """Makes a folder of records from a public file.

    Attributes:
        name: Of the folder.
        n_buckets: Into which people are divided.
    """

    source: PublicRecords
    name: str
    key: PseudonymKey = field(repr=False)
    store: RestrictedStore
    n_buckets: int
    workers: Workers

    def run(self, tell: Progress) -> Converted:
        """Read what is left to be read, and put the records in their place.

        Raises:
            InputRejectedError: `EMPTY` without a record, or what a part is refused for.
            StoreError: If somebody was forgotten meanwhile: the next run begins anew.
        """
        folder = converted_folder(self.store.root, self.name)
        made = folder / "made.json"
        if made.exists() and (known := json.loads(made.read_text()))["digest"] == self.digest:
            return Converted(folder, known["counts"], is_new=False)
        with storage_failures(self.store.root):
            root, scans = self.store.root, self.store.scan_folder
            for each in (root, scans, self._work, self._made.parent, self._made):
                each.mkdir(parents=True, exist_ok=True, mode=0o700)
            ready = replace(self, source=self.source.prepared(self._work))
            counts = ready._read_all(tell)
            ready._make_all(tell)
            told = {"digest": self.digest, "counts": dict(sorted(counts.items()))}
            content = json.dumps(told | dict(self.source.said), indent=2).encode()
            write_atomically(self._made / "made.json", content, mode=OWNER)
            self._put_in_place(folder)
        return Converted(folder, counts, is_new=True)

    @property
    def digest(self) -> str:
        """Of everything that decides what is made."""
        said = [_FORM, self.key.dataset_id, self.n_buckets, self.source.said, *self.source.parts]
        return sha256(repr(said).encode()).hexdigest()

    @property
    def _work(self) -> Path:
        # Not of the parts: one that was downloaded again is read again, and no other.
        said = [_FORM, self.name, self.key.dataset_id, self.n_buckets, self.source.said]
        return self.store.scan_folder / sha256(repr(said).encode()).hexdigest()

    @property
    def _made(self) -> Path:
        # Of all parts: once one was downloaded again, what was added up before is of no use.
        return self._work / sha256(repr(self.source.parts).encode()).hexdigest()[:16] / "made"

    def _read_all(self, tell: Progress) -> Counter[str]:
        n_parts = len(self.source.parts)
        counts: Counter[str] = Counter()
        for number, found in enumerate(self.workers(self.read, range(n_parts)), 1):
            counts.update(found)
            tell("Reading", number, n_parts)
        return counts

    def read(self, number: int) -> dict[str, int]:
        """Lay down a part by bucket, unless that is done, and return what was counted."""
        target = self._work / self.source.parts[number]
        mark = target.with_suffix(".json")
        if not mark.exists():
            forgotten = pa.array(sorted(map(bytes.fromhex, self.store.forgotten())), PERSON)
            counts: Counter[str] = Counter()
            n_chunks = 0
            for listed in self.source.listed(number, counts):
                self._lay_down(listed, forgotten, f"{target}-{n_chunks:04d}")
                n_chunks += 1
            write_atomically(mark, json.dumps(counts | {"chunks": n_chunks}).encode(), mode=OWNER)
        found: dict[str, int] = json.loads(mark.read_text())
        found.pop("chunks")
        return found

    def _lay_down(self, listed: ListedWorks, forgotten: pa.Array, target: str) -> None:
        names = pa.array(self.key.raw_pseudonyms(listed.ids), PERSON)
        buckets = bucket_of(names, self.n_buckets)
        is_kept = pc.invert(pc.is_in(names, value_set=forgotten))
        countries = pa.array(listed.countries, pa.string())
        for table, rows in zip(_TABLES, (listed.affiliations(), listed.coauthors()), strict=True):
            kept = rows.filter(is_kept.take(rows["person"]))
            person = kept["person"]
            columns = {
                "bucket": pa.array(buckets[person.to_numpy()]),
                "person": names.take(person.combine_chunks()),
                "year": kept["year"].cast(pa.int16()),
                "country": countries.take(kept["country"].combine_chunks()),
            }
            sums = {name: kept[name] for name in kept.column_names if name not in columns}
            lay_down(pa.table(columns | sums), self.n_buckets, Path(f"{target}-{table}.parquet"))

    def _make_all(self, tell: Progress) -> None:
        paths = self._laid_down()
        for number, _ in enumerate(self.workers(self.bucket, range(self.n_buckets)), 1):
            tell("Adding up", number, self.n_buckets)
        if not any(self._made.glob("affiliations/*.parquet")):
            raise InputRejectedError(
                "EMPTY", "Nothing of what was asked for is in it. Check subfield and years."
            )
        if paths != self._laid_down():
            raise _taken_away()

    def bucket(self, number: int) -> None:
        """Write the records of a bucket, unless that is done."""
        mark = self._made.parent / f"bucket-{number:05d}"
        if mark.exists():
            return
        for table, paths in self._laid_down().items():
            rows = _rows(number, paths)
            if len(rows):
                self._write(table, rows, self._made / table / f"part-{number:05d}.parquet")
        pa.default_memory_pool().release_unused()  # other processes want it too
        write_atomically(mark, b"", mode=OWNER)

    def _write(self, table: str, rows: pa.Table, path: Path) -> None:
        names, codes = (_in_order(rows[name]) for name in ("person", "country"))
        places = {
            "person": pc.index_in(rows["person"], value_set=names),
            "country": pc.index_in(rows["country"], value_set=codes),
        }
        ordered = summed(
            pa.table({name: places.get(name, rows[name]) for name in rows.column_names})
        )
        others = (
            self.source.affiliations(ordered)
            if table == "affiliations"
            else ordered.select(["coauthors"])
        )
        columns = {
            PSEUDONYM: names.take(ordered["person"].combine_chunks()),
            "year": ordered["year"].cast(pa.int16()),
            "country": codes.take(ordered["country"].combine_chunks()),
        }
        columns |= {name: others[name] for name in others.column_names}
        whole = pa.table(columns).replace_schema_metadata({DATASET: self.key.dataset_id})
        path.parent.mkdir(exist_ok=True, mode=0o700)
        with written_whole(path, mode=OWNER) as sink:
            pq.write_table(whole, sink, compression="zstd", use_dictionary=["country"])

    def _laid_down(self) -> dict[str, list[Path]]:
        """Return what was laid down of each table, if all of it is still there."""
        paths: dict[str, list[Path]] = {table: [] for table in _TABLES}
        for part in self.source.parts:
            mark = self._work / f"{part}.json"
            if not mark.exists():
                raise _taken_away()
            for number in range(json.loads(mark.read_text())["chunks"]):
                for table in _TABLES:
                    paths[table].append(self._work / f"{part}-{number:04d}-{table}.parquet")
        return paths

    def _put_in_place(self, folder: Path) -> None:
        day = datetime.combine(self.source.vintage.as_of, time(12), UTC)
        for path in self._made.rglob("*.parquet"):
            # The records stood so on the day of the release, not on that of the conversion.
            keep_time(path, int(day.timestamp()) * 1_000_000_000)
        folder.parent.mkdir(exist_ok=True, mode=0o700)
        before = self._work / "before"
        if folder.exists():
            folder.rename(before)
        self._made.rename(folder)
        shutil.rmtree(self._work, ignore_errors=True)


def _rows(number: int, paths: Sequence[Path]) -> pa.Table:
    """Return the rows of a bucket; few files are open at once, for there may be thousands."""
    parts = []
    for path in paths:
        with pq.ParquetFile(path) as file:
            parts.append(file.read_row_group(number))
    return pa.concat_tables(parts)


def _in_order(values: pa.ChunkedArray) -> pa.Array:
    """Return every value once, in order."""
    found = pc.unique(values)
    # Text of fixed width cannot be sorted.
    plain = found.cast(pa.binary()) if found.type == PERSON else found
    return found.take(pc.sort_indices(plain))


def _taken_away() -> StoreError:
    return StoreError(
        "What was read of the file was taken away: somebody was forgotten meanwhile. Run again; "
        "it begins anew."
    )
