"""What stands between a client and a server on this machine: it asks, and passes answers on."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Headers of one connection, not of what is sent over it.
_OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_OF_THREAD = threading.local()


@dataclass(frozen=True)
class Answer:
    """What a server says; the connection may be cut after some bytes of the body."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut_after: int | None = None


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def ask(
    server: str, method: str, target: str, body: bytes, headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask a server, over the connection that this thread has kept."""
    connection: http.client.HTTPConnection | None = getattr(_OF_THREAD, "connection", None)
    for _ in range(2):
        if connection is None:
            connection = _OF_THREAD.connection = http.client.HTTPConnection(server, timeout=60)
        try:
            connection.request(method, target, body, dict(headers or {}))
            found = connection.getresponse()
            return Answer(found.status, dict(found.getheaders()), found.read())
        except (http.client.HTTPException, ConnectionError):  # it was closed meanwhile
            connection = None
    raise ConnectionError(f"{server} does not answer")


def serve(port: int, answer_to: Callable[[Request], Answer | None]) -> None:
    """Answer requests until killed; None cuts the connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _OF_CONNECTION}
            answer = answer_to(Request(self.command, self.path, headers, body))
            if answer is None:
                self.close_connection = True
            else:
                self._send(answer)

        def _send(self, answer: Answer) -> None:
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _OF_CONNECTION:
                    self.send_header(name, value)
            length = str(len(answer.body))
            if self.command == "HEAD":
                told = {name.lower(): value for name, value in answer.headers.items()}
                length = told.get("content-length", length)
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut_after])
            self.wfile.flush()
            self.close_connection = self.close_connection or answer.cut_after is not None

    _Server(("127.0.0.1", port), Handler).serve_forever()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
