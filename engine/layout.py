"""How rows about people are laid down: a file has a row group for each bucket of pseudonyms."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from storage.files import OWNER, written_whole

#: A pseudonym, as bytes.
PERSON: Final = pa.binary(32)


def bucket_of(persons: pa.Array, n_buckets: int) -> NDArray[np.int64]:
    """Return the bucket of each pseudonym: buckets divide them into spans of equal width."""
    raw = np.frombuffer(persons.buffers()[1], dtype=np.uint8)
    start = persons.offset * 32
    first = raw[start : start + 32 * len(persons)].reshape(-1, 32)[:, :4]
    numbers = np.ascontiguousarray(first).view(">u4").ravel().astype(np.int64)
    return np.asarray((numbers * n_buckets) >> 32)


def lay_down(chunk: pa.Table, n_buckets: int, path: Path) -> None:
    """Write rows to a file with a row group for each bucket.

    Args:
        chunk: With the column `bucket`, which is not written.
        n_buckets: How many there are.
        path: In a folder that is there.
    """
    buckets = chunk["bucket"].to_numpy()
    ordered = chunk.drop_columns("bucket").take(np.argsort(buckets, kind="stable"))
    ends = np.cumsum(np.bincount(buckets, minlength=n_buckets))
    with written_whole(path, mode=OWNER) as sink, pq.ParquetWriter(
        sink, ordered.schema, compression="lz4", use_dictionary=["country"],
    ) as writer:  # fmt: skip
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            writer.write_table(ordered.slice(start, end - start), row_group_size=max(1, len(chunk)))
