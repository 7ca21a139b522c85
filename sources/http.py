"""Fetching a file over HTTPS: bounded in time and size, and only from hosts that were named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from ssl import DefaultVerifyPaths, SSLContext, get_default_verify_paths
from typing import Final, Literal
from urllib.request import getproxies, proxy_bypass

import httpx
import stamina

from talentcast.domain.errors import (
    GaveUpError,
    InputRejectedError,
    RefusedError,
    SourceUnavailableError,
)

RETRIED_STATUS: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How far a download may go.

    Attributes:
        hosts: Hosts that may answer, redirects included.
        max_bytes: Larger answers are refused.
        deadline_seconds: For one attempt from first to last byte, however slowly they come.
        attempts: Tries in all when the network or the server fails.
        patience_seconds: For all tries and the waiting between them; a server that asks for a
            longer pause is not asked again.
        scheme: `http` only for a server on this machine.
        retried_status: Answers that a later try may not get.
        max_redirects: How often one try may be sent elsewhere, within `hosts`.
    """

    hosts: Collection[str]
    max_bytes: int = 50_000_000
    deadline_seconds: float = 60.0
    attempts: int = 4
    patience_seconds: float = 300.0
    scheme: Literal["https", "http"] = "https"
    retried_status: Collection[int] = RETRIED_STATUS
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """A body as it came, with the headers it came with."""

    content: bytes
    headers: Mapping[str, str]


class _PassingFailureError(Exception):
    """The server or the network failed in a way that a later try may not.

    Attributes:
        pause_seconds: How long the server wants to be left alone; None if it did not say.
    """

    def __init__(
        self, problem: str, *, code: str = "SOURCE_DOWN", pause_seconds: float | None = None
    ) -> None:
        self.code, self.pause_seconds = code, pause_seconds
        super().__init__(problem)


def fetch_bytes(
    url: str, limits: FetchLimits, *, transport: httpx.AsyncBaseTransport | None = None
) -> bytes:
    """Return the body behind an HTTPS address; see `fetch`."""
    return fetch(url, limits, transport=transport).content


def fetch(
    url: str,
    limits: FetchLimits,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    before_attempt: Callable[[], None] | None = None,
) -> Answer:
    """Return the body and the headers behind an address.

    Args:
        url: Address; its host must be one of `limits.hosts`.
        limits: Bounds in hosts, bytes, time and tries.
        transport: Stands in for the network, or adds to a request what no log may show.
        before_attempt: Called before each try; what it raises ends them.

    Raises:
        RefusedError: If the server refuses the request itself.
        GaveUpError: If it does not answer within the limits, or wants a longer pause than them.
        SourceUnavailableError: If what it sends is beyond the limits.
        InputRejectedError: `BAD_PAYLOAD` if a web page came instead of a file.
    """

    def pause_before_next(error: Exception) -> bool | float:
        if not isinstance(error, _PassingFailureError):
            return False
        if error.pause_seconds is None:
            return True
        return error.pause_seconds <= limits.patience_seconds and error.pause_seconds

    try:
        for attempt in stamina.retry_context(
            on=pause_before_next, attempts=limits.attempts, timeout=limits.patience_seconds
        ):
            # A thread of its own, because the caller's may already run an event loop.
            with attempt, ThreadPoolExecutor(1) as worker:
                if before_attempt is not None:
                    before_attempt()
                return worker.submit(asyncio.run, _attempt(url, limits, transport)).result()
    except _PassingFailureError as error:
        raise _given_up(url, error, limits) from None
    raise AssertionError("a retry context ends in a return or an exception")


def network(url: httpx.URL) -> httpx.AsyncHTTPTransport:
    """Return the real network on the way to an address, for a transport that adds to requests."""
    is_direct = url.scheme == "http" or proxy_bypass(url.host)
    proxy = None if is_direct else getproxies().get("https")
    return httpx.AsyncHTTPTransport(verify=_trusted(get_default_verify_paths()), proxy=proxy)


