"""Folders of records made from public files: under pseudonyms, in the restricted store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.files import OWNER, written_whole

#: Column with the pseudonym of a researcher, 32 bytes, in the place of an id.
PSEUDONYM: Final = "researcher_pseudonym"
#: Under this, a file names the data set whose key made its pseudonyms.
DATASET: Final = b"talentcast.dataset"
_FOLDER: Final = "records"


def converted_folder(root: Path, name: str) -> Path:
    """Where records with a name are.

    Args:
        root: Of the restricted store.
        name: Of the folder.
    """
    return root / _FOLDER / name


def forget_in_converted(root: Path, pseudonym: str) -> int:
    """Remove the rows of a person, and return how many there were."""
    wanted, removed = pa.scalar(bytes.fromhex(pseudonym), pa.binary(32)), 0
    for path in sorted((root / _FOLDER).rglob("*.parquet")):
        rows = pq.read_table(path)
        kept = rows.filter(pc.not_equal(rows[PSEUDONYM], wanted))
        if len(kept) == len(rows):
            continue
        removed += len(rows) - len(kept)
        status = path.stat()
        with written_whole(path, mode=OWNER) as sink:
            pq.write_table(kept, sink, compression="zstd")
        keep_time(path, status.st_mtime_ns)
    return removed


def keep_time(path: Path, written: int) -> None:
    """Let a file count as written at a time, in nanoseconds."""
    os.utime(path, ns=(written, written))
