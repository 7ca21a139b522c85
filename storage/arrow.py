"""Files of this machine and objects in a store, opened alike for Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from storage.objects import ListedObject

Readable: TypeAlias = Path | ListedObject
#: A column of a row group is asked for at once by itself; what lies behind it is not wanted.
_PARQUET_AHEAD: Final = 1 << 16


@contextmanager
def open_text(file: Readable, buffer_bytes: int | None = None) -> Iterator[pa.NativeFile]:
    """Open a text; one that is packed is unpacked on the way.

    Args:
        file: Packed if its name ends with `.gz`.
        buffer_bytes: Bytes read at once from a disk.
    """
    source = str(file) if isinstance(file, Path) else file.open()
    packing = "gzip" if is_packed(file) else None
    with pa.input_stream(source, compression=packing, buffer_size=buffer_bytes) as stream:
        yield stream


def first_lines(file: Readable, n_bytes: int) -> pa.Buffer:
    """Return the whole lines among the first bytes of a text, unpacked; all of a shorter one."""
    with open_text(file) as stream:
        content = stream.read(n_bytes)
        if len(content) == n_bytes and (end := content.rfind(b"\n")) > 0:
            content = content[: end + 1]
    return pa.py_buffer(content)


@contextmanager
def open_parquet(file: Readable, coded: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file.

    Args:
        file: The file.
        coded: Columns of text that are read as codes of a dictionary.
    """
    if isinstance(file, Path):
        with pq.ParquetFile(file, read_dictionary=coded) as opened:
            yield opened
        return
    with (
        file.open(_PARQUET_AHEAD) as source,
        pq.ParquetFile(source, read_dictionary=coded) as opened,
    ):
        yield opened


def is_packed(file: Readable) -> bool:
    """Return whether a file is packed, by the end of its name."""
    return file.name.endswith(".gz")
