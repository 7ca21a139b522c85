"""How OpenAlex is reached, and what may be spent on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

import httpx
from pydantic import SecretStr

from sources.http import RETRIED_STATUS, FetchLimits
from talentcast.domain.errors import ConfigurationError, LimitReachedError

PUBLIC_URL: Final = "https://api.openalex.org"
#: What one list or one page of groups costs, in US dollars, until the server states another price.
PRICE_USD: Final = 0.0001
#: Shares of a cent are summed; what is left of rounding is no money.
_ROUNDING_USD: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Access:
    """Where OpenAlex answers, and who asks.

    Attributes:
        key: Key of the user; no address, message or file may hold it.
        mailto: Where the provider can reach the user.
        max_cost_usd: What one run may spend.
    """

    url: str = PUBLIC_URL
    key: SecretStr | None = None
    mailto: str | None = None
    max_cost_usd: float = 0.10

    def limits(self) -> FetchLimits:
        """Return the bounds of one call.

        Raises:
            ConfigurationError: If the address may not be used.
        """
        address = _address(self.url)
        return FetchLimits(
            hosts=(address.host,),
            max_bytes=20_000_000,
            attempts=8,
            patience_seconds=60.0,
            scheme="http" if address.scheme == "http" else "https",
            # One page of the documentation calls a rate that is too high 403, another 429.
            retried_status=RETRIED_STATUS | {403},
            # A redirect would be a call that nobody counted, and could repeat the key.
            max_redirects=0,
        )


@dataclass(slots=True)
class Budget:
    """What a run has spent, and how much is left; one for all populations of a run.

    Attributes:
        price_usd: Highest price seen for one call; the next may cost as much.
    """

    max_cost_usd: float
    spent_usd: float = 0.0
    calls: int = 0
    price_usd: float = PRICE_USD
    left_today_usd: float | None = field(default=None)

    def before_call(self, price_usd: float) -> None:
        """Count one call, before it is made.

        Args:
            price_usd: What it may cost; nothing for a single work.

        Raises:
            LimitReachedError: If it could cost more than is left.
        """
        if self.spent_usd + price_usd > self.max_cost_usd + _ROUNDING_USD:
            raise LimitReachedError(
                f"COST_LIMIT: {self.calls} calls to OpenAlex have cost ${self.spent_usd:.4f}; one "
                f"more could pass the limit of ${self.max_cost_usd:g}. What came is kept: run "
                "again to go on from there, or raise TALENTCAST_OPENALEX_MAX_COST.",
                parameters=("max_cost",),
            )
        self.spent_usd += price_usd
        self.calls += 1

    def reconcile(self, headers: Mapping[str, str], price_usd: float) -> None:
        """Take in what the server says the last call cost, and what is left of the day.

        Args:
            headers: Of the answer.
            price_usd: What the call was taken to cost.
        """
        cost = _dollars(headers, "x-ratelimit-cost-usd")
        if cost is not None:
            self.spent_usd += cost - price_usd
            self.price_usd = max(self.price_usd, cost)
        left = _dollars(headers, "x-ratelimit-remaining-usd")
        prepaid = _dollars(headers, "x-ratelimit-prepaid-remaining-usd") or 0.0
        if left is not None:
            self.left_today_usd = left + prepaid
        elif (credits := _dollars(headers, "x-ratelimit-remaining")) is not None:
            self.left_today_usd = credits * PRICE_USD + prepaid

    @property
    def is_day_spent(self) -> bool:
        """Whether the server would refuse another call today."""
        return self.left_today_usd is not None and self.left_today_usd + _ROUNDING_USD < PRICE_USD


def _address(text: str) -> httpx.URL:
    """Return an address that may be used: HTTPS, or plain HTTP on this machine."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("https", "http") or not url.host or url.query or url.userinfo:
        raise ConfigurationError(
            "TALENTCAST_OPENALEX_URL is no address. Write it like https://api.openalex.org"
        )
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ConfigurationError(
            f"TALENTCAST_OPENALEX_URL: plain http to {url.host} could be read and changed on the "
            "way. Use https; http is for a server on this machine."
        )
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _dollars(headers: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(headers[name].lstrip("$"))
    except (KeyError, ValueError):
        return None
    return value if 0 <= value < float("inf") else None
