"""One call to OpenAlex: the answer as it came, or an error that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from sources.http import Answer, FetchLimits, fetch, network
from sources.openalex.access import Access, Budget
from talentcast.domain.errors import (
    ConfigurationError,
    GaveUpError,
    LimitReachedError,
    RefusedError,
    SourceUnavailableError,
    TalentcastError,
    UsageError,
)


@dataclass(frozen=True, slots=True)
class Client:
    """Asks for works, one page a call."""

    access: Access
    budget: Budget

    def works(self, parameters: Mapping[str, str]) -> bytes:
        """Return one page of works or of groups of works, byte for byte.

        Raises:
            LimitReachedError: If the budget of the day is used up, or the call could cost more
                than the user wants to spend.
            ConfigurationError: If the key or the address is refused.
            UsageError: If the query is refused.
            SourceUnavailableError: If there is no answer within the limits.
        """
        if self.budget.is_day_spent:
            raise _day_limit(None)
        try:
            answer = self._asked(self.address(parameters), self.access.limits())
        except RefusedError as error:
            raise _refused(error.status, has_key=self.access.key is not None) from None
        return answer.content

    def work(self, work: str, fields: str) -> bytes | None:
        """Return one work, which costs nothing, or None if it is not there any more.

        Raises:
            As `works`.
        """
        url = (
            f"{self.access.url.rstrip('/')}/works/{work}?{urlencode({'select': fields}, safe=',')}"
        )
        # A work that was merged with another is found under its new address.
        limits = replace(self.access.limits(), max_redirects=2)
        try:
            answer = self._asked(url, limits, is_free=True)
        except RefusedError as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return None
            raise _refused(error.status, has_key=self.access.key is not None) from None
        return answer.content

    def address(self, parameters: Mapping[str, str]) -> str:
        """Return the address of a query, without who asks."""
        return f"{self.access.url.rstrip('/')}/works?{urlencode(parameters, safe=':|,*')}"

    def _asked(self, url: str, limits: FetchLimits, *, is_free: bool = False) -> Answer:
        price = 0.0 if is_free else self.budget.price_usd
        try:
            answer = fetch(
                url,
                limits,
                transport=_Signed(network(httpx.URL(url)), self.access),
                before_attempt=partial(self.budget.before_call, price),
            )
        except RefusedError:
            raise
        except GaveUpError as error:
            raise _gave_up(error) from None
        except SourceUnavailableError as error:
            error.may_pass_soon = False
            raise
        self.budget.reconcile(answer.headers, price)
        return answer


class _Signed(httpx.AsyncBaseTransport):
    """Adds who asks on the way out, where no log and no message sees it."""

    def __init__(self, network: httpx.AsyncBaseTransport, access: Access) -> None:
        self._network, self._access = network, access

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        for name, value in (("mailto", self._access.mailto), ("api_key", self._access.key)):
            if value:
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                url = url.copy_set_param(name, plain)
        signed = httpx.Request(
            request.method,
            url,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._network.handle_async_request(signed)

    async def aclose(self) -> None:
        await self._network.aclose()


def _refused(status: int, *, has_key: bool) -> TalentcastError:
    if status == HTTPStatus.UNAUTHORIZED:
        problem = "does not accept the key in" if has_key else "wants a key in"
        return ConfigurationError(
            f"OpenAlex {problem} TALENTCAST_OPENALEX_KEY (status 401). Copy yours from "
            "openalex.org/settings/api."
        )
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return _day_limit(None)
    if status == HTTPStatus.NOT_FOUND:
        return ConfigurationError(
            "There is no list of works at the address in TALENTCAST_OPENALEX_URL (status 404)."
        )
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        return UsageError(
            f"OpenAlex does not understand the query (status {status}). "
            "Check the filter in the file of the population."
        )
    return RefusedError(status, f"OpenAlex answered with status {status}; what came is kept.")


def _gave_up(error: GaveUpError) -> SourceUnavailableError:
    if not error.may_pass_soon:
        return _day_limit(error.pause_seconds)
    # Nobody tries again for the user: a second try would have a second budget.
    return GaveUpError(
        f"{error.code}: OpenAlex: {error.problem}. What came before is kept: run again to go on "
        "from there.",
        code=error.code,
        problem=error.problem,
        pause_seconds=error.pause_seconds,
        may_pass_soon=False,
    )


def _day_limit(pause_seconds: float | None) -> LimitReachedError:
    now = datetime.now(UTC)
    again = _next_midnight(now) if pause_seconds is None else now + _seconds(pause_seconds)
    return LimitReachedError(
        f"RATE_LIMIT: OpenAlex answers again from {again:%Y-%m-%d %H:%M} UTC: the budget of the "
        "day is used up. What came is kept: run again then to go on from there. A free key "
        "(TALENTCAST_OPENALEX_KEY) has a larger budget."
    )


def _next_midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _seconds(seconds: float) -> timedelta:
    # A server may name any number; a date ends somewhere.
    return timedelta(seconds=min(seconds, 10 * 365 * 86_400))
