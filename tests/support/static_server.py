"""A web server of plain files that answers requests for a range of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from loopback import running


@dataclass
class Served:
    """A folder on a port of this machine.

    Attributes:
        ranges: Ranges that were asked for, by path.
    """

    address: str
    ranges: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a folder until the end of the block."""
    served = Served("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folder, served))
    with running(server) as port:
        served.address = f"http://127.0.0.1:{port}"
        yield served


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, folder: Path, served: Served, *request: Any) -> None:
        self.served = served
        super().__init__(*request, directory=str(folder))

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if asked is None or not path.is_file():
            super().do_GET()
            return
        content = path.read_bytes()
        first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
        self.served.ranges.append((self.path, asked[0]))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        self.wfile.write(content[first : last + 1])

    def log_message(self, *_: object) -> None:
        """Say nothing."""
