"""A server on loopback that answers for OpenAlex as its documentation says, faults included.

Tests use `url`, `calls` and `world` of what `openalex_server` yields; another server that has these
can take its place.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pycountry
from loopback import running

#: What a country's key may look like.
KEY_FORMS: Mapping[str, Callable[[str], str]] = {
    "code": str,
    "lower": str.lower,
    "address": lambda code: f"https://openalex.org/countries/{code}",
}
#: Name of every author.
AUTHOR = "Ada Lovelace"
ALL_COUNTRIES = tuple(sorted(country.alpha_2 for country in pycountry.countries))


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        query: Parameters by name, `api_key` and `mailto` included.
        number: Position among all requests, from 1.
    """

    path: str
    query: Mapping[str, str]
    number: int

    @property
    def year(self) -> int:
        """The publication year in the filter."""
        parts = dict(part.split(":", 1) for part in self.query["filter"].split(","))
        return int(parts["publication_year"])

    @property
    def page(self) -> str:
        """What is asked for, without who asks."""
        kept = sorted((k, v) for k, v in self.query.items() if k not in ("api_key", "mailto"))
        return json.dumps(kept)


@dataclass
class Reply:
    """What is sent for one request; `body` may be changed by a fault."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    #: Seconds before each byte; for answers that never seem to end.
    drip_seconds: float = 0.0


Fault = Callable[[Call, Reply], Reply | None]
World = Callable[[int], Mapping[str, int]]
#: Countries of each author, in order, by the number of the work.
ListedWorks = Callable[[int], Mapping[int, list[list[str]]]]


def growing_world(day: int = 0, countries: tuple[str, ...] = ALL_COUNTRIES) -> World:
    """Return works by country for any year; each day, the years from 2025 on have a few more."""

    def works(year: int) -> Mapping[str, int]:
        late = day * 3 if year >= 2025 else 0
        part = 0.5 if year >= 2026 else 1.0
        counts = {
            code: int((40 + 3 * rank + (year - 2000) * (1 + rank % 7)) * part) + late
            for rank, code in enumerate(countries)
        }
        counts["unknown"] = sum(counts.values()) // 10
        return counts

    return works


def growing_list(year: int) -> Mapping[int, list[list[str]]]:
    """Return the works of a year: authors in one or two countries, and a few without."""
    codes = ("US", "CN", "DE", "IN", "GB")
    number_of_works = 330 if year < 2026 else 150
    works = {
        year * 10_000 + at: [
            [] if (at + author) % 11 == 0 else [codes[(at * author + at) % 5]]
            for author in range(1 + at % 4)
        ]
        for at in range(number_of_works)
    }
    works[year * 10_000 + 7] = [["CN", "US"], ["US"], ["ZZ"]]
    return works


@dataclass
class OpenAlexServer:
    """A running server.

    Attributes:
        url: Its address.
        world: Works by two-letter code and `unknown`, for a year.
        works: Authors of each work, for a year; what a list shows of them ends at 100.
        calls: Every request, in order.
        fault: Changes or replaces the reply to a call; None lets it be.
        key: The only key that is accepted; None accepts everybody.
        budget_usd: What may be spent today; None for no end.
    """

    url: str = ""
    world: World = field(default_factory=growing_world)
    works: ListedWorks = growing_list
    #: Works that have another number now, and works that are gone.
    merged: Mapping[int, int] = field(default_factory=dict)
    gone: frozenset[int] = frozenset()
    calls: list[Call] = field(default_factory=list)
    fault: Fault | None = None
    key: str | None = None
    key_form: str = "code"
    unknown_key: str | None = "unknown"
    groups_a_page: int = 200
    #: One place of the documentation ends a list with a null cursor, another with an empty page.
    ends_with_empty_page: bool = False
    budget_usd: float | None = None
    price_usd: float = 0.0001
    spent_usd: float = 0.0
    after_reply: Callable[[Call], None] = lambda _: None

    def asked(self) -> Counter[str]:
        """Return how often each page was asked for."""
        return Counter(call.page for call in self.calls)

    def reply_to(self, call: Call) -> Reply:
        """Return what the documentation promises for a request."""
        reply = self._documented(call)
        changed = self.fault(call, reply) if self.fault is not None else None
        return reply if changed is None else changed

    def _documented(self, call: Call) -> Reply:
        if call.path.startswith("/works/W"):
            return self._single(int(call.path.removeprefix("/works/W")))
        if call.path != "/works":
            return _error(404, "Not found", f"There is no {call.path}")
        if self.key is not None and call.query.get("api_key") != self.key:
            return _error(401, "Unauthorized", "API key not valid")
        grouped = call.query.get("group_by", "").split(":")[0]
        is_list = "group_by" not in call.query
        if not is_list and ("select" in call.query or grouped != "authorships.countries"):
            return _error(400, "Invalid query parameters error.", "group_by")
        if "corpus" in call.query and "is_xpac" in call.query["filter"]:
            return _error(400, "Invalid query parameters error.", "corpus and is_xpac")
        if self.budget_usd is not None and self.spent_usd + self.price_usd > self.budget_usd + 1e-9:
            reply = _error(429, "Rate limit exceeded", "daily budget")
            reply.headers |= {"retry-after": "14400", "x-ratelimit-remaining-usd": "0"}
            return reply
        self.spent_usd += self.price_usd
        body = self._list(call) if is_list else self._groups(call)
        reply = Reply(body, headers={"x-ratelimit-cost-usd": f"{self.price_usd}"})
        if self.budget_usd is not None:
            left = max(self.budget_usd - self.spent_usd, 0)
            reply.headers["x-ratelimit-remaining-usd"] = f"{left:.6f}"
        return reply

    def _list(self, call: Call) -> bytes:
        works = list(self.works(call.year).items())
        size, start = self._place(call)
        page = works[start : start + size]
        end = start + len(page)
        has_next = bool(page) if self.ends_with_empty_page else end < len(works)
        meta = {
            "count": len(works),
            "db_response_time_ms": 31,
            "page": None,
            "per_page": size,
            "groups_count": None,
            "next_cursor": _cursor(end) if has_next else None,
        }
        results = [_work(number, authors[:100]) for number, authors in page]
        return json.dumps({"meta": meta, "results": results, "group_by": []}).encode()

    def _single(self, number: int) -> Reply:
        # Nothing is charged for a single record.
        free = {"x-ratelimit-cost-usd": "0"}
        if number in self.gone:
            return _error(404, "Not found", f"There is no W{number}")
        if number in self.merged:
            moved = {"location": f"{self.url}/works/W{self.merged[number]}"}
            return Reply(b"", 301, free | moved)
        authors = self.works(number // 10_000)[number]
        return Reply(json.dumps(_work(number, authors)).encode(), headers=free)

    def _place(self, call: Call) -> tuple[int, int]:
        size = min(self.groups_a_page, int(call.query.get("per_page", 25)), 200)
        cursor = call.query.get("cursor", "*")
        start = 0 if cursor == "*" else int(base64.b64decode(cursor).decode().split("+")[0])
        return size, start

    def _groups(self, call: Call) -> bytes:
        works = dict(self.world(call.year))
        total = sum(works.values())
        unknown = works.pop("unknown", 0)
        groups = [(KEY_FORMS[self.key_form](code), count) for code, count in works.items() if count]
        groups.sort()
        if unknown and self.unknown_key is not None and call.query["group_by"].endswith("unknown"):
            groups.append((self.unknown_key, unknown))
        size, start = self._place(call)
        page = groups[start : start + size]
        end = start + len(page)
        has_next = bool(page) if self.ends_with_empty_page else end < len(groups)
        answer = {
            "meta": {
                # Works in two countries are in two groups: fewer works than the groups together.
                "count": max([*works.values(), unknown, int(total * 0.9)], default=0),
                "db_response_time_ms": 31,
                "page": None,
                "per_page": size,
                "groups_count": len(page),
                "next_cursor": _cursor(end) if has_next else None,
            },
            "results": [],
            "group_by": [
                {"key": key, "key_display_name": key, "count": count} for key, count in page
            ],
        }
        return json.dumps(answer).encode()


@contextmanager
def openalex_server(**options: object) -> Iterator[OpenAlexServer]:
    """Serve until the block ends; options are attributes of `OpenAlexServer`."""
    found = OpenAlexServer(**options)  # type: ignore[arg-type]
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            with lock:
                call = Call(parts.path, query, len(found.calls) + 1)
                found.calls.append(call)
                reply = found.reply_to(call)
            self.close_connection = True
            with suppress(ConnectionError):
                _send(self, reply)
            found.after_reply(call)

        def log_message(self, *_: object) -> None:
            pass

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        found.url = f"http://127.0.0.1:{port}"
        yield found


def edited(reply: Reply, change: Callable[[dict[str, object]], None]) -> Reply:
    """Return a reply with its JSON changed in place by `change`."""
    answer = json.loads(reply.body)
    change(answer)
    return Reply(json.dumps(answer).encode(), reply.status, reply.headers)


def _work(number: int, authors: list[list[str]]) -> dict[str, object]:
    """Return a work with its authors, who have names that nobody may keep."""
    return {
        "id": f"https://openalex.org/W{number}",
        "authorships": [
            {
                "author_position": "first" if at == 0 else "middle",
                "author": {"id": "https://openalex.org/A9999999999", "display_name": AUTHOR},
                "countries": countries,
                "raw_affiliation_strings": [f"{AUTHOR}, Some University"],
            }
            for at, countries in enumerate(authors)
        ],
    }


def _cursor(start: int) -> str:
    # With characters that an address must escape, as real cursors have.
    return base64.b64encode(f"{start}+?".encode()).decode()


def _error(status: int, error: str, message: str) -> Reply:
    return Reply(json.dumps({"error": error, "message": message}).encode(), status)


def _send(request: BaseHTTPRequestHandler, reply: Reply) -> None:
    request.send_response(reply.status)
    headers = {"content-type": "application/json", "content-length": str(len(reply.body))}
    for name, value in {**headers, **reply.headers}.items():
        request.send_header(name, value)
    request.end_headers()
    if not reply.drip_seconds:
        request.wfile.write(reply.body)
        return
    for byte in reply.body:
        request.wfile.write(bytes([byte]))
        request.wfile.flush()
        time.sleep(reply.drip_seconds)
