"""All that a run wrote, to look for what must not be in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq


def written_files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file below a folder with its bytes; of tables, the cells too, as text."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            columns = pq.read_table(path).columns
            content += str({cell for column in columns for cell in column.to_pylist()}).encode()
        yield path, content
