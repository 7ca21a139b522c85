"""A proxy before an object store, which notes what is asked and spoils answers on demand.

It runs in a process of its own: a library that waits for its answer may keep Python from working.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx
from forwarding import Answer, Request, ask, serve

_CONDITIONS = {"if-match", "if-none-match"}
_CONTROL = "/-proxy-/"

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
    listings: dict[str, Answer] = field(default_factory=dict)
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


def _answer(state: _State, asked: Asked, headers: dict[str, str], body: bytes) -> Answer | None:
    """Return the answer of the store, spoiled or not; None cuts the connection."""
    fault = state.fault_for(asked)
    what = fault.what if fault else ""
    if fault and what == "refuse":
        return _refused(fault)
    if what == "strip":
        headers = {
            k: v for k, v in headers.items() if k.lower() not in ("if-match", "if-none-match")
        }
    answer = ask(state.store, asked.method, asked.target, body, headers)
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


def _refused(fault: Fault) -> Answer:
    text = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
    return Answer(fault.status, {"Content-Type": "application/xml"}, text.encode())


def _answering(state: _State) -> Callable[[Request], Answer | None]:
    def answer_to(request: Request) -> Answer | None:
        if request.target.startswith(_CONTROL):
            return _controlled(state, request)
        asked = Asked(request.method, request.target)
        state.asked.append(asked)
        return _answer(state, asked, request.headers, request.body)

    return answer_to


def _controlled(state: _State, request: Request) -> Answer:
    if request.target.endswith("faults"):
        state.faults = [Fault(**one) for one in json.loads(request.body)]
        return Answer(200, {}, b"")
    asked, state.asked = state.asked, []
    return Answer(200, {}, json.dumps([asdict(one) for one in asked]).encode())


if __name__ == "__main__":
    serve(int(sys.argv[2]), _answering(_State(sys.argv[1])))
