"""Files at an address, read in ranges: for DuckDB where its own extension cannot be fetched."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import fsspec
import httpx


class Ranges(fsspec.AbstractFileSystem):
    """Files at an address, read in ranges as DuckDB asks for them."""

    protocol = "ranges"
    cachable = False  # codespell:ignore

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def _at(self, path: str) -> str:
        return f"{self.address}/{self._strip_protocol(path)}"

    def info(self, path: str, **_: object) -> dict[str, object]:
        size = httpx.head(self._at(path)).raise_for_status().headers["Content-Length"]
        return {"name": path, "size": int(size), "type": "file"}

    def modified(self, path: str) -> datetime:
        return datetime(2024, 1, 31, tzinfo=UTC)

    def _open(self, path: str, mode: str = "rb", **_: object) -> io.IOBase:
        return fsspec.spec.AbstractBufferedFile.__new__(RangedFile).opened(self, path)


class RangedFile(fsspec.spec.AbstractBufferedFile):
    def opened(self, system: Ranges, path: str) -> RangedFile:
        self.__init__(system, path, "rb", cache_type="none")  # type: ignore[misc]
        return self

    def _fetch_range(self, start: int, end: int) -> bytes:
        asked = {"Range": f"bytes={start}-{end - 1}"}
        return httpx.get(self.fs._at(self.path), headers=asked).raise_for_status().content
