"""A proxy before an object store, which notes what is asked and spoils answers on demand.

It runs in a process of its own: a library that waits for its answer may keep Python from working.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx

#: Headers of one connection, not of what is sent over it.
_OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_CONDITIONS = {"if-match", "if-none-match"}
_CONTROL = "/-proxy-/"
_OF_THREAD = threading.local()

Spoil = Literal["refuse", "refuse after", "cut", "cut body", "strip", "header", "stale"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong, for which requests.

    Attributes:
        what: `refuse` without asking the store, or `refuse after` it was asked; `cut` the
            connection once the store has answered, or `cut body` in the middle of its answer;
            `strip` conditions from the request; put a `header` into the answer; answer a listing
            with the `stale` answer to the same request before.
        method: Of the requests, as a regular expression.
        target: Found in the path and query of the requests, as a regular expression.
        status: Of a refusal.
        code: Of a refusal.
        message: Of a refusal.
        header: Name and value.
        skip: Requests that pass before the first.
        times: Requests that are spoiled.
    """

    what: Spoil
    method: str = ".*"
    target: str = ".*"
    status: int = 503
    code: str = "SlowDown"
    message: str = "Please reduce your request rate."
    header: tuple[str, str] = ("", "")
    skip: int = 0
    times: int = 1_000_000


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    target: str

    @property
    def listed(self) -> str | None:
        """The prefix that is listed; None if it is no listing."""
        query = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        if "list-type" in query or query.get("comp") == ["list"]:
            return query.get("prefix", [""])[0]
        return None


@dataclass(frozen=True)
class Proxy:
    """A proxy on a port of this machine."""

    address: str

    def asked(self) -> list[Asked]:
        """Return the requests since the last call, in their order."""
        found = httpx.post(f"{self.address}{_CONTROL}asked", timeout=30).json()
        return [Asked(**one) for one in found]

    @contextmanager
    def spoiling(self, *faults: Fault) -> Iterator[None]:
        """Spoil answers until the end of the block."""
        self._set(faults)
        try:
            yield
        finally:
            self._set(())

    def _set(self, faults: tuple[Fault, ...]) -> None:
        body = [asdict(fault) for fault in faults]
        httpx.post(f"{self.address}{_CONTROL}faults", json=body, timeout=30).raise_for_status()


@contextmanager
def proxied(store: str, port: int) -> Iterator[Proxy]:
    """Stand before a store, given as HOST:PORT, until the end of the block."""
    process = subprocess.Popen([sys.executable, __file__, store, str(port)])
    proxy = Proxy(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + 30
        while not _answers(proxy) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield proxy
    finally:
        process.kill()
        process.wait()


def _answers(proxy: Proxy) -> bool:
    try:
        proxy.asked()
    except httpx.TransportError:
        return False
    return True


@dataclass
class _State:
    store: str
    faults: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    listings: dict[str, _Answer] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def fault_for(self, asked: Asked) -> Fault | None:
        with self.lock:
            for place, fault in enumerate(self.faults):
                if not re.fullmatch(fault.method, asked.method):
                    continue
                if fault.times <= 0 or not re.search(fault.target, asked.target):
                    continue
                if fault.skip > 0:
                    self.faults[place] = replace(fault, skip=fault.skip - 1)
                    continue
                self.faults[place] = replace(fault, times=fault.times - 1)
                return fault
        return None


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    cut_after: int | None = None


def _forward(store: str, asked: Asked, headers: dict[str, str], body: bytes) -> _Answer:
    connection: http.client.HTTPConnection | None = getattr(_OF_THREAD, "connection", None)
    for _ in range(2):
        if connection is None:
            connection = _OF_THREAD.connection = http.client.HTTPConnection(store, timeout=60)
        try:
            connection.request(asked.method, asked.target, body, headers)
            found = connection.getresponse()
            return _Answer(found.status, dict(found.getheaders()), found.read())
        except (http.client.HTTPException, ConnectionError):  # it was closed meanwhile
            connection = None
    raise ConnectionError(f"{store} does not answer")


def _answer(state: _State, asked: Asked, headers: dict[str, str], body: bytes) -> _Answer | None:
    """Return the answer of the store, spoiled or not; None cuts the connection."""
    fault = state.fault_for(asked)
    what = fault.what if fault else ""
    if fault and what == "refuse":
        return _refused(fault)
    if what == "strip":
        headers = {
            k: v for k, v in headers.items() if k.lower() not in ("if-match", "if-none-match")
        }
    answer = _forward(state.store, asked, headers, body)
    if asked.listed is not None:
        before = state.listings.setdefault(asked.target, answer)
        if what == "stale":
            return before
        state.listings[asked.target] = answer
    if fault and what == "refuse after":
        return _refused(fault)
    if what == "cut":
        return None
    if what == "cut body":
        return replace(answer, cut_after=len(answer.body) // 2)
    if fault and what == "header":
        name, value = fault.header
        kept = {k: v for k, v in answer.headers.items() if k.lower() != name.lower()}
        return replace(answer, headers=kept | {name: value})
    return answer


def _refused(fault: Fault) -> _Answer:
    text = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
    return _Answer(fault.status, {"Content-Type": "application/xml"}, text.encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(state: _State) -> type[BaseHTTPRequestHandler]:
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
            if self.path.startswith(_CONTROL):
                self._send(self._controlled(body))
                return
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _OF_CONNECTION}
            asked = Asked(self.command, self.path)
            state.asked.append(asked)
            answer = _answer(state, asked, headers, body)
            if answer is None:
                self.close_connection = True
            else:
                self._send(answer)

        def _controlled(self, body: bytes) -> _Answer:
            if self.path.endswith("faults"):
                state.faults = [Fault(**one) for one in json.loads(body)]
                return _Answer(200, {}, b"")
            asked, state.asked = state.asked, []
            return _Answer(200, {}, json.dumps([asdict(one) for one in asked]).encode())

        def _send(self, answer: _Answer) -> None:
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

    return Handler


if __name__ == "__main__":
    _Server(("127.0.0.1", int(sys.argv[2])), _handler(_State(sys.argv[1]))).serve_forever()
