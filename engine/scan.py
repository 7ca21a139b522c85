"""The scan: the only place that sees ids. What it writes bears pseudonyms.

Rows are read in batches, checked, named by pseudonyms and laid down by bucket: a bucket holds the
people of one span of pseudonyms. Rows that nothing can be made of are counted and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.batches import batches, form_of, schema_of
from engine.files import RecordFile
from engine.layout import PERSON, bucket_of, lay_down
from engine.profile import LEFT_OUT
from privacy.pseudonyms import PseudonymKey
from restricted.converted import DATASET, PSEUDONYM
from sources.affiliations import number_bounds, required_columns
from sources.countries import country_code
from talentcast.domain.errors import InputRejectedError, MissingColumnsError

#: Rows that are sorted by bucket at once.
_CHUNK_ROWS: Final = 1_000_000
_FIRST_YEAR: Final = 1900
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Scan:
    """What a scan of any file of one input needs to know.

    Attributes:
        key: Of the data set.
        forgotten: Pseudonyms of those who are left out.
        n_buckets: Into which people are divided.
        last_year: No record is of a later year.
    """

    key: PseudonymKey
    forgotten: frozenset[bytes] = field(repr=False)
    n_buckets: int
    last_year: int

    def of(self, file: RecordFile, target: Path) -> dict[str, list[int]]:
        """Lay down a file by bucket, and return rows and rows left out of each bucket, by name.

        Under `chunks` stands how many files were written.

        Args:
            file: What to read.
            target: Beginning of the names of the files written; each has a row group a bucket.
        """
        totals = {name: np.zeros(self.n_buckets, dtype=np.int64) for name in ("rows", *LEFT_OUT)}
        n_files = 0
        for chunk in self._chunks(file, totals):
            lay_down(chunk, self.n_buckets, Path(f"{target}-{n_files:04d}.parquet"))
            n_files += 1
        return {name: counts.tolist() for name, counts in totals.items()} | {"chunks": [n_files]}

    def _chunks(self, file: RecordFile, totals: dict[str, Counts]) -> Iterator[pa.Table]:
        held: list[pa.Table] = []
        _require_own_pseudonyms(file, self.key)
        for batch in batches(file.path, file.name, file.table, file.fixed):
            _require_columns(batch, file)
            held.append(self._checked(batch, file.table, totals))
            if sum(map(len, held)) >= _CHUNK_ROWS:
                yield pa.concat_tables(held, promote_options="default")
                held = []
        if held:
            yield pa.concat_tables(held, promote_options="default")

    def _checked(self, batch: pa.RecordBatch, table: str, totals: dict[str, Counts]) -> pa.Table:
        """Return the usable rows of a batch: bucket, person, year, country and numbers."""
        persons, has_id = self._persons(batch["researcher_id"])
        buckets = bucket_of(persons, self.n_buckets)
        year, is_year = self._years(batch["year"])
        country, is_country = _countries(batch["country"])
        numbers, are_numbers = _numbers(batch, table)
        is_good = np.ones(len(batch), dtype=bool)
        totals["rows"] += np.bincount(buckets, minlength=self.n_buckets)
        for reason, holds in (
            ("missing_ids", has_id),
            ("impossible_years", is_year),
            ("unknown_countries", is_country),
            ("bad_numbers", are_numbers),
        ):
            totals[reason] += np.bincount(buckets[is_good & ~holds], minlength=self.n_buckets)
            is_good &= holds
        is_good &= ~self._is_forgotten(persons)
        columns = {
            "bucket": pa.array(buckets),
            "person": persons,
            "year": pa.array(year),
            "country": country,
            **numbers,
        }
        return pa.table(columns).filter(pa.array(is_good))

    def _persons(self, ids: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
        """Return the pseudonym of each row; each id of a batch is hashed once."""
        if ids.type == PERSON:  # they are pseudonyms already
            has_name = np.asarray(pc.is_valid(ids).to_numpy(zero_copy_only=False))
            return ids.fill_null(bytes(32)), has_name
        used = pc.unique(ids.indices.drop_null())
        texts = ids.dictionary.take(used)
        hashed = self.key.raw_pseudonyms(text for text in texts.to_pylist())
        place = np.full(len(ids.dictionary) + 1, len(hashed), dtype=np.int64)
        place[used.to_numpy(zero_copy_only=False)] = np.arange(len(hashed))
        codes = ids.indices.fill_null(len(ids.dictionary)).to_numpy(zero_copy_only=False)
        names = pa.array([*hashed, bytes(32)], PERSON)
        is_blank = pc.equal(pc.utf8_trim_whitespace(texts.cast(pa.string())), "")
        has_id = np.append(~is_blank.to_numpy(zero_copy_only=False).astype(bool), False)
        rows = place[codes]
        return names.take(pa.array(rows)), has_id[rows]

    def _is_forgotten(self, persons: pa.Array) -> NDArray[np.bool_]:
        if not self.forgotten:
            return np.zeros(len(persons), dtype=bool)
        names = pa.array(sorted(self.forgotten), PERSON)
        return np.asarray(pc.is_in(persons, value_set=names).to_numpy(zero_copy_only=False))

    def _years(self, values: pa.Array) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        years = _floats(values)
        with np.errstate(invalid="ignore"):
            holds = (years == np.round(years)) & (years >= _FIRST_YEAR) & (years <= self.last_year)
        return np.where(holds, years, 0).astype(np.int16), holds


def _require_columns(batch: pa.RecordBatch, file: RecordFile) -> None:
    if missing := required_columns(file.table) - set(batch.schema.names):
        raise MissingColumnsError(file.table, missing, batch.schema.names)


def _require_own_pseudonyms(file: RecordFile, key: PseudonymKey) -> None:
    """Refuse pseudonyms under another key: the same people would be others here."""
    if form_of(file.path) != "parquet":
        return
    schema = schema_of(file.path, file.name)
    if PSEUDONYM not in schema.names:
        return
    if (schema.metadata or {}).get(DATASET) != key.dataset_id.encode():
        raise InputRejectedError(
            "OTHER_KEY",
            f"{file.name} bears pseudonyms made with another key. Use the key with which it was "
            "made, or make it again with this one: talentcast records",
        )


def _countries(values: pa.DictionaryArray) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Return codes of countries; a cell that is empty in fact, or not understood, has none."""
    codes = [
        country_code(text) if text is not None else None for text in values.dictionary.to_pylist()
    ]
    known = pa.array([code or "" for code in codes], pa.string())
    column = pa.DictionaryArray.from_arrays(values.indices, known).cast(pa.string()).fill_null("")
    return column, np.asarray(pc.not_equal(column, "").to_numpy(zero_copy_only=False))


def _numbers(batch: pa.RecordBatch, table: str) -> tuple[dict[str, pa.Array], NDArray[np.bool_]]:
    """Return the columns of numbers, and which rows have all of theirs within bounds."""
    columns, holds = {}, np.ones(len(batch), dtype=bool)
    for name, bounds in number_bounds(table).items():
        if name not in batch.schema.names:
            continue
        values = _floats(batch[name])
        is_absent = np.asarray(pc.is_null(batch[name]).to_numpy(zero_copy_only=False))
        if pa.types.is_string(batch[name].type):
            is_absent |= np.asarray(pc.equal(batch[name], "").to_numpy(zero_copy_only=False))
        with np.errstate(invalid="ignore"):
            is_within = np.isfinite(values) & (values >= bounds.least) & (values <= bounds.most)
        holds &= is_within | (is_absent & bounds.may_be_absent)
        columns[name] = pa.array(values, from_pandas=True)
    return columns, holds


def _floats(values: pa.Array) -> NDArray[np.float64]:
    """Return numbers; NaN for what is none."""
    try:
        found = values.cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = pd.Series(values.to_pandas())
        return np.asarray(pd.to_numeric(texts, errors="coerce").to_numpy(float, na_value=np.nan))
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.float64)
