"""Servers of tests, in a thread of this process."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread


@contextmanager
def running(server: socketserver.TCPServer) -> Iterator[int]:
    """Let a server answer until the end of the block, and give its port."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
