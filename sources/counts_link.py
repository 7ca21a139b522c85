"""A file of counts behind an address: fetched from a host that the user has named, then a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

import httpx

from sources.base import today_utc
from sources.counts_file import CountsFile
from sources.excel import SUFFIXES, require_own_suffix
from sources.http import FetchLimits, fetch, network
from talentcast.domain.errors import UsageError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.types import Vintage

_KNOWN_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", *SUFFIXES)


@dataclass(frozen=True, slots=True)
class CountsLink:
    """One file of counts behind an HTTPS address.

    Attributes:
        address: Where the file is, without what comes after a `?`: no message or store holds that.
        query: What came after the `?`, which may be a token.
        read_as: How the file is read.
        hosts: Hosts that may answer, redirects included.
        transport: Stands in for the network.
        today: Tells the day, for a server that does not say when the file was changed.
    """

    address: str
    query: bytes = field(repr=False)
    read_as: CountsFile
    hosts: Collection[str]
    transport: httpx.AsyncBaseTransport | None = None
    today: Callable[[], date] = today_utc
    name: str = "file"
    licence: str = "as stated by the giver of the file"

    @classmethod
    def of(cls, text: str, read_as: CountsFile, *, hosts: Collection[str]) -> CountsLink:
        """Return the source behind an address; a sheet of a workbook may follow a `#`.

        Raises:
            UsageError: If the text is no address of a file.
        """
        # Nothing of the text is quoted but its host: the rest may hold a password or a token.
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL:
            raise UsageError(
                "A source that begins with https:// is no address. Check it."
            ) from None
        name = unquote(url.path.rpartition("/")[2])
        if not url.host or url.userinfo or not name.lower().endswith(_KNOWN_SUFFIXES):
            raise UsageError(
                "The address of a source is https://HOST/PATH without a user, and its path ends in "
                f"{', '.join(_KNOWN_SUFFIXES)}. Download the file and pass it otherwise; for "
                "the built-in sources see: talentcast sources list"
            )
        sheet = unquote(url.fragment) or None
        bare = str(url.copy_with(query=None, fragment=None))
        return cls(bare, url.query, replace(read_as, path=Path(name), sheet=sheet), tuple(hosts))

    @property
    def title(self) -> str:
        """One line for a reader."""
        return f"{self.read_as.title}, fetched"

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.address

    def download(self) -> list[RawFile]:
        """Fetch the file; errors as `fetch` and `require_own_suffix`.

        Raises:
            UsageError: If nobody has named the host.
        """
        self._require_named_host()
        limits = FetchLimits(self.hosts, max_bytes=self.read_as.max_bytes)
        transport = self.transport
        if self.query:
            transport = _WithQuery(self.query, httpx.URL(self.address), transport)
        answer = fetch(self.address, limits, transport=transport)
        name = self.read_as.path.name
        require_own_suffix(answer.content, name)
        vintage = self.read_as.vintage or _changed(answer.headers) or Vintage(self.today())
        return [RawFile(name, answer.content, self.name, self.url, self.licence, vintage)]

    def parse(self, files: Sequence[RawFile]) -> ParsedCounts:
        """Read the file as one on the disk."""
        return self.read_as.parse(files)

    def _require_named_host(self) -> None:
        host = httpx.URL(self.address).host
        if host not in self.hosts:
            raise UsageError(
                f"{host} is not among the hosts that files may be fetched from. If you trust it, "
                f"set TALENTCAST_SOURCE_HOSTS={','.join([*self.hosts, host])}. Or: Download "
                "the file and pass its path."
            )


class _WithQuery(httpx.AsyncBaseTransport):
    """Adds the query to the first address, and to no other that it leads to."""

    def __init__(
        self, query: bytes, address: httpx.URL, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._query, self._address = query, address
        self._network = transport or network(address)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url == self._address:
            request = httpx.Request(
                request.method,
                request.url.copy_with(query=self._query),
                headers=request.headers,
                extensions=request.extensions,
            )
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


def _changed(headers: Mapping[str, str]) -> Vintage | None:
    """Return the day on which a server says that the file was changed (RFC 9110, section 8.8.2)."""
    try:
        return Vintage(parsedate_to_datetime(headers["last-modified"]).astimezone(UTC).date())
    except (KeyError, ValueError, OverflowError):
        return None
