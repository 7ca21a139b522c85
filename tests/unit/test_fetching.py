"""A download is bounded in hosts, bytes, time and tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
import stamina

from talentcast.domain.errors import SourceUnavailableError
from talentcast.sources.http import FetchLimits, fetch_bytes

URL = "https://data.example/file.csv"
LIMITS = FetchLimits(hosts=("data.example", "mirror.example"), max_bytes=1000, attempts=3)


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3):
        yield


def fetch(
    handler: Callable[[httpx.Request], httpx.Response], limits: FetchLimits = LIMITS
) -> bytes:
    return fetch_bytes(URL, limits, transport=httpx.MockTransport(handler))


def test_a_body_is_returned_byte_for_byte() -> None:
    assert fetch(lambda _: httpx.Response(200, content=b"a,b\r\n")) == b"a,b\r\n"


def test_a_passing_failure_is_tried_again() -> None:
    answers = iter([503, 429, 200])
    assert fetch(lambda _: httpx.Response(next(answers), content=b"x")) == b"x"


def test_a_lasting_failure_ends_after_the_last_try() -> None:
    tries: list[int] = []

    def down(_: httpx.Request) -> httpx.Response:
        tries.append(1)
        return httpx.Response(500)

    with pytest.raises(SourceUnavailableError, match="status 500"):
        fetch(down)
    assert len(tries) == 3


def test_a_missing_file_is_not_tried_again() -> None:
    tries: list[int] = []

    def gone(_: httpx.Request) -> httpx.Response:
        tries.append(1)
        return httpx.Response(404)

    with pytest.raises(SourceUnavailableError, match="404"):
        fetch(gone)
    assert len(tries) == 1


def test_a_broken_connection_is_source_unavailable() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(SourceUnavailableError, match="ConnectError"):
        fetch(refuse)


def redirect_to(address: str) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url == URL:
            return httpx.Response(302, headers={"location": address})
        return httpx.Response(200, content=str(request.url).encode())

    return answer


def test_a_redirect_to_a_named_host_is_followed() -> None:
    assert fetch(redirect_to("https://mirror.example/f")) == b"https://mirror.example/f"


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest", "https://other.example/f", "http://data.example/f"],
)
def test_a_redirect_elsewhere_is_not_followed(address: str) -> None:
    with pytest.raises(SourceUnavailableError, match="not among the hosts"):
        fetch(redirect_to(address))


def test_endless_redirects_end() -> None:
    with pytest.raises(SourceUnavailableError, match="redirects more than"):
        fetch(lambda _: httpx.Response(302, headers={"location": URL}))


def test_a_body_above_the_limit_is_cut_off() -> None:
    with pytest.raises(SourceUnavailableError, match="more than 1000 bytes"):
        fetch(lambda _: httpx.Response(200, content=b"x" * 1001))


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    limits = FetchLimits(hosts=("data.example",), deadline_seconds=-1, attempts=1)
    with pytest.raises(SourceUnavailableError, match="not done after"):
        fetch(lambda _: httpx.Response(200, content=b"x"), limits)
