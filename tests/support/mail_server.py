"""A mail server and a web hook on this machine that keep what they are sent."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from loopback import running


@contextmanager
def mail_server() -> Iterator[tuple[str, list[Message]]]:
    """Take mail until the end of the block; give the address and what came."""
    kept: list[Message] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                command = line.strip().upper()
                if command == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    kept.append(message_from_bytes(b"".join(lines)))
                self.wfile.write(b"221 bye\r\n" if command == b"QUIT" else b"250 ok\r\n")
                if command == b"QUIT":
                    return

    with running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)) as port:
        yield f"127.0.0.1:{port}", kept


@contextmanager
def web_hook(port: int = 0) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Take JSON until the end of the block; give the address and what came."""
    kept: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            kept.append(json.loads(self.rfile.read(size)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with running(ThreadingHTTPServer(("127.0.0.1", port), Hook)) as chosen:
        yield f"http://127.0.0.1:{chosen}/hook", kept
