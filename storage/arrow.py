"""Files of this machine and objects in a store, opened alike for Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage.paths import StorePath


@contextmanager
def open_text(path: StorePath, buffer_bytes: int | None = None) -> Iterator[pa.NativeFile]:
    """Open a text; one that is packed is unpacked on the way.

    Args:
        path: Packed if its name ends with `.gz`.
        buffer_bytes: That are asked of a disk at once.
    """
    source = str(path) if isinstance(path, Path) else path.open()
    packing = "gzip" if is_packed(path) else None
    with pa.input_stream(source, compression=packing, buffer_size=buffer_bytes) as stream:
        yield stream


@contextmanager
def open_parquet(path: StorePath, coded: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file.

    Args:
        path: Of it.
        coded: Columns of text that are read as codes of a dictionary.
    """
    if isinstance(path, Path):
        with pq.ParquetFile(path, read_dictionary=coded) as file:
            yield file
        return
    with path.open() as source, pq.ParquetFile(source, read_dictionary=coded) as file:
        yield file


def is_packed(path: StorePath) -> bool:
    """Return whether a file is packed, by the end of its name."""
    return path.name.endswith(".gz")