@cache
def _trusted(_: DefaultVerifyPaths) -> SSLContext:
    """Return whom the certificates in these places trust; reading them takes longer than a call."""
    return httpx.create_ssl_context()


def _given_up(url: str, error: _PassingFailureError, limits: FetchLimits) -> GaveUpError:
    pause = error.pause_seconds
    later = "later" if pause is None else f"in {pause:.0f} s"
    return GaveUpError(
        f"{error.code}: {url}: {error}, after up to {limits.attempts} tries. Nothing was kept. "
        f"Try again {later}, or read a local copy.",
        code=error.code,
        problem=str(error),
        pause_seconds=pause,
        may_pass_soon=pause is None or pause <= limits.patience_seconds,
    )


async def _attempt(
    url: str, limits: FetchLimits, transport: httpx.AsyncBaseTransport | None
) -> Answer:
    try:
        # The timeouts of httpx are for each piece; this one is for the whole.
        async with (
            asyncio.timeout(limits.deadline_seconds),
            httpx.AsyncClient(timeout=limits.deadline_seconds, transport=transport) as client,
        ):
            return await _fetch_once(client, url, limits)
    except TimeoutError:
        raise _PassingFailureError(f"not done after {limits.deadline_seconds:.0f} s") from None
    except httpx.TransportError as error:
        raise _PassingFailureError(type(error).__name__) from None


async def _fetch_once(client: httpx.AsyncClient, url: str, limits: FetchLimits) -> Answer:
    target = httpx.URL(url)
    for _ in range(limits.max_redirects + 1):
        _require_allowed(target, limits)
        # Unpacked by nobody: a compressed answer could unfold to any size.
        headers = {"accept-encoding": "identity"}
        async with client.stream("GET", target, headers=headers) as response:
            if response.next_request is None:
                return Answer(await _body(response, limits), dict(response.headers))
            target = response.next_request.url
    raise SourceUnavailableError(f"{url} redirects more than {limits.max_redirects} times.")


def _require_allowed(target: httpx.URL, limits: FetchLimits) -> None:
    if target.scheme != limits.scheme or target.host not in limits.hosts:
        raise SourceUnavailableError(
            f"{target.scheme}://{target.host} is not among the hosts of this source "
            f"({', '.join(sorted(limits.hosts))}); nothing was fetched from it."
        )


async def _body(response: httpx.Response, limits: FetchLimits) -> bytes:
    _require_success(response, limits)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise SourceUnavailableError(
            f"{response.url} sends a compressed body although none was asked for; it was not read."
        )
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limits.max_bytes:
            raise SourceUnavailableError(
                f"{response.url} sends more than {limits.max_bytes} bytes; it was cut off."
            )
    _require_file(response, bytes(body))
    return bytes(body)


def _require_success(response: httpx.Response, limits: FetchLimits) -> None:
    status = response.status_code
    if status in limits.retried_status:
        raise _PassingFailureError(
            f"status {status}",
            code="RATE_LIMIT" if status == HTTPStatus.TOO_MANY_REQUESTS else "SOURCE_DOWN",
            pause_seconds=_pause_seconds(response.headers.get("retry-after", "")),
        )
    if status != HTTPStatus.OK:
        raise RefusedError(
            status, f"{response.url} answered with status {status}. Has the file moved?"
        )


def _pause_seconds(retry_after: str) -> float | None:
    """Read `Retry-After`: seconds, or a date; None for neither (RFC 9110, section 10.2.3)."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _require_file(response: httpx.Response, body: bytes) -> None:
    is_page = response.headers.get("content-type", "").startswith("text/html")
    if is_page or body.lstrip()[:1] == b"<":
        # The page may hold anything: its hash is enough to recognise it.
        raise InputRejectedError(
            "BAD_PAYLOAD",
            f"{response.url} answered with a web page instead of a file (sha256 "
            f"{sha256(body).hexdigest()}). Open the address in a browser to see why.",
        )
