"""Fetching a file over HTTPS: bounded in time and size, and only from hosts that were named."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx
import stamina

from talentcast.domain.errors import SourceUnavailableError

_MAX_REDIRECTS: Final = 5
_RETRIED_STATUS: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How far a download may go.

    Attributes:
        hosts: Hosts that may answer, redirects included.
        max_bytes: Larger answers are refused.
        deadline_seconds: For one attempt from first to last byte, however slowly they come.
        attempts: Tries in all when the network or the server fails.
    """

    hosts: Collection[str]
    max_bytes: int = 50_000_000
    deadline_seconds: float = 60.0
    attempts: int = 4


class _PassingFailureError(Exception):
    """The server or the network failed in a way that a later try may not."""


def fetch_bytes(
    url: str, limits: FetchLimits, *, transport: httpx.BaseTransport | None = None
) -> bytes:
    """Return the body behind an HTTPS address.

    Args:
        url: Address; its host must be one of `limits.hosts`.
        limits: Bounds in hosts, bytes, time and tries.
        transport: Stands in for the network in tests.

    Raises:
        SourceUnavailableError: If the address does not answer within the limits.
    """
    try:
        for attempt in stamina.retry_context(on=_PassingFailureError, attempts=limits.attempts):
            with (
                attempt,
                httpx.Client(timeout=limits.deadline_seconds, transport=transport) as client,
            ):
                return _fetch_once(client, url, limits)
    except _PassingFailureError as error:
        raise SourceUnavailableError(
            f"{url}: {error}, after {limits.attempts} tries. Try again later, or read a local copy."
        ) from None
    raise AssertionError("a retry context ends in a return or an exception")


def _fetch_once(client: httpx.Client, url: str, limits: FetchLimits) -> bytes:
    deadline = time.monotonic() + limits.deadline_seconds
    target = httpx.URL(url)
    for _ in range(_MAX_REDIRECTS + 1):
        _require_allowed(target, limits)
        try:
            with client.stream("GET", target) as response:
                if response.next_request is None:
                    return _body(response, limits, deadline)
                target = response.next_request.url
        except httpx.TransportError as error:
            raise _PassingFailureError(type(error).__name__) from None
    raise SourceUnavailableError(f"{url} redirects more than {_MAX_REDIRECTS} times.")


def _require_allowed(target: httpx.URL, limits: FetchLimits) -> None:
    if target.scheme != "https" or target.host not in limits.hosts:
        raise SourceUnavailableError(
            f"{target.scheme}://{target.host} is not among the hosts of this source "
            f"({', '.join(sorted(limits.hosts))}); nothing was fetched from it."
        )


def _body(response: httpx.Response, limits: FetchLimits, deadline: float) -> bytes:
    if response.status_code in _RETRIED_STATUS:
        raise _PassingFailureError(f"status {response.status_code}")
    if response.status_code != HTTPStatus.OK:
        raise SourceUnavailableError(
            f"{response.url} answered with status {response.status_code}. Has the file moved?"
        )
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > limits.max_bytes:
            raise SourceUnavailableError(
                f"{response.url} sends more than {limits.max_bytes} bytes; it was cut off."
            )
        if time.monotonic() > deadline:
            raise _PassingFailureError(f"not done after {limits.deadline_seconds:.0f} s")
    return bytes(body)
